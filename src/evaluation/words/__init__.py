"""Numbers, names and sentences in three languages.

In: cleared rows and codes.
Out: text that follows from the numbers.
Not here: no number is made here.
"""
