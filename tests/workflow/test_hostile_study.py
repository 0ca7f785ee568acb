"""A whole study whose titles, genres and file names are hostile: every page shows them as text."""

import json
import re
from html.parser import HTMLParser
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from poster_analysis.core.text import (
    film_text,
    page_text,
)
from poster_analysis.site.films import by_title, film_addresses
from poster_analysis.site.single_file import single_file
from poster_analysis.study.parameters import (
    Parameters,
)
from poster_analysis.study.run import (
    Run,
)
from poster_analysis.workflow import pipeline

TITLES = [
    "<script>alert(1)</script> (1999)",
    '" onmouseover="alert(1)" x="',
    "' onfocus='alert(1)' autofocus='",
    "</p></li></ol></figure></section></article><h1 id=out>out</h1>",
    "<!-- comment <![CDATA[ <?php",
    "</style><style>* {display: none}</style>",
    "</script><img src=x onerror=alert(1)>",
    "&lt;b&gt; &amp;amp; &#60;i&#62;",
    "`````{raw} html ```{eval-rst}``` {{ y }} $x_1^2$",
    "[x](javascript:alert(1)) ![y](http://example.com/y.png)",
    "שלום עולם \u202e override",
    "می‌خواهم 👨‍👩‍👧 七人の侍",
    "two\nlines\r\nand\ttabs",
    "\x07\x1b[31m control",
    "very " * 200 + "long",
    "x" * 900,
    "# heading\n\n- list",
    "%s {0} \\frac{ \\N{DASH}",
    "=1+1;DROP TABLE",
    "",
]
HANDLERS = {"onmouseover", "onfocus", "onerror", "autofocus"}


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """A finished study of one poster for each title; file names are hostile where a system lets them."""
    base = tmp_path_factory.mktemp("hostile")
    posters, rng = base / "posters <b> & 'x' \"y\"", np.random.default_rng(9)
    posters.mkdir()
    ids = [re.sub(r"[/\0\r\n\t\x07\x1b\u202e]", "-", title)[:60] or "plain" for title in TITLES]
    for number, name in enumerate(ids):
        pixels = rng.integers(0, 256, (3, 2, 3)) // (1 + number % 3)
        Image.fromarray(pixels.astype(np.uint8)).resize((60, 90)).save(posters / f"{name}.png")
    (posters / '<script>alert("left out")</script>.png'.replace("/", "-")).write_bytes(
        b"no picture"
    )
    genres = [
        f"{first}|{second}" for first, second in zip(TITLES, TITLES[1:] + TITLES[:1], strict=True)
    ]
    table = pd.DataFrame({"imdbId": ids, "Title": TITLES, "Genre": genres})
    table.to_csv(base / "films.csv", index=False, encoding="utf-8")
    parameters = Parameters(
        str(posters), metadata=str(base / "films.csv"), encoding="utf-8", backbone="colour",
        n_components=4, k_min=2, k_max=3, n_clusters=2, n_neighbors=len(ids) - 1, n_init=2, n_null=0, map_method="pca",
        n_splits=2, n_components_tried=(), variance_tried=(), films=tuple(ids[:2]),
    )  # fmt: skip
    kinds = {"extraction", "clustering_pca", "reduction", "similarity"}  # one report of each
    chosen = {name: report for name, report in pipeline._REPORTS.items() if name in kinds}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "_REPORTS", chosen)
        pipeline.run_study(parameters, base / "out")
    return base / "out"


class Parsed(HTMLParser):
    """Elements, text outside scripts, and the scripts of a page."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.text, self.scripts, self.inside = [], "", "", ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.inside = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts += data
        elif not self.inside:
            self.text += data


def test_every_page_shows_data_as_text(out):
    pages = [path for path in (out / "site").rglob("*.html") if "_static" not in path.parts]
    assert len(pages) >= 7
    for path in pages:
        parsed = Parsed(path.read_text(encoding="utf-8"))
        assert "alert(" not in parsed.scripts, path.name
        for tag, attributes in parsed.elements:
            assert not HANDLERS & set(attributes), (path.name, tag, attributes)
            assert attributes.get("id") != "out" and attributes.get("src") != "x", path.name
            for name in ("src", "href"):
                assert "javascript:" not in str(attributes.get(name)), path.name
                address = str(attributes.get(name)).partition("#")[0]  # an id may hold anything
                assert "example.com" not in address, path.name


def test_the_strips_of_the_report_show_every_title_whole(out):
    pages = [out / "site" / "study" / "similarity.html"]
    pages.append(single_file(out / "notebooks" / "similarity.ipynb", out / "similarity.html"))
    for path in pages:
        parsed = Parsed(path.read_text(encoding="utf-8"))
        text = " ".join(parsed.text.split())
        tags = [tag for tag, _ in parsed.elements]
        assert (
            tags.count("figure") == tags.count("bdi") == 2
            and tags.count("li") >= 2 * len(TITLES) - 2
        )
        for film in Run(out).table("features_index").to_dict("records"):
            assert (page_text(film["title"]) or f"film {page_text(film['imdb_id'])}") in text


def test_thumbnails_of_the_report_lie_where_the_page_and_the_notebook_look_for_them(out):
    page = Parsed((out / "site" / "study" / "similarity.html").read_text(encoding="utf-8"))
    sources = [attributes["src"] for tag, attributes in page.elements if tag == "img"]
    small = [source for source in sources if source.startswith("../thumbnails/")]
    assert len(small) == 2 * len(TITLES)
    own = (out / "notebooks" / "similarity.ipynb").read_text(encoding="utf-8")
    taken = (out / "site" / "study" / "notebooks" / "similarity.ipynb").read_text(encoding="utf-8")
    assert own.count("data:image/") >= len(small) and "data:image/" not in taken
    for source in small:
        assert (out / "site" / "study" / source).is_file()
        assert f"../{source}" in taken


def test_figures_are_pictures_with_safe_names(out):
    figures = sorted((out / "figures").iterdir())
    assert len([path for path in figures if path.name.startswith("neighbours_")]) == 2
    for path in figures:
        assert re.fullmatch(r"[A-Za-z0-9_]+\.png", path.name)
        with Image.open(path) as image:
            image.load()
            assert len(image.convert("L").getcolors(256)) > 1


def test_a_browser_runs_nothing_that_a_title_says(reader, out):
    site = (out / "site").resolve()
    pages = [path for path in site.rglob("*.html") if "_static" not in path.parts]
    assert {"films", "clusters"} <= {path.parent.name for path in pages}
    for address in [path.as_uri() for path in pages] + [
        f"{site.as_uri()}/search.html?q={word}" for word in ("alert", "script", "onmouseover")
    ]:
        reader.open(address)
        reader.evaluate("""document.querySelectorAll("main *").forEach((one) => {
            for (const kind of ["mouseover", "focus", "error"]) one.dispatchEvent(new Event(kind));
        })""")
        assert reader.evaluate("document.querySelector('#out, [onmouseover], [src=x]')") is None
    reader.open(f"{site.as_uri()}/study/films/index.html")
    for address in film_addresses(Run(out).table("features_index")["imdb_id"]).values():
        anchor = json.dumps(address.partition("#")[2])
        reader.evaluate(f"location.hash = {anchor}")
        reader.wait(f"document.getElementById({anchor})?.querySelector('h2')")
        assert reader.evaluate("document.querySelector('#out, [onmouseover], [src=x]')") is None
    assert not any("example.com" in request for request in reader.requests)


def read_shard(path):
    """What a shard holds."""
    text = path.read_text(encoding="utf-8")
    return json.loads(text.removeprefix("siteShard(").removesuffix(");\n"))


def test_every_film_has_an_address_that_shows_its_title(out):
    index = Run(out).table("features_index")
    addresses = film_addresses(by_title(index)["imdb_id"])
    assert len(set(addresses.values())) == len(index) == len(TITLES)
    anchors = [address.partition("#")[2] for address in addresses.values()]
    films = {}
    for path in (out / "site" / "study" / "films" / "shards").iterdir():
        films |= read_shard(path)
    assert set(films) == set(anchors)
    for film in index.to_dict("records"):
        title = films[addresses[film["imdb_id"]].partition("#")[2]]["title"]
        assert title == film_text(film)  # its quotes too are those of the title
    part = read_shard(out / "site" / "study" / "films" / "parts" / "1.js")
    assert [anchor for anchor, *_ in part] == anchors
    strips = (out / "site" / "study" / "similarity.html").read_text(encoding="utf-8")
    assert strips.count('<a href="films/index.html#') == 2 * len(TITLES)
    for linked in (out / "site" / "study").rglob("*.html"):
        found = Parsed(linked.read_text(encoding="utf-8")).elements
        for address in (facts.get("href") or "" for tag, facts in found if tag == "a"):
            path, _, anchor = address.partition("#")
            if re.match("https?:", path) is None and path:
                assert (linked.parent / unquote(path).partition("?")[0]).is_file(), (linked, path)
            if path.endswith("films/index.html"):
                assert not anchor or anchor in anchors, (linked, address)
