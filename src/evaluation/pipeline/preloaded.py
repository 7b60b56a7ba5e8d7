"""What kernels need, loaded once by the process that they are forked from: see `warm_kernels`."""

from importlib import import_module

from evaluation.figures.palette import look, panel, svg
from evaluation.reporting.page import environment
from evaluation.words import labels
from evaluation.words.language import CODES, get

for module in (
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "mistune",
    "pyarrow.parquet",
    "rdrobust",
    "seaborn",
    "statsmodels.api",
    "xlsxwriter",
    "evaluation.diagnostics.area",
    "evaluation.economics.area",
    "evaluation.inference.sensitivity",
    "evaluation.reporting.in_notebook",
    "evaluation.words.comments",
):
    import_module(module)
labels.names()
for code in CODES:
    get(code)
for template in environment().list_templates(filter_func=lambda name: name.startswith("sections/")):
    environment().get_template(template)
with look():
    svg(panel(1.0)[0])  # finds the fonts
