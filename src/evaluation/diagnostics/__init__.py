"""Is the comparison fair?

In: the comparison, its weights, events before the start, controls.
Out: checks with four states and one verdict.
Not here: a check that was not run never counts as passed.
"""
