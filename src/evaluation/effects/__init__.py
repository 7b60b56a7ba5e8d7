"""Effects with one influence value per episode.

In: a frame of episodes of both arms and periods with outcomes and covariates.
Out: estimates, influence values, changes by municipality.
Not here: no interval for few municipalities (see inference), no judgement (see diagnostics).
"""
