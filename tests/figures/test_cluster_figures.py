"""Figures of one clustering: headlines, clusters of any size, and every poster in sight."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tables_to_draw import assert_tidy, clusters, words_of

from poster_analysis.figures.clusters import cluster_sizes, silhouette_plot
from poster_analysis.figures.page import figure_bytes

SIZES = {
    "one": [3],
    "two": [1, 1],
    "one left over": [40_000, 1],
    "25 alike": [1_600] * 25,
    "25 leftovers": [4_900, *[4] * 24],
    "25": list(range(25, 0, -1)),
    "150": list(range(150, 0, -1)),
}
any_sizes = pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)


@any_sizes
def test_any_number_of_clusters_is_tidy(sizes):
    table = clusters(sizes)
    assert_tidy(cluster_sizes(table, space="raw"))
    assert_tidy(silhouette_plot(table, space="raw"))


@pytest.mark.parametrize("mean", [-0.9, -0.001, 0.0, 0.9])
@pytest.mark.parametrize("spread", [0.0, 0.05])
def test_silhouettes_of_any_sign_are_tidy(mean, spread):
    figure = silhouette_plot(clusters([40, 30, 3], mean=mean, spread=spread))
    assert_tidy(figure)
    low, high = figure.axes[0].get_xlim()
    assert low <= min(0, mean) and high >= max(0, mean)


@any_sizes
def test_every_poster_has_its_bar(sizes):
    table = clusters(sizes)
    (axes,) = silhouette_plot(table).axes
    bars = [area.get_paths()[0].vertices for area in axes.collections]
    start = -np.inf
    for (_, group), corners in zip(table.groupby("cluster"), bars, strict=True):
        assert set(corners[:, 0]) == {0, *group["silhouette"]}
        assert np.ptp(corners[:, 1]) == pytest.approx(len(group))
        assert corners[:, 1].min() >= start
        start = corners[:, 1].max()


def test_clusters_that_have_no_room_are_counted():
    words = words_of(silhouette_plot(clusters(range(150, 0, -1))).axes[0])
    (left_out,) = [word for word in words if "not named" in word]
    named = [word for word in words if word.isdigit() and int(word) < 30]
    assert int(left_out.split()[0]) >= 90
    assert "0" in named and "1" in named


def test_small_clusters_keep_a_bar_that_is_seen():
    figure = silhouette_plot(clusters([40_000, 1], mean=0.5, spread=0.01))
    with Image.open(io.BytesIO(figure_bytes(figure))) as picture:
        image = np.asarray(picture.convert("L"))
    axes = figure.axes[0]
    x, y = axes.transData.transform(
        (0.25, axes.collections[1].get_paths()[0].vertices[:, 1].mean())
    )
    row = image.shape[0] - round(y)
    assert image[row - 2 : row + 3, round(x)].min() < 225


@pytest.mark.parametrize(
    ("silhouette", "title"),
    [
        ([0.1, 0.2, 0.0, 0.3], "No poster lies nearer to another cluster than to its own"),
        ([0.1, -0.2, 0.2, 0.3], "25\u00a0% of posters lie nearer to another cluster than to their own"),
        ([0.1, *[0.2] * 998, -0.1], "Under 1\u00a0% of posters lie nearer to another cluster than to their own"),
    ],
)  # fmt: skip
def test_a_headline_counts_misplaced_posters(silhouette, title):
    table = pd.DataFrame({"cluster": 0, "silhouette": silhouette})
    assert silhouette_plot(table).get_label() == title


def test_headlines_of_sizes():
    assert cluster_sizes(clusters([4, 4])).get_label() == "All clusters hold 4 posters"
    for sizes, times in (([10, 4], "2.5"), ([9, 3], "3"), ([4061, 1], "4,061")):
        assert f"holds {times} times as many" in cluster_sizes(clusters(sizes)).get_label()


def test_counts_stand_on_their_bars():
    (axes,) = cluster_sizes(clusters([5, 1_200, 61])).axes
    heights = [patch.get_height() for patch in axes.patches]
    assert heights == [1_200, 61, 5]
    assert {"1,200", "61", "5"} <= set(words_of(axes))
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2", "0"]


def test_names_of_clusters_are_data():
    names = ["$x_1$ " * 20, "<b>\u202e"]
    assert_tidy(silhouette_plot(clusters([5, 3]).replace({"cluster": dict(enumerate(names))})))
