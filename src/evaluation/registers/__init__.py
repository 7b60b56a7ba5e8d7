"""The only reader of deliveries and of the reference tables.

In: raw files as delivered and their layout.toml.
Out: canonical tables (see schemas) as Parquet and a table of what was dropped or mended, by rule.
Not here: raw files are never changed; no outcome, cost or cohort is made here.
"""
