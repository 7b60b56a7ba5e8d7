"""The one long ledger, its clearing, and the audit that attacks what is cleared.

In: rows of the analyses of areas.
Out: cleared rows, the only thing that reports may read; findings of the audit; provenance.
Not here: nothing is estimated or worded here.
"""
