"""How Sphinx builds the documentation from the pages that `assemble.py` puts together."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE)]

import poster_analysis

project = "poster_analysis"
version = release = poster_analysis.__version__
html_title = "poster_analysis"

root_doc = "index"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "mathml",
]

nb_execution_mode = "off"
nb_merge_streams = True
nb_code_prompt_show = "Show code"
nb_code_prompt_hide = "Hide code"
myst_enable_extensions = ["amsmath", "attrs_block", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
highlight_language = "none"
add_module_names = False
html_math_renderer = "mathml"
viewcode_follow_imported_members = False

autodoc_member_order = "bysource"
autodoc_typehints = "none"
suppress_warnings = ["ref.python"]  # a word in a docstring that is the name of several things
autodoc_default_options = {"exclude-members": "set"}  # matplotlib writes one into each figure class
napoleon_google_docstring = False

html_theme = "pydata_sphinx_theme"
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "header_links_before_dropdown": 7,
    "show_prev_next": True,
    "show_nav_level": 1,
    "footer_start": [],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
}
html_context = {"default_mode": "auto"}
html_sidebars = {"**": ["sidebar-nav-bs"], "index": [], "gallery": [], "numbers": []}
html_static_path = [
    str(ROOT / "poster_analysis" / "assets" / "site.css"),
    str(ROOT / "poster_analysis" / "assets" / "site.js"),
    str(HERE / "documentation.css"),
]
html_css_files = ["site.css", "documentation.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
html_show_search_summary = False


def _is_named_field(_app, _what, _name, member, _skip, _options):
    """Leave the fields of named tuples out, which the docstring of their class lists already."""
    return True if type(member).__name__ == "_tuplegetter" else None


def setup(app):
    """Connect what is left out."""
    app.connect("autodoc-skip-member", _is_named_field)
