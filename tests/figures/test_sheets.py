"""Sheets of posters: proportions, missing files, captions, and titles that are anything."""

import itertools

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from poster_analysis.collection.posters import Posters
from poster_analysis.core.errors import InputError
from poster_analysis.figures.clusters import (
    cluster_cards,
)
from poster_analysis.figures.page import figure_bytes, save_figure
from poster_analysis.figures.sheets import (
    contact_sheet,
    neighbour_strip,
    nmf_components,
)

HOSTILE = [
    "Very " * 100 + "(1999)",
    "x" * 500,
    "",
    "$x_1^2$ \\frac{",
    '<script>alert(1)</script> & "quotes" \'n %s {}',
    "two\nlines\r\nand\ttabs",
    "\u202eright to left\u202c שלום عربي",
    "🎬👨‍👩‍👧 日本語",
    "\ud800 lone surrogate",
]
SIZES = [(182, 268), (268, 182), (20, 400), (400, 20), (7, 7)]


@pytest.fixture(autouse=True)
def strings_as_python_has_them():
    """Half a character, such as a file name may hold, is no string to Arrow."""
    with pd.option_context("mode.string_storage", "python"):
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("posters")
    (folder / "sub folder").mkdir()
    for number, size in enumerate(SIZES * 2):
        color = (20 * number, 200 - 20 * number, 90)
        Image.new("RGB", size, color).save(folder / "sub folder" / f"{number}.png")
    return folder


@pytest.fixture
def index():
    ids = [str(number) for number in range(10)]
    return pd.DataFrame(
        {
            "imdb_id": ids,
            "title": [f"Film {number} (1999)" for number in ids],
            "genre": "Action|Drama",
            "path": [f"sub folder/{number}.png" for number in ids],
        }
    )


@pytest.fixture
def posters(index, folder):
    return Posters(index, folder)


@pytest.fixture
def clusters(index):
    return index.assign(cluster=[0] * 5 + [1] * 5, silhouette=np.linspace(0.2, -0.1, 10))


@pytest.fixture
def exemplars(clusters):
    roles = {"role": ["medoid"] * 3 + ["edge"] * 2, "rank": [1, 2, 3, 1, 2]}
    return clusters.assign(**{name: values * 2 for name, values in roles.items()})


def make_enrichment(found):
    """A table of enrichment with (cluster, value, lift, p_adjusted) as given."""
    names = ["cluster", "value", "lift", "p_adjusted"]
    return pd.DataFrame(found, columns=names).assign(column="genre")


@pytest.fixture
def enrichment():
    return make_enrichment([(0, "Action", 2.1, 0.001), (0, "Drama", 1.2, 0.2), (1, "War", 3, 0.2)])


@pytest.fixture
def components(index):
    return index.assign(component=np.repeat(range(1, 6), 2), rank=[1, 2] * 5)


@pytest.fixture
def neighbours(index):
    return index.iloc[1:7].assign(rank=range(1, 7), similarity=np.linspace(0.9, 0.4, 6))


def assert_tidy(figure):
    """No text leaves the page, no two texts overlap, and no text lies on a poster."""
    figure.draw_without_rendering()
    width, height = figure.bbox.size
    texts = figure.texts + figure.axes[0].texts
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts if text.get_text()]
    pictures = [("poster", image.get_window_extent()) for image in figure.axes[0].images]
    for words, box in boxes + pictures:
        assert min(box.x0, box.y0) >= 0 and box.x1 <= width and box.y1 <= height, words
    for (one, box), (other, second) in itertools.combinations(boxes + pictures, 2):
        wide = min(box.x1, second.x1) - max(box.x0, second.x0)
        high = min(box.y1, second.y1) - max(box.y0, second.y0)
        assert wide < 2 or high < 2, (one, other)


def cards(figure):
    """What the grey cards say, on one line each."""
    texts = [text.get_text().replace("\n", " ") for text in figure.axes[0].texts]
    return [text for text in texts if text in ("no such file", "not an image", "no poster")]


def test_posters_keep_their_proportions(posters):
    figure = contact_sheet(posters)
    images = figure.axes[0].images
    assert len(images) == 10
    for image, (width, height) in zip(images, SIZES * 2, strict=True):
        left, right, lower, upper = image.get_extent()
        assert (right - left) / (lower - upper) == pytest.approx(width / height, rel=0.08)


def test_posters_of_one_row_stand_on_one_line(posters, neighbours, index):
    figure = neighbour_strip(index.iloc[0], neighbours, posters)
    lower = [image.get_extent()[2] for image in figure.axes[0].images]
    assert lower == pytest.approx([lower[0]] * 7)


def test_sheets_are_tidy(posters, index, clusters, exemplars, enrichment, components, neighbours):
    for figure in (
        contact_sheet(posters, note="as drawn"),
        cluster_cards(clusters, exemplars, enrichment, posters, space="pca", note="as drawn"),
        nmf_components(components, posters, note="as drawn"),
        neighbour_strip(index.iloc[0], neighbours, posters, note="as drawn"),
    ):
        assert_tidy(figure)
        assert figure.texts[1].get_text().endswith("as drawn")


@pytest.mark.parametrize("n_components", [1, 4, 5, 26])
def test_any_number_of_components_is_tidy(posters, index, n_components):
    rows = np.arange(6 * n_components)
    table = index.iloc[rows % 10].assign(component=rows // 6 + 1, rank=rows % 6 + 1)
    figure = nmf_components(table, posters)
    assert len(figure.axes[0].images) == 6 * n_components
    assert_tidy(figure)


@pytest.mark.parametrize(
    ("n_clusters", "n_medoids", "n_edges"),
    [(1, 6, 3), (1, 1, 0), (2, 2, 5), (8, 1, 1), (9, 6, 0), (25, 6, 3)],
)
def test_any_number_of_clusters_is_tidy(posters, index, n_clusters, n_medoids, n_edges):
    n_films = n_medoids + n_edges
    rows = np.arange(n_films * n_clusters)
    table = index.iloc[rows % 10].assign(cluster=rows // n_films, silhouette=0.1)
    place = rows % n_films
    table["role"] = np.where(place < n_medoids, "medoid", "edge")
    table["rank"] = np.where(place < n_medoids, place, place - n_medoids) + 1
    found = make_enrichment([(0, f"Genre {number}", 2, 0.01) for number in range(30)])
    figure = cluster_cards(table, table, found, posters)
    assert len(figure.axes[0].images) == n_films * n_clusters
    assert_tidy(figure)


@pytest.mark.parametrize("n_neighbors", [1, 2, 7, 20])
def test_any_number_of_neighbours_is_tidy(posters, index, n_neighbors):
    rows = np.arange(n_neighbors)
    table = index.iloc[rows % 10].assign(rank=rows + 1, similarity=1 - rows / 30)
    assert_tidy(neighbour_strip(index.iloc[0], table, posters))


@pytest.mark.parametrize("title", HOSTILE)
def test_titles_and_genres_are_data(posters, index, neighbours, title):
    neighbours = neighbours.assign(title=title, genre="|".join([title] * 30))
    query = dict(index.iloc[0]) | {"title": title, "genre": title}
    figure = neighbour_strip(query, neighbours, posters)
    assert_tidy(figure)
    figure_bytes(figure)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_on_a_card_is_data(posters, clusters, exemplars, text):
    found = make_enrichment([(0, text, 1e6, 0.0), (1, text, 1.01, 0.05)])
    exemplars = exemplars.assign(title=text)
    figure = cluster_cards(clusters, exemplars, found, posters)
    assert_tidy(figure)
    figure_bytes(figure)


def said(figure):
    """All words on the cards, on one line each."""
    return [text.get_text().replace("\n", " ") for text in figure.axes[0].texts]


def test_largest_cluster_comes_first_medoids_at_the_left_and_the_edge_at_the_right(posters, index):
    table = index.assign(cluster=[2] * 3 + [1] * 6 + [0], silhouette=0.1)
    table["role"] = ["medoid", "edge", "medoid", *["medoid"] * 4, "edge", "edge", "medoid"]
    table["rank"] = [2, 1, 1, 1, 2, 3, 4, 2, 1, 1]
    figure = cluster_cards(table, table, None, posters)
    names = [text for text in said(figure) if text.startswith("Cluster")]
    assert names == ["Cluster 1", "Cluster 2", "Cluster 0"]
    placed = {}
    for image in figure.axes[0].images:
        left, right, lower, _ = image.get_extent()
        middle = (left + right) / 2
        placed.setdefault(round(lower, 3), []).append((middle, image.get_array()[0, 0, 0] // 20))
    rows = [[number for _, number in sorted(row)] for _, row in sorted(placed.items())]
    assert rows == [[3, 4, 5, 6, 8, 7], [2, 0, 1], [9]]
    assert said(figure).count("at the edge") == 2


def test_cards_say_what_is_over_represented_or_that_nothing_is(
    posters, clusters, exemplars, enrichment
):
    words = said(cluster_cards(clusters, exemplars, enrichment, posters))
    assert "Action 2.1×" in words
    assert "no genre is over-represented beyond chance" in words
    assert "5 posters · 50\u00a0% · mean silhouette 0.133" in words
    assert not any("over-represented" in text for text in said(
        cluster_cards(clusters, exemplars, None, posters)
    ))  # fmt: skip


def test_one_card_has_no_words_of_another(posters, clusters, exemplars, enrichment):
    only = enrichment[enrichment["cluster"] == 0]
    words = said(cluster_cards(clusters, exemplars, only, posters))
    assert words.count("Action 2.1×") == 1 and "no metadata to compare" in words


def test_a_poster_that_is_gone_or_damaged_becomes_a_card(posters, neighbours, index):
    (posters.folder / "text.jpg").write_text("no picture")
    neighbours["path"] = ["gone.jpg", "text.jpg", "", *neighbours["path"][3:]]
    figure = neighbour_strip(index.iloc[0], neighbours, posters)
    assert cards(figure) == ["no such file", "not an image", "no poster"]
    assert len(figure.axes[0].images) == 4
    assert_tidy(figure)


def test_a_film_that_the_index_does_not_know_becomes_a_card(posters, components):
    known = posters.take(range(1, 10))
    figure = nmf_components(components.drop(columns="path"), known)
    assert cards(figure) == ["no poster"]


def test_paths_come_from_the_index_if_the_table_has_none(posters, clusters, exemplars, components):
    def cards_of(table, posters):
        return cluster_cards(clusters, table, None, posters)

    nameless = Posters(posters.index.drop(columns="imdb_id"), posters.folder)
    for sheet_of, table in ((cards_of, exemplars), (nmf_components, components)):
        alone = sheet_of(table.drop(columns="path"), posters)
        assert figure_bytes(alone) == figure_bytes(sheet_of(table, nameless))
        with pytest.raises(InputError, match="no column imdb_id"):
            sheet_of(table.drop(columns="path"), nameless)


def test_a_query_from_outside_the_collection(tmp_path, posters, neighbours):
    Image.new("RGB", (90, 140), "red").save(tmp_path / "mine.png")
    query = {"title": "mine.png", "path": str(tmp_path / "mine.png")}
    image = neighbour_strip(query, neighbours, posters).axes[0].images[0]
    assert tuple(image.get_array()[0, 0]) == (255, 0, 0)


@pytest.mark.parametrize("n_posters", [0, -1])
def test_at_least_one_poster_is_shown(posters, components, n_posters):
    with pytest.raises(InputError, match="at least 1"):
        contact_sheet(posters, n_posters=n_posters)
    with pytest.raises(InputError, match="at least 1"):
        nmf_components(components, posters, n_posters=n_posters)


def test_empty_tables_are_refused(posters, index, clusters, exemplars, components, neighbours):
    for sheet_of, table in (
        (lambda table: contact_sheet(Posters(table, posters.folder)), index),
        (lambda table: cluster_cards(table, exemplars, None, posters), clusters),
        (lambda table: cluster_cards(clusters, table, None, posters), exemplars),
        (lambda table: nmf_components(table, posters), components),
        (lambda table: neighbour_strip(index.iloc[0], table, posters), neighbours),
    ):
        with pytest.raises(InputError, match="no rows"):
            sheet_of(table.iloc[:0])


def test_a_contact_sheet_spreads_over_the_table(posters):
    figure = contact_sheet(posters, n_posters=4)
    colors = [int(image.get_array()[0, 0, 0]) // 20 for image in figure.axes[0].images]
    assert colors == [0, 3, 6, 9]
    assert figure.get_label() == "4 of 10 posters"
    assert contact_sheet(posters).get_label() == "10 posters"


def test_large_posters_are_not_kept_in_memory(tmp_path):
    Image.new("RGB", (3000, 4500), "navy").save(tmp_path / "large.png")
    table = pd.DataFrame({"imdb_id": ["1"], "path": ["large.png"]})
    (image,) = contact_sheet(Posters(table, tmp_path)).axes[0].images
    assert image.get_array().nbytes < 2**20


def test_same_sheet_same_bytes(tmp_path, posters, index, neighbours):
    first, second = (
        save_figure(neighbour_strip(index.iloc[0], neighbours, posters), tmp_path / name)
        for name in ("1.png", "2.png")
    )
    assert first.read_bytes() == second.read_bytes()
