"""What kernels need, loaded once by the process that they are forked from: see `warm_kernels`."""

from importlib import import_module

import matplotlib

from evaluation.figures.palette import look, panel, svg
from evaluation.reporting.page import environment
from evaluation.results import provenance
from evaluation.words import labels
from evaluation.words.language import CODES, get

for module in (
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "mistune",
    "pyarrow.dataset",
    "pyarrow.pandas_compat",
    "pyarrow.parquet",
    "rdrobust",
    "seaborn",
    "statsmodels.api",
    "tornado.platform.asyncio",
    "xlsxwriter",
    "zmq.utils.garbage",
    "evaluation.diagnostics.area",
    "evaluation.economics.area",
    "evaluation.inference.sensitivity",
    "evaluation.parameters",
    "evaluation.reporting.in_notebook",
    "evaluation.words.comments",
):
    import_module(module)
matplotlib.rcdefaults()  # not what a matplotlibrc of the user or of this folder says
provenance.code_version()  # of the code that was just loaded
provenance.packages()
labels.names()
for code in CODES:
    get(code).month("2000-01")  # with the data of its locale
for template in environment().list_templates(filter_func=lambda name: name.startswith("sections/")):
    environment().get_template(template)
with look():
    svg(panel(1.0)[0])  # finds the fonts
