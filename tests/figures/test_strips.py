"""Strips as HTML: whatever comes from data arrives as text, and nothing of it as markup."""

import re
import unicodedata
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poster_analysis.core.errors import InputError
from poster_analysis.core.text import (
    LONGEST_TEXT,
    page_text,
)
from poster_analysis.figures.strips import (
    move_thumbnails,
    neighbour_strip_html,
    strip_sheet_html,
)
from poster_analysis.figures.thumbnails import Thumbnail

HOSTILE = [
    "<script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "</p></li></ol></figure></div><h1>out</h1>",
    "<!-- comment --> <![CDATA[ x ]]> <?php ?>",
    "</style><style>* {display: none}</style>",
    "&lt;b&gt; &amp;amp; &#60;i&#62; &notanentity",
    "`````{raw} html ```{eval-rst}``` $x$ {{ y }}",
    f'x" src="../thumbnails/{"0" * 32}-240.jpg" y="',
    "שלום עולם \u202e override \u2066 isolate",
    "می‌خواهم 👨‍👩‍👧 七人の侍",
    "two\nlines\r\n\tand tabs",
    "\x00\x07\x1b[31m control \x7f\x9b",
    "\ud800 lone surrogate",
    "very " * 2000 + "long",
    "x" * 5000,
]
TAGS = {"div", "style", "figure", "figcaption", "bdi", "p", "b", "span", "img", "ol", "li"}
ATTRIBUTES = {
    "alt", "class", "data-film", "dir", "height", "loading", "role", "src", "style", "title", "value", "width",
}  # fmt: skip
#: What stays of the look where a notebook is not trusted and its style sheet is taken away.
STYLES = (
    "display:inline-block;vertical-align:top;width:8em",
    "list-style:none;margin:0;padding:0",
)
NAME = f"{'0123456789abcdef' * 2}-240.jpg"
THUMBNAILS = {"1.jpg": Thumbnail(NAME, 162, 240), "gone.jpg": Thumbnail(reason="no such file")}


class Parsed(HTMLParser):
    """What a browser makes of a page: elements with attributes, and the text of each element."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.open, self.texts, self.closed = [], [], {}, True
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        assert len(attributes) == len(dict(attributes)), attributes
        if tag != "img":
            self.open.append((tag, dict(attributes).get("class")))
            self.texts.setdefault(self.open[-1], []).append("")

    def handle_endtag(self, tag):
        self.closed &= bool(self.open) and self.open.pop()[0] == tag

    def handle_data(self, data):
        self.texts[self.open[-1]][-1] += data

    def handle_comment(self, data):
        raise AssertionError(data)

    handle_decl = unknown_decl = handle_pi = handle_comment

    def shape(self):
        """Elements and the names of their attributes."""
        return [(tag, sorted(attributes)) for tag, attributes in self.elements]


@pytest.fixture(autouse=True)
def strings_as_python_has_them():
    """Half a character, such as a file name may hold, is no string to Arrow."""
    with pd.option_context("mode.string_storage", "python"):
        yield


def films(title="Heat", genre="Crime", path="1.jpg", n=2):
    ids = [str(number) for number in range(n)]
    return pd.DataFrame({"imdb_id": ids, "title": title, "genre": genre, "path": path}).assign(
        rank=range(1, n + 1), similarity=0.5
    )


def strip(title="Heat", genre="Crime", path="1.jpg"):
    table = films(title, genre, path)
    return neighbour_strip_html(table.iloc[0], table, THUMBNAILS)


PLAIN = Parsed(strip())


def assert_text(text):
    """A title, a genre and an id arrive as text, in a page of the usual elements."""
    parsed = Parsed(strip(text, text))
    said = page_text(text)
    assert parsed.closed and not parsed.open
    if said:
        assert parsed.shape() == PLAIN.shape()
        assert parsed.texts["p", "title"] == [said] * 3
        assert parsed.texts["p", "genres"] == [said.replace("|", ", ")] * 3
        assert parsed.texts["bdi", None] == [said]
        images = [attributes for tag, attributes in parsed.elements if tag == "img"]
        assert [image["alt"] for image in images] == [f"Poster of {said}"] * 3
        assert {image["src"] for image in images} == {f"../thumbnails/{NAME}"}


@pytest.mark.parametrize("text", HOSTILE)
def test_titles_and_genres_arrive_as_text(text):
    assert_text(text)
    strip(text, text).encode("utf-8")


@given(st.text())
def test_any_text_arrives_as_text(text):
    assert_text(text)


@given(st.lists(st.sampled_from([*"<>&\"'`/=! -", "script", "src", "&lt;", "\n", "\x00"])))
def test_any_mixture_of_marks_arrives_as_text(parts):
    assert_text("".join(parts))


@given(st.text())
def test_page_text_is_one_short_line_that_html_may_hold(text):
    said = page_text(text)
    assert len(said) <= LONGEST_TEXT and said == " ".join(said.split())
    assert not {"Cc", "Cs"} & {unicodedata.category(character) for character in said}
    assert page_text(said) == said


@pytest.mark.parametrize("title", HOSTILE[9:11])
def test_joiners_and_directions_of_a_title_are_kept(title):
    assert page_text(title) == title


@pytest.mark.parametrize("text", HOSTILE)
def test_ids_file_names_and_reasons_are_data(text):
    table = films(title="", path=text).assign(imdb_id=text)
    page = neighbour_strip_html(table.iloc[0], table, {text: Thumbnail(reason=text)})
    parsed = Parsed(page)
    assert parsed.closed and "img" not in [tag for tag, _ in parsed.elements]
    assert parsed.texts["span", "none"] == [page_text(text)] * 3
    assert {tag for tag, _ in parsed.elements} <= TAGS


def test_only_known_elements_and_attributes_and_no_script():
    for tag, attributes in PLAIN.elements:
        assert tag in TAGS and set(attributes) <= ATTRIBUTES
    assert {attributes.get("style", STYLES[0]) for _, attributes in PLAIN.elements} == {*STYLES}
    style = "".join(PLAIN.texts["style", None])
    assert not re.search(r"url|@import|expression|<", style)


def test_pictures_wait_and_have_their_size():
    (image, *_) = [attributes for tag, attributes in PLAIN.elements if tag == "img"]
    assert (image["width"], image["height"], image["loading"]) == ("162", "240", "lazy")


def test_film_first_then_neighbours_by_rank_with_their_scores():
    table = films(n=3).assign(rank=[3, 1, 2], similarity=[0.1, 0.9, -0.25], title=["c", "a", "b"])
    page = neighbour_strip_html({"title": "asked"}, table, THUMBNAILS)
    parsed = Parsed(page)
    assert parsed.texts["p", "title"] == ["asked", "a", "b", "c"]
    assert [attributes["value"] for tag, attributes in parsed.elements if tag == "li"] == [
        "1", "2", "3",
    ]  # fmt: skip
    assert [text for text in parsed.texts["span", None]] == ["0.900", "−0.250", "0.100"]
    assert page.index("asked") < page.index("<ol")


def test_a_poster_that_is_missing_says_why():
    assert Parsed(strip(path="gone.jpg")).texts["span", "none"] == ["no such file"] * 3
    for unknown in ("unknown.jpg", None, float("nan")):
        assert Parsed(strip(path=unknown)).texts["span", "none"] == ["no poster"] * 3


def test_a_film_without_title_and_genre_has_its_id():
    parsed = Parsed(strip(title=float("nan"), genre=None))
    assert parsed.texts["p", "title"] == ["film 0", "film 0", "film 1"]
    assert ("p", "genres") not in parsed.texts


def test_a_sheet_has_its_style_once():
    strips = [(films().iloc[0], films())] * 3
    parsed = Parsed(strip_sheet_html(strips, THUMBNAILS, folder="small"))
    tags = [tag for tag, _ in parsed.elements]
    assert tags.count("figure") == 3 and tags.count("style") == 1
    sources = {attributes["src"] for tag, attributes in parsed.elements if tag == "img"}
    assert sources == {f"small/{NAME}"}


@pytest.mark.parametrize("folder", ["/abs", "http://host", "//host", "javascript:x", "\\\\host"])
def test_addresses_are_relative(folder):
    with pytest.raises(InputError, match="relative"):
        strip_sheet_html([(films().iloc[0], films())], THUMBNAILS, folder=folder)


def test_a_folder_is_data_too():
    page = strip_sheet_html([(films().iloc[0], films())], THUMBNAILS, folder='a" onload="x')
    assert Parsed(page).shape() == PLAIN.shape()


def test_empty_or_incomplete_tables_are_refused():
    with pytest.raises(InputError, match="no rows"):
        neighbour_strip_html({}, films().iloc[:0], {})
    with pytest.raises(InputError, match="no column similarity"):
        neighbour_strip_html({}, films().drop(columns="similarity"), {})
    with pytest.raises(InputError, match="no strips"):
        strip_sheet_html([], {})


@pytest.mark.parametrize("text", HOSTILE)
def test_moving_thumbnails_moves_those_and_nothing_else(text):
    page = strip(text, text)
    moved = move_thumbnails(page, '"{}'.format)
    sources = [attributes["src"] for tag, attributes in Parsed(moved).elements if tag == "img"]
    assert sources == [f'"{NAME}'] * 3
    assert moved.replace("&quot;" + NAME, f"../thumbnails/{NAME}") == page
