"""Faces, titles that fill their place, the billing block."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poster_analysis.drawing.lettering import (
    FONTS,
    Face,
    _edges,
    arched,
    kern,
    measure,
    set_billing,
    set_line,
    set_title,
    slanted,
    swollen,
    worn,
)
from poster_analysis.drawing.painting import SCALE

WORDS = st.lists(
    st.text(alphabet="abcdefghijklmnopqrstuvwxyzéüñßÅ'!&", min_size=1, max_size=12),
    min_size=1,
    max_size=6,
).map(" ".join)


@given(
    WORDS,
    st.sampled_from(sorted(FONTS)),
    st.floats(30, 280),
    st.floats(12, 200),
    st.booleans(),
    st.sampled_from(["left", "centre", "right"]),
)
@settings(max_examples=60, deadline=None)
def test_a_title_never_leaves_its_place(text, font, width, height, justified, align):
    face = Face(font, tracking=0.1, bounce=0.04 if justified else 0)
    mask = set_title(text, face, width=width, height=height, justified=justified, align=align)
    assert mask.width <= width * SCALE
    assert mask.height <= height * SCALE
    assert mask.getbbox() is not None


def test_a_title_uses_the_place_it_has():
    face = Face("anton")
    for width, height in ((250, 40), (110, 160), (60, 60), (280, 20)):
        mask = set_title("The Last Outlaw", face, width=width, height=height)
        filled = max(mask.width / width, mask.height / height) / SCALE
        assert filled > 0.93


def test_small_words_between_justified_lines_are_small():
    mask = np.asarray(
        set_title("Kings of Avalon", Face("slab"), width=120, height=120, justified=True)
    )
    rows = np.flatnonzero(np.diff(np.r_[0, mask.any(axis=1), 0]))
    heights = np.diff(rows)[::2]
    assert len(heights) in (2, 3)
    if len(heights) == 3:
        assert heights[1] < 0.6 * min(heights[0], heights[2])


@pytest.mark.parametrize("font", ["abril", "anton", "cinzel", "jost", "righteous", "slab"])
def test_letters_are_never_moved_into_each_other(font):
    face = Face(font)
    for before in "AFJLOPRTVWY":
        for after in "AJOTVWY":
            _, right = _edges(face, before)
            left, _ = _edges(face, after)
            assert (right + left).min() + kern(face, before, after) > 0, before + after


def test_kerning_closes_holes_and_only_holes():
    face = Face("jost", weight=500)
    assert kern(face, "H", "H") == pytest.approx(0)
    assert kern(face, "A", "V") < kern(face, "H", "N") - 0.02
    assert kern(Face("vibes"), "A", "V") == 0


def test_tracking_and_stretch_do_what_they_say():
    plain, wide = Face("jost", weight=400), Face("jost", weight=400, tracking=0.5)
    assert measure("ORBIT", wide) == pytest.approx(measure("ORBIT", plain) + 4 * 0.5)
    tall = set_line("ORBIT", Face("jost", weight=400, stretch=2), 60)
    normal = set_line("ORBIT", plain, 60)
    assert tall.mask.height == pytest.approx(2 * normal.mask.height, abs=2)
    assert tall.mask.width == normal.mask.width


def test_effects_keep_or_grow_the_letters():
    mask = set_title("Canyon", Face("slab"), width=100, height=40)
    ink = np.asarray(mask, float).sum()
    assert 0.4 * ink < np.asarray(worn(mask, np.random.default_rng(0)), float).sum() < 0.95 * ink
    assert np.asarray(swollen(mask, 1.5), float).sum() > 1.2 * ink
    assert slanted(mask, degrees=8).height > mask.height
    assert arched(mask).size == mask.size
    assert np.asarray(arched(mask, amount=-0.3), float).sum() < ink


def test_the_billing_block_stays_within_its_width():
    credits = [("directed by", f"Somebody Number {number}") for number in range(9)]
    for width in (90, 180, 260):
        block = set_billing(credits, width=width)
        assert block.width == width * SCALE
        columns = np.asarray(block).any(axis=0)
        assert columns.any()
        assert not columns[0]
        assert not columns[-1]
