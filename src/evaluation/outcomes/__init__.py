"""What happened to each episode.

In: spells, benefits, earnings and index dates.
Out: one row per episode with outcomes over months; cells by municipality and month; exits.
Not here: no comparison of arms: that is an effect.
"""
