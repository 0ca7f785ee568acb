"""The documentation: every notebook of nbs/ as a chapter, and the functions of every module."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE)]

import nbformat

import poster_analysis

project = "poster_analysis"
version = release = poster_analysis.__version__
html_title = "poster_analysis"

root_doc = "docs/index"
include_patterns = ["docs/*.md", "nbs/**/*.ipynb"]
exclude_patterns = ["**/.ipynb_checkpoints", "**/_*"]
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "mathml",
]

nb_execution_mode = "off"
nb_custom_formats = {".ipynb": ["nbdev_reader.read", {}, False]}
nb_merge_streams = True
myst_enable_extensions = ["dollarmath", "amsmath"]
html_math_renderer = "mathml"

autodoc_member_order = "bysource"
autodoc_typehints = "none"
suppress_warnings = ["ref.python"]  # a word in a docstring that is the name of several things
autodoc_default_options = {"exclude-members": "set"}  # matplotlib writes one into each figure class
napoleon_google_docstring = False

html_theme = "pydata_sphinx_theme"
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "show_prev_next": True,
    "footer_start": [],
    "footer_end": [],
    "pygments_light_style": "friendly",
}
html_context = {"default_mode": "auto"}
html_sidebars = {"**": ["sidebar-nav-bs"], "docs/index": []}
html_static_path = [
    str(ROOT / "poster_analysis" / "assets" / name) for name in ("site.css", "site.js")
]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
html_show_search_summary = False


NOTEBOOKS = sorted((ROOT / "nbs").rglob("[!.]*.ipynb"))


def chapters():
    """A line for every notebook: its title, and the sentence below it."""
    for path in NOTEBOOKS:
        opening = nbformat.read(path, as_version=4).cells[0].source
        title, _, sentence = opening.removeprefix("# ").partition("\n\n> ")
        yield f"1. [{title}](/{path.relative_to(ROOT).as_posix()}): {' '.join(sentence.split())}"


def functions():
    """A section for every module that was exported from a notebook."""
    for path in NOTEBOOKS:
        folder = path.relative_to(ROOT / "nbs").parent
        module = folder / (path.stem.partition("_")[2] if path.stem[:2].isdigit() else path.stem)
        name = ".".join(module.parts)
        if (ROOT / "poster_analysis" / f"{module}.py").is_file():
            directive = f".. automodule:: poster_analysis.{name}\n   :members:"
            yield f"## {name}\n\n```{{eval-rst}}\n{directive}\n```\n"


def write_lists(app, docname, source):
    """Write the list of chapters and that of functions where their pages say so."""
    source[0] = source[0].replace("<!-- chapters -->", "\n".join(chapters()))
    source[0] = source[0].replace("<!-- modules -->", "\n".join(functions()))


def setup(app):
    """Fill the lists when their pages are read."""
    app.connect("source-read", write_lists)
