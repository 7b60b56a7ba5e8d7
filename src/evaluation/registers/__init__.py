"""The canonical register: what rules drop and mend in parsed deliveries, and the reference tables.

In: parsed columns of a delivery.
Out: canonical tables (see schemas) as Parquet and a table of what was dropped or mended, by rule.
Not here: how a file is written; no outcome, cost or cohort is made here.
"""
