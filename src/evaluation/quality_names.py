"""Names of the register tables and of the rules by which their rows were dropped or mended, for readers."""

from __future__ import annotations

from evaluation.language import mark

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
