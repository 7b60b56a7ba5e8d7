"""All areas together.

In: estimates of areas with their errors.
Out: mean, spread, prediction, shrunken estimates, possible ranks, funnel.
Not here: no league table.
"""
