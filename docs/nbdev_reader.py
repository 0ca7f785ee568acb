"""Read a notebook of ``nbs/`` for the documentation, as the website reads a report."""

import nbformat

from poster_analysis.site.notebooks import without_directives


def read(text, **_):
    """The notebook as readers should see it (called by MyST-NB)."""
    return without_directives(nbformat.reads(text, as_version=4))
