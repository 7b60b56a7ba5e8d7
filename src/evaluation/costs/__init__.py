"""What each episode cost, and whom.

In: resource use, unit costs, the municipal share, a price year and a discount rate.
Out: euros per episode and payer.
Not here: no default price year or rate; missing area costs stay missing.
"""
