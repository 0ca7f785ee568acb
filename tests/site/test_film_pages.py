"""Pages of films and clusters: every film once, under an address that is safe whatever its id."""

import json
import re
from hashlib import sha256
from urllib.parse import unquote

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from poster_analysis.collection.posters import Posters
from poster_analysis.core.errors import InputError
from poster_analysis.figures.thumbnails import (
    SMALL,
    small_posters,
)
from poster_analysis.site.clusters import SpaceClusters, cluster_pages
from poster_analysis.site.films import (
    FILMS_IN_A_PART,
    Gallery,
    by_title,
    film_addresses,
    film_anchor,
    film_link,
    film_page,
    film_shards,
    film_tile,
)
from poster_analysis.site.shards import shard_of, shard_script, title_shards, write_shards


def films(n):
    """An index of so many films."""
    ids = [f"tt{number}" for number in range(n)]
    return pd.DataFrame(
        {"imdb_id": ids, "title": "", "genre": "", "year": None, "path": [f"{i}.jpg" for i in ids]}
    )


@given(st.lists(st.text(st.characters(codec="utf-8")), unique=True, max_size=30))
def test_anchors_are_safe_and_no_two_are_alike(ids):
    found = [film_anchor(imdb_id) for imdb_id in ids]
    assert len(set(found)) == len(ids)
    assert all(re.fullmatch(r"(film|id)_[A-Za-z0-9_-]{0,100}", anchor) for anchor in found)
    for imdb_id, anchor in zip(ids, found, strict=True):
        if anchor.startswith("film_"):  # the search reads the id there
            assert unquote(anchor.removeprefix("film_").replace("_", "%")) == imdb_id


@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=20), st.randoms())
def test_films_are_filed_in_one_order_whatever_the_order_they_come_in(titles, random):
    index = films(len(titles)).assign(title=titles)
    shelf = by_title(index)
    mixed = index.sample(frac=1, random_state=random.randrange(99))
    pd.testing.assert_frame_equal(by_title(mixed), shelf)
    assert sorted(shelf["imdb_id"]) == sorted(index["imdb_id"])
    letters = shelf["letter"].tolist()
    kinds = [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0–9", "…"]
    assert letters == sorted(letters, key=kinds.index)


def number(page, name):
    """A number that the page of all films tells its script."""
    return int(re.search(f'data-{name}="(\\d+)"', page.markdown)[1])


@pytest.mark.parametrize("n", [1, FILMS_IN_A_PART, FILMS_IN_A_PART + 1, 2 * FILMS_IN_A_PART + 7])
def test_every_film_is_in_the_shard_and_the_part_that_lead_to_it(n):
    index = films(n)
    shards, page = dict(film_shards(Gallery(index, {}, ""))), film_page(by_title(index))
    parts = [shards[f"films/parts/{part}"] for part in range(1, number(page, "parts") + 1)]
    assert len(shards) == len(parts) + number(page, "shards")
    listed = [anchor for part in parts for anchor, *_ in part]
    assert listed == list(map(film_anchor, by_title(index)["imdb_id"]))
    for imdb_id, address in film_addresses(index["imdb_id"]).items():
        page_of, _, anchor = address.partition("#")
        found = shards[f"films/shards/{shard_of(anchor, number(page, 'shards'))}"][anchor]
        assert page_of == "films/index.html" and found["known"] == f"id {imdb_id}"
        assert anchor in [each for each, *_ in parts[found["part"] - 1]]
    for part, anchor in re.findall(r'href="#films_(\d+)\.([\w-]+)"', page.markdown):
        assert anchor in [each for each, *_ in parts[int(part) - 1]]


def test_the_address_of_a_film_does_not_depend_on_other_films():
    few, many = (film_addresses(films(n)["imdb_id"]) for n in (7, 700))
    assert few.items() <= many.items()


@given(st.text(st.characters(codec="utf-8")))
def test_a_shard_is_one_line_that_gives_back_what_it_holds(text):
    script = shard_script({text: [text, 1.5, None]})
    assert script.count("\n") == 1
    assert json.loads(script.removeprefix("siteShard(").removesuffix(");\n")) == {
        text: [text, 1.5, None]
    }


def test_titles_of_all_runs_are_there_once_and_say_where(tmp_path):
    every = [(f"Film {n}", f"film_{n}") for n in range(4500)]
    runs = [
        ("study", "The study", every),
        ("runs/few", "few", every[::2]),
        ("runs/none", "none", []),
    ]
    shards = dict(title_shards(runs))
    rows = [row for n in range(shards["index"]["shards"]) for row in shards[str(n)]]
    assert [tuple(row[:2]) for row in rows] == every
    assert [row[2] for row in rows[:2]] == [[0, 1], [0]]
    assert max(len(shards[str(n)]) for n in range(shards["index"]["shards"])) <= 2000
    assert all(len(row) == 2 for row in dict(title_shards(runs[:1]))["0"])
    assert set(write_shards(tmp_path, shards.items())) == {f"{name}.js" for name in shards}


def test_two_films_with_one_id_or_none_at_all_are_refused():
    for index in (films(0), pd.concat([films(2), films(1)])):
        with pytest.raises(InputError, match="no two films with one id"):
            list(film_shards(Gallery(index, {}, "")))


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
def test_a_tile_holds_no_element_or_attribute_of_its_film(title, imdb_id):
    plain = film_tile(film_link({"title": "x", "imdb_id": "1"}, "a.html", None, "../"))
    tile = film_tile(film_link({"title": title, "imdb_id": imdb_id}, "a.html", None, "../"))
    for mark in "<>\"'`":
        assert tile.count(mark) == plain.count(mark)


def test_a_small_poster_is_found_again_by_its_digest_and_a_damaged_one_is_made_anew(tmp_path):
    Image.new("RGB", (400, 600), "teal").save(tmp_path / "a.png")
    index = pd.DataFrame({"path": ["a.png", "gone.png"]})
    copies = tmp_path / "copies"
    small = small_posters(Posters(index, tmp_path), copies)
    assert small["a.png"].height == SMALL and small["gone.png"].reason
    key = sha256((tmp_path / "a.png").read_bytes()).hexdigest()
    index["sha256"] = [key, "no digest"]
    there = copies / small["a.png"].name
    whole = there.read_bytes()
    for damaged in (b"damaged", b"", whole[: len(whole) // 2], whole[:-1]):
        there.write_bytes(damaged)
        assert small_posters(Posters(index, tmp_path), copies) == small
        assert there.read_bytes() == whole
    (tmp_path / "a.png").unlink()
    assert small_posters(Posters(index, tmp_path), copies)["a.png"] == small["a.png"]


def test_a_cluster_page_lists_its_members_from_the_centre_outwards():
    index = films(5)
    clusters = index[["imdb_id"]].assign(
        cluster=[1, 0, 0, 1, 0], silhouette=0.1, rank=[2, 3, 1, 1, 2]
    )
    pages = dict(cluster_pages({"nmf": SpaceClusters(clusters)}, Gallery(index, {}, "../")))
    assert list(pages) == ["clusters/index", "clusters/nmf-0", "clusters/nmf-1"]
    listed = re.findall(r"#film_tt(\d)", pages["clusters/nmf-0"].markdown)
    assert listed == ["2", "4", "1"]
    assert "At its edge" not in pages["clusters/nmf-0"].markdown  # no exemplars are known
