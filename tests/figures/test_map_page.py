"""The map's page: texts stay text, nothing comes from elsewhere, and its data can be read back."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from poster_analysis.collection.posters import Posters
from poster_analysis.core.errors import InputError
from poster_analysis.core.text import (
    page_text,
)
from poster_analysis.figures.map import (
    colour_column,
    data_script,
    map_assets,
    map_data,
    with_film_pages,
    with_way_back,
    write_map_page,
)
from poster_analysis.figures.thumbnails import make_sprites, make_thumbnails

TITLES = [
    "<script>alert(1)</script>",
    '" onmouseover="x',
    "</script><!-- <script>",
    "]]>&lt;\u2028\u2029\\",
    "שלום 🎬",
    "",
    "\ud800 half",
    "x" * 900,
]
IDS = ["<img src=x>", 'a"b', "c%20d", "#e", "f&g", "h", "i/j", "k'"]


def read_back(script):
    assert script.startswith("window.posterMap = {") and script.endswith("};\n")
    return json.loads(script.removeprefix("window.posterMap = ").removesuffix(";\n"))


@pytest.fixture
def films(tmp_path):
    (tmp_path / "posters").mkdir()
    for number in range(8):
        Image.new("RGB", (40, 60), (30 * number, 90, 60)).save(
            tmp_path / "posters" / f"{number}.png"
        )
    paths = [f"{number}.png" for number in range(8)]
    titles = pd.Series(TITLES, dtype=object)  # half a character is no string to Arrow
    table = pd.DataFrame({"imdb_id": IDS, "title": titles, "genre": "<b>|Drama", "path": paths})
    return table.assign(x=np.linspace(0, 1, 8), y=np.linspace(0.2, 0.5, 8), cluster=[0, 1] * 4)


@pytest.fixture
def neighbours():
    rows = [(a, rank, b) for a in IDS for rank, b in enumerate([b for b in IDS if b != a], start=1)]
    return pd.DataFrame(rows, columns=["imdb_id", "rank", "neighbour_id"]).assign(similarity=0.25)


def test_all_texts_come_back_as_they_were(films, neighbours, tmp_path):
    sprites = make_sprites(Posters(films, tmp_path / "posters"), tmp_path / "map")
    data = map_data(films, neighbours=neighbours, sprites=sprites, title=TITLES[0], about=TITLES[1])
    page = write_map_page(data, tmp_path / "map")
    found = read_back((page.parent / "data.js").read_text(encoding="ascii"))
    assert found["ids"] == IDS and (found["title"], found["about"]) == tuple(TITLES[:2])
    assert found["titles"] == [page_text(title) or "film h" for title in TITLES]
    assert found["columns"][1]["values"] == ["<b>", "Drama"]
    assert all(len(row) == 6 and place not in row for place, row in enumerate(found["neighbours"]))
    assert {path.name for path in page.parent.iterdir()} == {
        "index.html", "map.css", "map.js", "data.js", "sheet-000.jpg",
    }  # fmt: skip


def test_films_lead_to_pages_by_any_id():
    pages = {name: f"../films/index.html#film_{name}" for name in [*IDS, "__proto__"]}
    pages |= {name: f"../films/index.html#film_{place}" for place, name in enumerate(IDS[:2])}
    page, script = with_film_pages(map_assets()[0].read_text(encoding="utf-8"), pages)
    assert page.index("films.js") < page.index("map.js")
    assert script.isascii() and not re.search(r"[<>&\n]", script[:-1])
    found = json.loads(script.removeprefix("window.filmPages = ").removesuffix(";\n"))
    others = dict(found["others"])
    assert {name: others.get(name, found["before"] + name) for name in pages} == pages
    assert 2 <= len(others) < len(pages) and with_film_pages("", {})[1].endswith('"others":[]};\n')


@given(st.text())
def test_no_text_can_end_the_script(text):
    script = data_script({"titles": [text]})
    assert script.isascii() and not re.search(r"[<>&\n]", script[:-1])
    assert read_back(script) == {"titles": [text]}


def test_the_page_asks_no_other_host_and_puts_in_nothing_but_text():
    texts = {path.name: path.read_text(encoding="utf-8") for path in map_assets()}
    assert set(texts) == {"map.html", "map.css", "map.js"}
    for text in texts.values():
        assert not re.search(
            r"https?:|//[a-z]|@import", re.sub(r"(?m)^\s*//.*$|; // .*$|\s// .*$", "", text)
        )
    unsafe = r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|setAttribute\(.on|fetch\("
    assert not re.search(unsafe, texts["map.js"])
    assert not re.search(r"\son[a-z]+=|<script>|style=", texts["map.html"])
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', texts["map.html"])[1]
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy
    assert set(re.findall(r'get\("([\w-]+)"\)', texts["map.js"])) <= set(
        re.findall(r'id="([\w-]+)"', texts["map.html"])
    )


def test_a_link_back_is_text_too():
    page = map_assets()[0].read_text(encoding="utf-8")
    linked = with_way_back(page, '../"x', "<script>")
    assert '<a href="../&quot;x">&lt;script&gt;</a>' in linked
    assert linked.count("<script") == page.count("<script")


def test_larger_posters_are_known_where_there_are_some(films, tmp_path):
    known = pd.DataFrame({"path": ["2.png", "gone.png"]})
    thumbnails = make_thumbnails(Posters(known, tmp_path / "posters"), tmp_path / "small")
    data = map_data(films, thumbnails=thumbnails)
    assert data["thumbnails"] == {2: f"../thumbnails/{thumbnails['2.png'].name}"}


def test_neighbours_that_are_not_on_the_map_are_left_out(films, neighbours):
    data = map_data(films.head(3), neighbours=neighbours)
    assert data["neighbours"] == [[1, 2], [0, 2], [0, 1]]


def test_values_are_in_order():
    assert colour_column("c", [[10], [2], [0]])["values"] == ["0", "2", "10"]
    assert colour_column("d", [["1990s"], ["1910s"], [None]])["values"] == ["1910s", "1990s"]
    assert colour_column("g", [["b"], ["a", "c"], ["c", "c", ""]])["codes"] == [[2], [1, 0], [0]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"x": np.nan}, "column x"),
        ({"imdb_id": "same"}, "'same' is on the map twice"),
        ({"path": "gone.png"}, "no sprite was made of 'gone.png'"),
    ],
)
def test_what_cannot_be_shown_is_named(films, tmp_path, change, words):
    sprites = make_sprites(Posters(films, tmp_path / "posters"), tmp_path / "map")
    with pytest.raises(InputError, match=words):
        map_data(films.assign(**change), sprites=sprites)
    with pytest.raises(InputError, match="no column studio"):
        map_data(films, colours=["studio"])
