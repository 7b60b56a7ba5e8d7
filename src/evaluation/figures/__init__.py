"""Figures and what they say in words.

In: cleared rows of the ledger, or a result of a public function.
Out: matplotlib figures and axes in one look, and their text alternatives.
Not here: nothing is estimated.
"""
