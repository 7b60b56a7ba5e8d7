"""Who is evaluated.

In: the canonical register and the rule of the target group.
Out: episodes with index date, arm, window and covariates; attrition; one comparison.
Not here: nothing after the index date is read.
"""
