"""The one long ledger and its clearing.

In: rows of the analyses of areas.
Out: cleared rows, the only thing that reports may read; provenance.
Not here: nothing is estimated or worded here.
"""
