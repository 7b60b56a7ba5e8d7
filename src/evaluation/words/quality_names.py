"""Names of register tables, of the rules that mended them, and of the checks of a comparison, for readers."""

from __future__ import annotations

from evaluation.words.language import mark

TABLE = {
    "persons": mark("Person register"),
    "residence": mark("Stays in municipalities"),
    "spells": mark("Spells in the labour market"),
    "benefits": mark("Benefit payments"),
    "earnings": mark("Earnings"),
    "area_costs": mark("Spending of the areas"),
}
MISSING = mark("a necessary value is missing")
RULE = {
    "rows_read": mark("rows read"),
    "rows_kept": mark("rows kept"),
    "exact_duplicate": mark("same row twice"),
    "repeated_person": mark("same person twice"),
    "repeated_start": mark("two rows start on the same day"),
    "repeated_item": mark("same item twice"),
    "placeholder_date": mark("placeholder in place of a date"),
    "placeholder_end": mark("placeholder in place of an end date"),
    "birth_after_window": mark("born after the period observed"),
    "unknown_municipality": mark("unknown municipality"),
    "unknown_area": mark("unknown area"),
    "unknown_person": mark("unknown person"),
    "joined_period": mark("payments of one period joined"),
    "joined_employers": mark("earnings from several employers joined"),
    "outside_window": mark("outside the period observed"),
    "starts_after_window": mark("starts after the period observed"),
    "reversed_interval": mark("ends before it starts"),
    "open_end": mark("open end closed at the end of the period observed"),
    "malformed_row": mark("row cannot be read"),
    "file_absent": mark("file not delivered"),
    "municipality_code_padded": mark("municipality code completed with zeros"),
    "unknown_start": mark("unknown start"),
    "unknown_service_code": mark("unknown service code"),
    "negative_amount": mark("negative amount"),
    "ends_after_window": mark("ends after the period observed"),
    "overlapping_residence": mark("overlapping stays cut at the later move"),
}
DIAGNOSTIC = {
    "pre_trend": mark("Same development before the trial"),
    "placebo_date": mark("A made-up earlier start shows a difference near zero"),
    "placebo_outcome": mark("An outcome that the trial cannot change stays the same"),
    "placebo_population": mark("People outside the target group stay the same"),
    "hidden_bias": mark("Unseen differences would have to be large"),
    "overlap": mark("Similar jobseekers are found in the comparison"),
    "balance": mark("Backgrounds are alike after weighting"),
    "clusters": mark("Enough comparison municipalities"),
}
REASON = {
    "pre_trend": mark("development before the trial differs"),
    "placebo_date": mark("a difference is seen already before the trial"),
    "placebo_outcome": mark("an outcome that the trial cannot change differs"),
    "placebo_population": mark("people outside the target group differ"),
    "hidden_bias": mark("a small unseen difference would overturn the result"),
    "overlap": mark("too few similar jobseekers in the comparison"),
    "balance": mark("backgrounds differ after weighting"),
    "clusters": mark("too few comparison municipalities"),
    "clusters_concern": mark("few comparison municipalities"),
}
# what the number beside a check is, where its name does not tell
CHECK_NUMBER = {
    "placebo_outcome": mark("age, years"),
    "overlap": mark("share of the pilot area without a counterpart"),
    "balance": mark("largest difference, standard deviations"),
    "clusters": mark("municipalities that the comparison amounts to"),
}
# areas of the trials with known truth; the item also says the shocks, which part is shared, and the method
TRIED = {
    "one_small": mark("One small municipality"),
    "five": mark("Five municipalities"),
    "twenty_two": mark("Twenty-two municipalities"),
}
