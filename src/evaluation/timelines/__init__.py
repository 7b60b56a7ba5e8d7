"""Interval arithmetic on integer days.

In: spells, amounts and windows as arrays of int32 days, half-open.
Out: islands, overlaps, one state a day, amounts and days per window, cells.
Not here: dates, data frames of persons, or what a state means to the reform.
"""
