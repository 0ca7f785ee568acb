"""The figure of a verdict: tidy whatever the numbers, and nothing shown that was not found."""

import pytest
from tables_to_draw import assert_tidy, verdict, words_of

from poster_analysis.core.errors import InputError
from poster_analysis.figures.verdict import verdict_curves


@pytest.mark.parametrize("k", [range(2, 26), range(2, 5), [4], range(2, 41)])
@pytest.mark.parametrize("level", [0.02, 0.7])
def test_any_range_is_tidy(k, level):
    assert_tidy(
        verdict_curves(verdict(k=k, level=level), headline="A continuum: no number of groups")
    )


@pytest.mark.parametrize("levels", [[4], [3, 9]])
def test_levels_are_ringed_in_both_panels(levels):
    figure = verdict_curves(verdict(), headline="groups", levels=levels)
    assert_tidy(figure)
    for axes in figure.axes:
        rings = [line for line in axes.lines if line.get_markersize() == 11]
        assert rings and all(list(ring.get_xdata()) == levels for ring in rings)


@pytest.mark.parametrize("kinds", [(), ("copula",), ("gaussian", "copula")])
def test_null_models_that_were_not_drawn_are_not_shown(kinds):
    figure = verdict_curves(verdict(null_models=kinds), headline="nothing")
    names = [word for word in words_of(figure.axes[0]) if word.startswith("chance: ")]
    assert sorted(name.removeprefix("chance: ").lower() for name in names) == sorted(kinds)


def test_what_was_not_tried_is_no_level():
    with pytest.raises(InputError, match=r"is 40, which was not tried; .* k = 2 to 25"):
        verdict_curves(verdict(), headline="40 groups", levels=[40])
