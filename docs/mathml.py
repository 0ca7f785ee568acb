"""Formulas as MathML, which browsers draw themselves: the documentation needs no network."""

from latex2mathml.converter import convert


def setup(app):
    """Use MathML for inline formulas and for displayed ones."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def visit_inline(translator, node):
    """Write an inline formula."""
    _write(translator, node, "inline")


def visit_block(translator, node):
    """Write a displayed formula."""
    _write(translator, node, "block")


def _write(translator, node, display):
    from docutils.nodes import SkipNode

    translator.body.append(convert(node.astext(), display=display))
    raise SkipNode
