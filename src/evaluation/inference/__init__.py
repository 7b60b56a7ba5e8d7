"""Intervals that hold for one municipality as for many.

In: changes by municipality with their covariance.
Out: intervals, p-values and families of tests; effects under other designs.
Not here: nothing is estimated again.
"""
