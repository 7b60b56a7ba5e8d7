"""Cost and effect together.

In: changes of cost and effect from one design, with their joint covariance.
Out: plane, Fieller sets, net benefit, acceptability, break-even values, public funds.
Not here: cost and effect are never estimated apart.
"""
