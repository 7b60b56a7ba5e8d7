"""Figures, tables, sections and pages.

In: cleared rows and words.
Out: HTML, SVG and CSV.
Not here: nothing is estimated; nothing but cleared rows is read.
"""
