"""Study × areas × notebooks × languages as tasks.

In: raw and processed files, notebooks, a study.
Out: tasks that run again only when something behind them changed; a release, whole or not at all.
Not here: no arithmetic.
"""
