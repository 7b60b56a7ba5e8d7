"""The only reader of public statistics, and what they say.

In: saved or fetched tables of Statistics Finland and Kela.
Out: tidy frames by municipality and month; gaps and their changes with placebo areas.
Not here: no register data.
"""
