"""Figures of reduction: what their headlines say, and that any number of components is tidy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tables_to_draw import assert_tidy, components, convergence, variance, words_of

from poster_analysis.figures.reduction import (
    components_curve,
    convergence_curve,
    explained_variance,
)


@pytest.mark.parametrize("n", [1, 2, 9, 24, 50, 100, 101, 400, 4999])
@pytest.mark.parametrize("kept", [0.3, 0.57, 0.93, 0.999999, 1.0])
def test_any_number_of_principal_components_is_tidy(n, kept):
    assert_tidy(explained_variance(variance(n, kept)))


def test_components_that_explain_nothing_are_drawn_as_a_gap():
    table = variance(400, 1)
    table.loc[390:, "explained_variance_ratio"] = 0.0
    figure = explained_variance(table)
    assert_tidy(figure)
    assert np.isnan(figure.axes[0].lines[0].get_ydata()[390:]).all()


@pytest.mark.parametrize("n", [50, 4999])
def test_half_and_nine_tenths_of_the_variance_are_looked_up(n):
    table = variance(n, 1)
    words = words_of(explained_variance(table).axes[1])
    for share in (0.5, 0.9):
        first = table["component"][table["cumulative"] >= share].iloc[0]
        assert f"{100 * share:.0f}\u00a0% with {first:,}" in words


def test_headlines_of_variance():
    assert (
        explained_variance(variance(50, 0.43))
        .get_label()
        .startswith("50 components hold 43\u00a0%")
    )
    assert (
        explained_variance(variance(1, 0.2)).get_label()
        == "One component holds 20\u00a0% of the variance"
    )
    assert "over 99" in explained_variance(variance(50, 0.9999)).get_label()


@pytest.mark.parametrize("n", [1, 2, 12, 60])
def test_any_number_of_sizes_is_tidy(n):
    table = components("pca", range(100, 100 + n), np.linspace(0, -0.3, n), explained_variance=0.95)
    assert_tidy(components_curve(table))


@settings(max_examples=15)
@given(st.lists(st.floats(-1, 1), min_size=3, max_size=3))
def test_any_silhouettes_are_tidy(silhouette):
    assert_tidy(components_curve(components(silhouette=silhouette)))


@pytest.mark.parametrize(
    ("silhouette", "title"),
    [
        ([0.3, 0.2, 0.1], "Silhouette falls from 0.300 with 10 components to 0.100 with 200"),
        ([0.1, 0.3, 0.2], "Silhouette is highest with 50 components (0.300)"),
        (
            [0.1, 0.2, 0.3],
            "Silhouette is highest with 200 components, the most that were tried (0.300)",
        ),
    ],
)
def test_a_headline_says_whether_components_help(silhouette, title):
    assert components_curve(components(silhouette=silhouette)).get_label() == title


@pytest.mark.parametrize("n", [1, 2, 12, 85, 600])
@pytest.mark.parametrize("scale", [1e-4, 1, 1e4])
def test_any_convergence_is_tidy(n, scale):
    figure = convergence_curve(convergence(n, scale))
    assert_tidy(figure)
    assert all(float(tick).is_integer() for tick in figure.axes[0].get_xticks())


def test_a_headline_says_whether_the_error_still_falls():
    table = convergence(85)
    error = table["reconstruction_error"]
    title = convergence_curve(table).get_label().replace("\u00a0", " ")
    assert (
        title == "The error of NMF falls by 8.6 % in 85 iterations, by under 0.0001 % in the last 5"
    )
    steep = convergence_curve(convergence(12)).get_label().replace("\u00a0", " ")
    last = 1 - error[11] / error[6]
    assert steep.endswith(f"in 12 iterations, by {100 * last:.2g} % in the last 5")
    rising = table.assign(reconstruction_error=error.to_numpy()[::-1])
    assert "falls" not in convergence_curve(rising).get_label()
    assert convergence_curve(convergence(1)).get_label().endswith("after 1 iteration")
    assert "the last" not in convergence_curve(convergence(8)).get_label()
