"""A register with known effects.

In: real sizes of areas, set effects, shocks, a seed.
Out: raw files as a delivery would bring them, and the truth behind them.
Not here: no estimator: the simulator knows the truth, the rest of the library must not.
"""
