"""What holds for every chart: nothing collides, only the table counts, and faults are named."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tables_to_draw import (
    agreement,
    assert_tidy,
    clusters,
    components,
    convergence,
    opinions,
    sweep,
    variance,
)

from poster_analysis.core.errors import InputError
from poster_analysis.figures.agreement import agreement_chart, other_methods_chart
from poster_analysis.figures.clusters import cluster_sizes, silhouette_plot
from poster_analysis.figures.page import PAPER, figure_bytes
from poster_analysis.figures.reduction import (
    components_curve,
    convergence_curve,
    explained_variance,
)
from poster_analysis.figures.sweep import (
    inertia_curve,
    scores_curve,
    silhouette_comparison,
    silhouette_curve,
    stability_curve,
)

SWEEP = sweep()
CHARTS = {
    "inertia": (inertia_curve, SWEEP[["space", "k", "inertia"]]),
    "silhouette": (silhouette_curve, SWEEP.filter(regex="^(space|k|silhouette.*)$")),
    "stability": (stability_curve, SWEEP.filter(regex="^(space|k|stability.*)$")),
    "scores": (scores_curve, SWEEP[["space", "k", "calinski_harabasz", "davies_bouldin"]]),
    "comparison": (
        silhouette_comparison,
        pd.concat([sweep("raw", level=0.004), sweep("nmf")])[
            ["space", "k", "silhouette", "silhouette_original"]
        ],
    ),
    "sizes": (cluster_sizes, clusters([900, 61, 5])[["cluster"]]),
    "posters": (silhouette_plot, clusters([900, 61, 5])),
    "other_methods": (other_methods_chart, opinions()),
    "agreement": (agreement_chart, agreement()),
    "variance": (explained_variance, variance()),
    "components": (components_curve, components()),
    "convergence": (convergence_curve, convergence()),
}
charts = pytest.mark.parametrize(("draw", "table"), CHARTS.values(), ids=CHARTS)


@charts
def test_nothing_collides_and_nothing_is_cut_off(draw, table):
    figure = draw(table, note="MobileNet 0.75, ImageNet weights")
    assert_tidy(figure)
    assert "MobileNet 0.75, ImageNet weights" in figure.texts[1].get_text()


@charts
def test_a_chart_is_drawn_again_from_its_csv_file(draw, table):
    again = pd.read_csv(io.StringIO(table.to_csv(index=False)))
    assert figure_bytes(draw(again)) == figure_bytes(draw(table))


@charts
def test_order_of_rows_and_old_index_change_nothing(draw, table):
    shuffled = table.sample(frac=1, random_state=1)
    if draw is silhouette_comparison:
        shuffled = shuffled.sort_values("space", ascending=False, kind="stable")
    if draw in (other_methods_chart, agreement_chart):  # their rows are shown in the table's order
        shuffled = table.set_index(np.arange(len(table))[::-1])
    before = shuffled.copy()
    assert figure_bytes(draw(shuffled)) == figure_bytes(draw(table))
    pd.testing.assert_frame_equal(shuffled, before)


@charts
def test_empty_tables_and_missing_columns_are_named(draw, table):
    with pytest.raises(InputError, match="no rows"):
        draw(table.iloc[:0])
    for column in table.columns:
        if "gaussian" not in column and "copula" not in column:
            with pytest.raises(InputError, match=f"no column {column}"):
                draw(table.drop(columns=column))


@charts
def test_holes_are_refused_in_one_line(draw, table):
    may_be_missing = {"cluster", "parameters"}
    if draw is other_methods_chart:
        may_be_missing |= {"silhouette", "adjusted_mutual_info"}
    if draw is silhouette_plot:
        may_be_missing -= {"silhouette"}
    if draw is stability_curve:  # what is not known for a k is a gap in its line and its band
        may_be_missing |= {name for name in table if name.startswith("stability_")}
    if draw is scores_curve:
        may_be_missing |= {"calinski_harabasz"}
    for column in table.select_dtypes("number").columns.difference(may_be_missing):
        broken = table.astype({column: float})
        broken.iloc[0, broken.columns.get_loc(column)] = np.nan
        with pytest.raises(InputError) as caught:
            draw(broken)
        assert column in str(caught.value) and "\n" not in str(caught.value)


@charts
def test_a_chart_is_an_opaque_card_with_dark_words_and_its_finding_as_headline(draw, table):
    figure = draw(table)
    with Image.open(io.BytesIO(figure_bytes(figure))) as image:
        grey = np.asarray(image.convert("L"))
        assert image.convert("RGBA").getextrema()[3] == (255, 255)
        assert image.text["Title"] == figure.get_label() != ""
    paper = int(PAPER[1:3], 16)
    border = np.concatenate([grey[:5].ravel(), grey[-5:].ravel(), grey[:, 0]])
    assert border.min() >= paper - 3
    assert grey.min() < 60


@charts
def test_lines_differ_by_more_than_colour(draw, table):
    for axes in draw(table).axes:
        looks = [
            (
                line.get_marker(),
                line.get_linestyle(),
                str(line._unscaled_dash_pattern),
                line.get_markersize(),
            )
            for line in axes.lines
            if len(line.get_xdata()) > 2
        ]
        assert len(set(looks)) == len(looks)


@charts
def test_any_words_may_be_in_a_note(draw, table):
    hostile = "<b>$x_1^2$\n\u202e{} \\frac 🎬 " + "long " * 80
    figure = draw(table, note=hostile)
    assert_tidy(figure)
    assert "<b>$x_1^2$ {} \\frac" in figure.texts[1].get_text().replace("\n", " ")
    figure_bytes(figure)
