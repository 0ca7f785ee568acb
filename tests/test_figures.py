"""Charts: what their headlines say, what they refuse, and that nothing on them collides or is cut off."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poster_analysis.canvas import figure_bytes
from poster_analysis.errors import InputError
from poster_analysis.figures import (
    cluster_sizes,
    components_curve,
    explained_variance,
    inertia_curve,
    silhouette_comparison,
    silhouette_curve,
)


def sweep(space="pca", k=range(5, 26), level=0.05, **columns):
    k = np.array(k)
    table = {
        "space": space,
        "k": k,
        "inertia": 4000.0 - 20 * k,
        "silhouette": level - 0.001 * k * level,
        "silhouette_original": level / 5,
        "silhouette_chance": level / 2,
        "silhouette_chance_low": level / 2.1,
        "silhouette_chance_high": level / 1.9,
    }
    return pd.DataFrame(table | columns)


def components(space="nmf", numbers=(10, 50, 200), silhouette=(0.1, 0.2, 0.15), **columns):
    return pd.DataFrame(
        {"space": space, "n_components": list(numbers), "silhouette": list(silhouette)} | columns
    )


def variance(n=50):
    ratio = 0.9 ** np.arange(n) / 20
    names = "component", "explained_variance_ratio", "cumulative"
    return pd.DataFrame(dict(zip(names, (np.arange(1, n + 1), ratio, ratio.cumsum()), strict=True)))


def clusters(sizes):
    return pd.DataFrame({"cluster": np.repeat(np.arange(len(sizes)), sizes)})


CHARTS = {
    "inertia": (inertia_curve, sweep()),
    "silhouette": (silhouette_curve, sweep()),
    "comparison": (silhouette_comparison, pd.concat([sweep("raw", level=0.004), sweep("nmf")])),
    "sizes": (cluster_sizes, clusters([5, 900, 61])),
    "variance": (explained_variance, variance()),
    "components": (components_curve, components()),
}
charts = pytest.mark.parametrize(("draw", "table"), CHARTS.values(), ids=CHARTS)


def boxes(figure):
    """Where each text stands, in pixels."""
    figure.draw_without_rendering()
    texts = list(figure.texts)
    for axes in figure.axes:
        texts += [*axes.texts, axes.xaxis.label]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=True)
            texts += [label for place, label in ticks if low <= place <= high]
    return [(text.get_text(), text.get_window_extent()) for text in texts if text.get_text()]


def assert_tidy(figure):
    """No text leaves the page, and no two overlap."""
    found = boxes(figure)
    width, height = figure.bbox.size
    for words, box in found:
        assert min(box.x0, box.y0) >= 0 and box.x1 <= width and box.y1 <= height, words
    for (one, box), (other, second) in itertools.combinations(found, 2):
        wide = min(box.x1, second.x1) - max(box.x0, second.x0)
        high = min(box.y1, second.y1) - max(box.y0, second.y0)
        assert wide < 2 or high < 2, (one, other)


@charts
def test_nothing_collides_and_nothing_is_cut_off(draw, table):
    figure = draw(table, note="MobileNet 0.75, ImageNet weights")
    assert_tidy(figure)
    assert figure.texts[1].get_text().endswith("MobileNet 0.75, ImageNet weights")


@pytest.mark.parametrize(
    "k", [[2], [2, 3], range(2, 31), range(2, 90), [5, 50, 500]], ids=["1", "2", "29", "88", "few"]
)
def test_every_range_of_k_is_tidy(k):
    assert_tidy(inertia_curve(sweep(k=k), n_clusters=k[0]))
    assert_tidy(silhouette_curve(sweep(k=k), n_clusters=k[-1]))
    assert_tidy(silhouette_comparison(pd.concat([sweep("raw", k), sweep("pca", k), sweep("t", k)])))


@settings(deadline=None, max_examples=12)
@given(st.lists(st.floats(-1, 1), min_size=3, max_size=3))
def test_names_of_close_lines_do_not_touch(levels):
    own, original, chance = levels
    table = sweep(k=[5, 6], silhouette=own, silhouette_original=original, silhouette_chance=chance)
    assert_tidy(silhouette_curve(table.drop(columns="silhouette_chance_low")))


@pytest.mark.parametrize("sizes", [[3], [1, 1], [40_000, 1], range(1, 26), range(1, 151)])
def test_any_number_of_clusters_is_tidy(sizes):
    assert_tidy(cluster_sizes(clusters(list(sizes)), space="raw"))


@pytest.mark.parametrize("n", [1, 2, 9, 400])
def test_any_number_of_principal_components_is_tidy(n):
    assert_tidy(explained_variance(variance(n)))


@pytest.mark.parametrize("n", [1, 2, 12, 60])
def test_any_number_of_sizes_is_tidy(n):
    table = components("pca", range(100, 100 + n), np.linspace(0, -0.3, n), explained_variance=0.95)
    assert_tidy(components_curve(table))


@charts
def test_order_of_rows_and_old_index_change_nothing(draw, table):
    shuffled = table.sample(frac=1, random_state=1)
    if draw is silhouette_comparison:
        shuffled = shuffled.sort_values("space", ascending=False, kind="stable")
    before = shuffled.copy()
    assert figure_bytes(draw(shuffled)) == figure_bytes(draw(table))
    pd.testing.assert_frame_equal(shuffled, before)


@charts
def test_empty_tables_and_missing_columns_are_named(draw, table):
    with pytest.raises(InputError, match="no rows"):
        draw(table.iloc[:0])
    for column in table.columns:
        if not column.startswith("silhouette_chance") and column != "inertia":
            smaller = table.drop(columns=column)
            if draw is inertia_curve and column.startswith("silhouette"):
                continue
            with pytest.raises(InputError, match=f"no column {column}"):
                draw(smaller)


@charts
def test_holes_are_refused_in_one_line(draw, table):
    numbers = [name for name in ("k", "n_components", "component") if name in table]
    for column in numbers:
        with pytest.raises(InputError) as caught:
            draw(table.assign(**{column: np.nan}))
        assert column in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("silhouette", "title"),
    [
        ([0.01, 0.03, 0.02], "Silhouette peaks at k = 6 (0.030)"),
        ([0.04, 0.03, 0.02], "Silhouette is highest at the smallest k tried: 0.040 at k = 5"),
        ([-0.3, -0.2, -0.1], "Silhouette is highest at the largest k tried: −0.100 at k = 7"),
    ],
)
def test_a_headline_tells_a_peak_from_an_end(silhouette, title):
    table = sweep(k=[5, 6, 7], silhouette=silhouette)
    assert silhouette_curve(table).get_label() == f"{title}; by chance 0.025"
    alone = table.drop(columns=[name for name in table if "chance" in name])
    assert silhouette_curve(alone).get_label() == title
    unknown = table.assign(silhouette_chance=np.nan)
    assert figure_bytes(silhouette_curve(unknown)) == figure_bytes(silhouette_curve(alone))


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


def test_headlines_of_sizes_and_inertia():
    assert cluster_sizes(clusters([4, 4])).get_label() == "All clusters hold 4 posters"
    assert "2.5 times" in cluster_sizes(clusters([4, 10])).get_label()
    assert inertia_curve(sweep(k=[7])).get_label() == "Inertia is 3,860 at k = 7"
    flat = sweep(k=[7, 8], inertia=0.0)
    assert inertia_curve(flat).get_label() == "Inertia is 0 at k = 7"


def test_inertia_of_any_size_is_written_out():
    for factor, shown in ((1e-4, "0.386"), (1e4, "38,600,000")):
        figure = inertia_curve(sweep(k=[7]).assign(inertia=3860 * factor))
        assert figure.get_label() == f"Inertia is {shown} at k = 7"
        assert_tidy(figure)
    figure = inertia_curve(sweep(inertia=np.linspace(9e7, 1e7, 21)))
    assert_tidy(figure)
    assert "20,000,000" in [label.get_text() for label in figure.axes[0].get_yticklabels()]


def test_the_best_space_is_judged_on_the_original_features():
    table = pd.concat(
        [sweep("nmf", silhouette_original=0.001), sweep("raw", silhouette_original=0.002)]
    )
    assert silhouette_comparison(table).get_label() == (
        "Best on the original features: the raw features (0.002)"
    )


def test_zero_is_in_sight_and_the_lines_are_too():
    for level in (-0.2, 0.2, 0.0):
        (axes,) = silhouette_curve(sweep(level=level)).axes
        low, high = axes.get_ylim()
        assert low <= min(0, level) and high >= max(0, level)


def test_the_marked_k_is_marked_only_if_it_was_tried():
    def words(n_clusters):
        figure = inertia_curve(sweep(), n_clusters=n_clusters)
        return [text.get_text() for text in figure.axes[0].texts]

    assert "k = 10 used" in words(10)
    assert not [text for text in words(40) + words(None) if "used" in text]


def test_numbers_of_clusters_are_whole():
    for k in ([5, 6], range(5, 26), range(2, 200, 3)):
        (axes,) = inertia_curve(sweep(k=k)).axes
        assert all(float(tick).is_integer() for tick in axes.get_xticks())


def test_counts_stand_on_their_bars():
    (axes,) = cluster_sizes(clusters([5, 1_200, 61])).axes
    heights = [patch.get_height() for patch in axes.patches]
    assert heights == [1_200, 61, 5]
    assert [text.get_text() for text in axes.texts if text.get_text() in ["1,200", "61", "5"]]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2", "0"]


def test_names_of_spaces_are_data():
    table = sweep("$x_1$ <b>\n\u202e")
    assert "the space $x_1$ <b>" in silhouette_curve(table).texts[1].get_text()
    figure_bytes(silhouette_comparison(table))
