"""Code can be read on every page: its colours stand out from the shade behind it, in light and in dark."""

import re
from pathlib import Path

import pytest
from pygments.formatters import HtmlFormatter

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "poster_analysis"
LIGHT, DARK = "#f1f0ec", "#202026"  # the shade of report.css


def brightness(colour):
    """The relative luminance of a colour, as WCAG has it."""
    digits = colour.lstrip("#")
    digits = "".join(2 * one for one in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    """How far two colours stand apart: 1 to 21."""
    low, high = sorted(map(brightness, (one, other)))
    return (high + 0.05) / (low + 0.05)


def weak(style, ground):
    """The kinds of words of a style that stand out too little; white space is not seen."""
    rules = HtmlFormatter(style=style).get_style_defs(".highlight")
    found = re.findall(r"\.highlight \.(\w+) \{(?:[^}]*; )? ?color: (#[0-9a-fA-F]{3,6})", rules)
    assert len(found) > 20
    return [kind for kind, colour in found if kind != "w" and contrast(colour, ground) < 4.5]


def test_the_shades_are_those_of_the_style_sheet():
    style = (PACKAGE / "assets" / "report.css").read_text(encoding="utf-8")
    assert re.findall(r"--shade: (#\w+)", style) == [LIGHT, DARK]


@pytest.mark.parametrize("path", ["poster_analysis/site/single_file.py", "poster_analysis/site/build.py", "docs/conf.py"])  # fmt: skip
def test_the_colours_of_code_stand_out_from_its_shade(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    styles = re.findall(r"style(?:\"?:|=) ?\"([\w-]+)\"", text)
    assert styles
    for style in styles:
        assert weak(style, DARK if "dark" in style else LIGHT) == [], style


def test_a_style_of_pale_colours_is_found_out():
    assert "c1" in weak("friendly", LIGHT)
