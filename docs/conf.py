"""How the documentation site is built: ``make docs`` (sphinx-build -c docs . site/html)."""

import sys
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parents[1]))
from docs import write_api

project = "Municipal employment trials"
html_title = project
root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    "notebooks/tutorial.ipynb",
    "notebooks/how_to/*.ipynb",
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "benchmarks/README.md"),
]
extensions = ["myst_nb", "numpydoc", "sphinx.ext.autodoc"]
html_theme = "alabaster"
html_theme_options = {"page_width": "1100px", "fixed_sidebar": True}
html_copy_source = html_show_sphinx = html_show_copyright = False

myst_heading_anchors = 4
nb_execution_mode = "force"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
numpydoc_show_class_members = False
autodoc_typehints = "none"  # the docstrings tell columns and units, which types do not


def _reference(app: Sphinx, name: str, source: list[str]) -> None:
    """Fill the page of public functions from the functions themselves."""
    if name == "docs/reference":
        source[0] += write_api.reference()


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _reference)
