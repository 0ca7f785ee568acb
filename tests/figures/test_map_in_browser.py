"""The map of posters in a real browser: by mouse, keyboard and touch, on paper, with texts that try to be more than text."""

import base64
import csv
import json
import re
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest
from browser import CONTRAST
from PIL import Image

from poster_analysis.core.text import (
    page_text,
)
from poster_analysis.figures.map import (
    axis_column,
    column_codes,
    map_data,
    scale_column,
    write_map_page,
)

TITLES = [
    "<script>alert(1)</script>",
    '" onmouseover="x',
    "=one, two\nand three, “four”",
    "<img src=x onerror=alert(2)>",
    "שלום 🎬",
    "Móon, The (1990)",
    "x" * 900,
    "</script><!-- <script>",
]
IDS = ["a", 'b"b', "-3", "<d>", "@e\ne", "f%20f", "g#g", "h&amp;h"]
ACROSS = [0.5, 0.55, 0.1, 0.2, 0.3, 0.7, 0.0, 1.0]  # the first in the middle, the second beside it
DOWN = [0.5, 0.5, 0.4, 0.6, 0.5, 0.5, 1.0, 0.0]
LEFT = [place for place, x in enumerate(ACROSS) if x < 0.45]
N_MANY = 2000


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """The address of a map of eight films whose texts are no markup."""
    films = pd.DataFrame({"imdb_id": IDS, "title": TITLES, "x": ACROSS, "y": DOWN, "path": ""})
    films = films.assign(genre="<b>bold</b>|Drama", studio=["A", "B"] * 4, cluster=[0, 1] * 4)
    rows = [(a, rank, b) for a in IDS for rank, b in enumerate([b for b in IDS if b != a], start=1)]
    near = pd.DataFrame(rows, columns=["imdb_id", "rank", "neighbour_id"]).assign(similarity=0.25)
    data = map_data(films, colours=["cluster", "genre", "studio"], neighbours=near, about=TITLES[0])
    return write_map_page(data, tmp_path_factory.mktemp("hostile")).resolve().as_uri()


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """The address of a map of so many films that they are points from afar."""
    folder, rng = tmp_path_factory.mktemp("many"), np.random.default_rng(0)
    Image.fromarray(rng.integers(256, size=(96, 64, 3), dtype=np.uint8)).save(folder / "noise.jpg")
    films = pd.DataFrame({"imdb_id": range(N_MANY), "title": "T", "genre": "", "path": "p"})
    places = rng.random((N_MANY, 2))
    places[0] = 0.5
    films = films.assign(x=places[:, 0], y=places[:, 1], cluster=films["imdb_id"] % 3)
    sprite = {"sheet": "noise.jpg", "left": 0, "top": 0, "width": 64, "height": 96}
    sprites = pd.DataFrame([{"path": "p"} | sprite])
    data = map_data(films, colours=["cluster"], sprites=sprites, sheet_size=64)
    return write_map_page(data, folder).resolve().as_uri()


def stage(reader):
    """Left, top, width and height of the map."""
    box = "document.getElementById('map').getBoundingClientRect()"
    return reader.evaluate(f"(({{x, y, width, height}}) => [x, y, width, height])({box})")


def place(reader, number):
    """Where a poster lies in the window while all of the map is shown."""
    x, y, width, height = stage(reader)
    side = min(width - 88, height - 112)
    return x + width / 2 + (ACROSS[number] - 0.5) * side, y + height / 2 - (
        DOWN[number] - 0.5
    ) * side


def middle(reader):
    """The middle of the map in the window."""
    x, y, width, height = stage(reader)
    return x + width / 2, y + height / 2


def around_middle(reader, side=48):
    """The pixels of a square in the middle of the map."""
    x, y = middle(reader)
    return reader.look(x - side / 2, y - side / 2, side, side)


def n_colours(pixels):
    """How many different colours there are."""
    return len(np.unique(pixels.reshape(-1, 3), axis=0))


def settled(reader):
    """Wait until the map stands still; return its pixels."""
    before = reader.look(*stage(reader))
    while not np.array_equal(before, now := reader.look(*stage(reader))):
        before = now
    return before


def text(reader, selector):
    """The text of an element, or nothing if it is not shown."""
    element = f"document.querySelector({json.dumps(selector)})"
    return reader.evaluate(f"{element}?.checkVisibility() ? {element}.textContent : null")


def titles_listed(reader):
    """The titles on the list that the panel shows."""
    return reader.evaluate(
        "[...document.querySelectorAll('ul.films .title')].map((one) => one.textContent)"
    )


def rows_of(path):
    """The rows of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def the_panel_tells_of(reader, study, imdb_id):
    """Wait for a film in the panel; it and its neighbours are those of the tables."""
    reader.wait(f"location.hash === {json.dumps('#' + quote(imdb_id, safe=''))}")
    titles = {
        film["imdb_id"]: page_text(film["title"]) for film in rows_of(study / "features_index.csv")
    }
    reader.wait(
        f"document.querySelector('aside h2')?.textContent === {json.dumps(titles[imdb_id])}"
    )
    assert reader.evaluate("document.title").startswith(titles[imdb_id])
    table = rows_of(study / "tables" / "neighbours.csv")
    near = [row for row in table if row["imdb_id"] == imdb_id]
    shown = "[...document.querySelectorAll('.near button')].map((one) => [one.querySelector('.title'), ...one.querySelectorAll('.rank')].map((part) => part.textContent))"
    assert reader.evaluate(shown) == [
        [titles[row["neighbour_id"]], f"{row['rank']} · ", f"{float(row['similarity']):.3f}"]
        for row in near
    ]
    assert len(near) == 6
    return [row["neighbour_id"] for row in near]


def test_a_click_leads_from_the_run_to_its_map_and_back(reader, site):
    reader.open(f"{site}/study/index.html")
    reader.click("nav.cards a[href='map/index.html']", loads=True)
    assert text(reader, "h1") == "Poster map"
    assert n_colours(reader.look(*stage(reader))) > 100
    assert "48 posters" in text(reader, "#about")
    reader.click("header a[href='../index.html']", loads=True)
    assert reader.evaluate("location.pathname").endswith("/study/index.html")


def test_on_the_site_a_film_leads_to_its_page_and_from_there_to_the_map(reader, site, study):
    film = rows_of(study / "features_index.csv")[20]
    reader.open(f"{site}/study/map/index.html#{film['imdb_id']}")
    reader.click("aside .actions button")
    reader.click("aside .actions a", loads=True)
    assert "/study/films/" in reader.evaluate("location.pathname")
    here = "document.getElementById(location.hash.slice(1))"
    assert page_text(film["title"]) in reader.evaluate(f"{here}.textContent")
    reader.evaluate(f"{here}.querySelector('a[href*=map]').dataset.here = ''")
    reader.click("[data-here]", loads=True)
    assert text(reader, "aside h2") == page_text(film["title"])
    assert text(reader, "#listed") == "List (1)"  # it was not lost on the way


def test_in_the_folder_of_the_study_no_film_has_a_page(reader, study):
    film = rows_of(study / "features_index.csv")[20]
    reader.open(f"{(study / 'map' / 'index.html').resolve().as_uri()}#{film['imdb_id']}")
    assert text(reader, "aside h2") == page_text(film["title"])
    assert reader.evaluate("document.querySelectorAll('a').length") == 0


def test_points_become_posters_when_one_goes_near(reader, many):
    reader.show(width=800, height=500)
    reader.open(many)
    assert 1 < n_colours(settled(reader)) < 1000
    x, y = middle(reader)
    reader.drag((x, y), (x - 10, y + 30), (x - 30, y + 60))
    reader.drag((x - 30, y + 60), (x, y))  # and back again
    for _ in range(6):
        reader.wheel(x, y, -240)
    reader.wait_for(lambda: n_colours(around_middle(reader)) > 500)  # noise, not flat
    near = settled(reader)
    reader.point(5, 5)
    reader.drag((x + 100, y), (x + 140, y + 50))
    dragged = settled(reader)
    inner = (slice(120, -120), slice(250, -150))  # apart from what lies on the map
    moved = np.roll(near, (50, 40), axis=(0, 1))[inner].astype(int) - dragged[inner]
    still = near[inner].astype(int) - dragged[inner]
    assert np.abs(moved).mean() < 0.2 * np.abs(still).mean()
    for _ in range(6):
        reader.wheel(x, y, 240)
    reader.wait_for(lambda: n_colours(settled(reader)) < 1000)


def test_a_poster_tells_its_name_and_leads_to_its_neighbours(reader, files, study):
    film = rows_of(study / "features_index.csv")[20]
    reader.open(f"{files}/study/map/index.html#{film['imdb_id']}")
    near = the_panel_tells_of(reader, study, film["imdb_id"])
    reader.wait_for(lambda: n_colours(around_middle(reader)) > 300)  # without a hand moved
    reader.point(*middle(reader))
    reader.wait("!document.getElementById('card').hidden")
    assert text(reader, "#card .title") == page_text(film["title"])
    assert text(reader, "#card .more") == film["genre"].replace("|", ", ")
    reader.click(".near li:nth-child(2) button")
    the_panel_tells_of(reader, study, near[1])
    reader.evaluate("history.back()")
    the_panel_tells_of(reader, study, film["imdb_id"])
    settled(reader)
    place = middle(
        reader
    )  # of the map beside the panel; there the film stays when the panel is gone
    reader.press("Escape")
    assert text(reader, "aside") is None and not reader.evaluate("location.hash")
    reader.drag(place)
    reader.wait("!document.getElementById('panel').hidden")
    chosen = reader.evaluate("decodeURIComponent(location.hash.slice(1))")
    the_panel_tells_of(reader, study, chosen)


def test_what_lies_under_the_mouse_stays_there_when_the_wheel_turns(reader, hostile):
    reader.open(hostile)
    settled(reader)
    x, y = place(reader, 3)
    reader.wheel(x, y, -240)
    reader.point(x + 1, y)
    reader.wait("!document.getElementById('card').hidden")
    assert text(reader, "#card .title") == TITLES[3]
    reader.point(x + 60, y)
    assert text(reader, "#card") is None


def test_the_map_stays_where_it_is_when_the_panel_opens(reader, hostile):
    reader.open(hostile)
    before, place = settled(reader), middle(reader)
    reader.drag(place)
    reader.wait("location.hash === '#a'")
    assert stage(reader)[2] < before.shape[1]
    reader.point(5, 5)
    reader.point(*place)  # the film is still where it was clicked
    reader.wait("!document.getElementById('card').hidden")
    assert text(reader, "#card .title") == TITLES[0]
    reader.click("aside .close")
    reader.point(5, 5)
    reader.evaluate("document.activeElement.blur()")
    assert np.array_equal(before[:, :-80], settled(reader)[:, :-80])  # apart from the buttons


def test_the_whole_map_is_fitted_into_another_window(reader, hostile):
    reader.open(hostile)
    settled(reader)
    reader.show(width=800, height=500)
    reader.wait("document.getElementById('map').width === 800")
    settled(reader)
    reader.drag(middle(reader))
    reader.wait("location.hash === '#a'")


def test_the_whole_map_beside_an_open_panel_is_fitted_into_another_window(reader, hostile):
    reader.open(hostile)
    settled(reader)
    reader.click("#inview")
    assert text(reader, "aside h2") == "8 posters listed"
    reader.show(width=800, height=500)
    reader.wait("document.getElementById('map').width < 800")
    settled(reader)
    reader.click("#inview")
    assert text(reader, "aside h2") == "8 posters listed"


def test_the_search_is_opened_used_and_left_by_keyboard(reader, hostile):
    reader.open(hostile)
    reader.press("/")
    assert reader.evaluate("document.activeElement.id") == "search"
    assert reader.evaluate("document.activeElement.value") == ""
    reader.type("SCRIPT")
    marked = "document.querySelector('#found [aria-selected=true]').firstChild.textContent"
    shown = "[...document.querySelectorAll('#found li')].map((one) => one.firstChild.textContent)"
    found = reader.evaluate(shown)
    assert sorted(found) == sorted([TITLES[0], TITLES[7]])
    assert reader.evaluate(marked) == found[0]
    reader.press("ArrowDown")
    assert reader.evaluate(marked) == found[1]
    reader.press("Enter")
    assert text(reader, "aside h2") == found[1] and text(reader, "#found") is None
    assert reader.evaluate("document.activeElement.id") == "panel"
    reader.press("Escape")
    assert text(reader, "aside") is None
    assert reader.evaluate("document.activeElement.id") == "map"
    reader.press("/")
    reader.type("the moon")  # takes the place of what was written before; "Móon, The (1990)"
    assert text(reader, "#found [aria-selected=true] span") == TITLES[5]
    reader.evaluate("document.getElementById('search').value = ''")
    reader.type("nowhere")
    assert "No title" in text(reader, "#found")
    reader.press("Escape")
    assert text(reader, "#found") is None
    reader.evaluate("document.getElementById('search').value = ''")
    reader.type("alert(2)")
    reader.click("#found li")
    assert text(reader, "aside h2") == TITLES[3]


def test_the_map_is_walked_by_keyboard(reader, hostile):
    reader.open(hostile)
    reader.evaluate("document.getElementById('map').focus()")
    reader.press("+")
    reader.wait(f"document.querySelector('#card .title').textContent === {json.dumps(TITLES[0])}")
    reader.press("ArrowRight")
    reader.wait(f"document.querySelector('#card .title').textContent === {json.dumps(TITLES[1])}")
    reader.press("Enter")
    reader.wait("location.hash === '#b%22b'")
    reader.press("Escape")
    reader.press("ArrowLeft")
    reader.press("+")
    near = settled(reader)
    reader.press("-")
    assert not np.array_equal(near, settled(reader))
    reader.press("0")
    reader.wait_for(lambda: not np.array_equal(near, settled(reader)))
    reader.press("Enter")
    reader.wait("location.hash === '#a'")


def test_tab_reaches_everything_and_shows_where_it_is(reader, hostile):
    reader.open(f"{hostile}#a")
    reader.click("aside .actions button")  # now there is a list too
    reader.evaluate("document.activeElement.blur()")
    reader.open(f"{hostile}#a")
    n, places, hidden = reader.walk()
    assert places == list(range(n)) and n > 18  # in the order of the page
    assert hidden == []


def test_a_legend_shows_one_value_alone(reader, hostile):
    reader.open(hostile)
    names = "[...document.querySelectorAll('#entries .name')].map((one) => one.textContent)"
    assert reader.evaluate(names) == ["0", "1"] and text(reader, "#legend-title") == "cluster"
    clusters = settled(reader)
    reader.click("#colour")
    reader.press("Escape")
    reader.press("ArrowDown")
    reader.press("ArrowDown")
    assert reader.evaluate(names) == ["A", "B"] and text(reader, "#legend-title") == "studio"
    reader.press("ArrowUp")
    assert reader.evaluate(names) == ["<b>bold</b>", "Drama"]
    reader.press("ArrowUp")
    reader.evaluate("document.activeElement.blur()")
    assert np.array_equal(clusters, settled(reader))
    reader.click("#entries li:nth-child(2) button")
    assert not np.array_equal(clusters, settled(reader))
    reader.click("#inview")
    assert titles_listed(reader) == [page_text(title) for title in TITLES[1::2]]


def test_numbers_are_coloured_on_a_scale_in_their_order(reader, tmp_path):
    films = pd.DataFrame({"imdb_id": IDS, "title": TITLES, "x": ACROSS, "y": DOWN, "path": ""})
    films = films.assign(genre="", cluster=[0, 1] * 4)
    light = scale_column("lightness, L*", [10, 25, 31, 42, 58, 67, 81, float("nan")])
    data = map_data(films, colours=["cluster"], scales=[light], about="")
    reader.open(write_map_page(data, tmp_path).resolve().as_uri())
    reader.click("#colour")
    reader.press("Escape")
    reader.press("ArrowDown")
    names = "[...document.querySelectorAll('#entries .name')].map((one) => one.textContent)"
    assert reader.evaluate(names) == [*light["values"], "unknown"]
    counts = (
        "[...document.querySelectorAll('#entries .count')].map((one) => Number(one.textContent))"
    )
    codes = [code for codes in column_codes(light) for code in codes]
    assert reader.evaluate(counts) == [*np.bincount(codes, minlength=len(light["values"])), 1]
    marks = "[...document.querySelectorAll('#entries i')].map((one) => getComputedStyle(one).backgroundColor)"
    assert len(set(reader.evaluate(marks))) == len(light["values"]) + 1
    reader.open(f"{reader.evaluate('location.href').split('#')[0]}#a")
    assert "lightness" not in text(reader, "#panel")  # of many numbers the one that is looked at


def draw_around(reader, *, left, right, shift=False):
    """Draw a line round all posters between two places of the map across."""
    x, y, width, height = stage(reader)
    side = min(width - 88, height - 112)  # the map is a square in the middle
    a, b = (x + width / 2 + (place - 0.5) * side for place in (left, right))
    top, bottom = y + 10, y + height - 10
    reader.drag((b, top), (a, top), (a, bottom), (b, bottom), (b, top + 30), shift=shift)


def test_what_a_line_is_drawn_round_stands_out_is_listed_and_saved(reader, hostile):
    reader.open(hostile)
    whole, pieces = settled(reader), {number: place(reader, number) for number in (1, 2)}
    reader.click("#lasso")
    assert text(reader, "#said.shown") == "Draw a line around posters"
    draw_around(reader, left=-0.02, right=0.45)
    assert titles_listed(reader) == [page_text(TITLES[place]) for place in LEFT]
    assert reader.evaluate("document.getElementById('lasso').ariaPressed") == "false"
    here = {number: (slice(int(y - top) - 2, int(y - top) + 3), slice(int(x) - 2, int(x) + 3))
            for top in [stage(reader)[1]] for number, (x, y) in pieces.items()}  # fmt: skip
    now = settled(reader)
    assert np.array_equal(now[here[2]], whole[here[2]])
    assert now[here[1]].min() > whole[here[1]].min() + 50  # the others are pale
    path = reader.download("aside .actions button")
    reader.complaints[:] = [text for text in reader.complaints if "ERR_ABORTED" not in text]
    # what a spreadsheet would work out begins with an apostrophe, a number does not; the mark says that it is UTF-8
    as_text = {word: f"'{word}" for word in (IDS[4], page_text(TITLES[2]))}
    films = [(IDS[place], page_text(TITLES[place])) for place in LEFT]
    assert [tuple(row.values()) for row in rows_of(path)] == [
        tuple(as_text.get(word, word) for word in film) for film in films
    ]
    assert path.read_bytes().startswith("\ufeffimdb_id,title\n".encode()) and "-3" in IDS


def test_a_list_is_not_lost(reader, hostile, many):
    reader.open(hostile)
    draw_around(reader, left=-0.02, right=0.45, shift=True)
    reader.click("ul.films li:nth-child(2) button")
    assert text(reader, "aside h2") == TITLES[3]
    reader.click("aside .actions button")
    assert text(reader, "#listed") == "List (3)"
    reader.evaluate("history.back()")
    reader.wait("document.querySelector('aside h2').textContent === '3 posters listed'")
    reader.click("aside .close")
    reader.click("#listed")
    assert TITLES[3] not in titles_listed(reader) and len(titles_listed(reader)) == 3
    reader.click("aside .close")
    reader.click("#zoom-all")
    settled(reader)
    draw_around(reader, left=0.45, right=0.6, shift=True)
    assert titles_listed(reader) == TITLES[:2]
    reader.click("aside .actions button:nth-child(2)")
    assert sorted(titles_listed(reader)) == sorted(
        page_text(TITLES[place]) for place in {0, 1, *LEFT} - {3}
    )
    reader.open(many)
    assert text(reader, "#listed") is None
    reader.open(hostile)
    assert text(reader, "#listed") == "List (5)"
    x, y = middle(reader)
    reader.drag((x, y - 90), (x + 30, y - 90), (x + 30, y - 60), shift=True)
    assert text(reader, "#said.shown") == "No poster there"
    reader.click("#listed")
    assert len(titles_listed(reader)) == 5
    reader.click("aside .actions button:last-child")
    assert text(reader, "aside") is None and text(reader, "#listed") is None


def test_fingers_pinch_and_tap(reader, hostile):
    reader.show(width=390, height=844, touch=True)
    reader.open(hostile)
    settled(reader)
    x, y = middle(reader)
    steps = [[(x - side, y), (x + side, y)] for side in (20, 30, 45, 60, 80, 100)]
    reader.touch(*steps)
    second = (x + 0.05 * (390 - 88) * 5, y)  # five times as far from the first as before
    reader.touch([second])
    reader.wait("location.hash === '#b%22b'")
    assert text(reader, "aside h2") == TITLES[1]
    reader.press("Escape")
    reader.evaluate("document.getElementById('zoom-all').click()")
    settled(reader)
    reader.touch([(x, y)])
    reader.wait("location.hash === '#a'")
    assert n_colours(settled(reader)) > 1
    assert n_colours(around_middle(reader)) > 1  # what was tapped is not left behind the panel
    reader.touch([(x, y - 200)], [(x + 80, y - 200)], [(x + 300, y - 200)])
    assert n_colours(around_middle(reader, 8)) == 1  # moved out of the middle
    small = "[...document.querySelectorAll('button, select, input, summary')].filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 44)"
    assert reader.evaluate(f"{small}.map((one) => one.outerHTML)") == []


def test_a_finger_that_scrolls_the_films_found_chooses_none(reader, many):
    reader.show(width=390, height=844, touch=True)
    reader.open(many)
    reader.click("#search")
    reader.type("t")
    reader.touch([(150, 300)], [(150, 260)], [(150, 200)], [(150, 150)])
    reader.wait("document.getElementById('found').scrollTop > 40")
    assert text(reader, "aside") is None and text(reader, "#found")
    reader.click("#found li:nth-child(12)")
    assert text(reader, "aside h2") == "T"


CROWDED = """(() => {
    const shown = [".zoom", ".legend", ".about"].map((name) => document.querySelector(name))
        .filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect());
    const on = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    const covered = [...document.querySelectorAll(".zoom button, .legend summary, header button, header input, header select, aside .close")]
        .filter((one) => one.checkVisibility()).filter((one) => {
            const {left, top, width, height} = one.getBoundingClientRect();
            return !one.contains(document.elementFromPoint(left + width / 2, top + height / 2));
        });
    return [shown.filter((a, place) => shown.slice(place + 1).some((b) => on(a, b))).length, covered.map((one) => one.outerHTML)];
})()"""


@pytest.mark.parametrize(
    ("width", "height", "scheme"),
    [
        (1280, 844, "light"), (1280, 844, "dark"), (390, 844, "light"), (390, 844, "dark"),
        (320, 640, "light"), (844, 390, "dark"),
    ],
)  # fmt: skip
def test_the_map_fits_and_can_be_read_in_both_schemes(reader, hostile, width, height, scheme):
    reader.show(width=width, height=height, scheme="dark" if scheme == "light" else "light")
    reader.open(hostile)
    reader.show(width=width, height=height, scheme=scheme)  # it may change while the page is open
    for act in (
        lambda: None,
        lambda: reader.click("#inview"),
        lambda: reader.open(f"{hostile}#g%23g"),
    ):
        act()
        sideways = "[document.documentElement, document.body, ...document.querySelectorAll('header, aside')].filter((one) => one.scrollWidth > one.clientWidth).length"
        assert reader.evaluate(sideways) == 0
        assert reader.evaluate("[innerWidth, document.documentElement.scrollHeight]") == [
            width, height,
        ]  # fmt: skip
        reader.evaluate("document.querySelector('aside').scrollTo(0, 9999)")
        assert reader.evaluate(CONTRAST) == []
        assert reader.evaluate(CROWDED) == [0, []]
        light = reader.look(*stage(reader)).mean() > 128
        assert light == (scheme == "light")


def test_a_sharper_screen_gets_a_sharper_map(reader, hostile):
    reader.open(hostile)
    reader.show(sharpness=2)
    reader.wait(
        "(({width, clientWidth}) => width === 2 * clientWidth)(document.querySelector('canvas'))"
    )
    reader.point(*place(reader, 1))
    assert text(reader, "#card .title") == TITLES[1]


def test_where_the_reader_has_colours_of_his_own_values_keep_theirs(reader, hostile):
    reader.open(hostile)
    reader.click("#entries li button")
    colours = "[...document.querySelectorAll('#entries i, #entries button')].map((one) => getComputedStyle(one).backgroundColor)"
    before = reader.evaluate(colours)
    reader.show(forced=True)
    after = reader.evaluate(colours)
    assert [after[1], after[3]] == [before[1], before[3]] and after[1] != after[3]
    assert after[0] != after[2] and after[0] != before[0]  # what is chosen can be told


def test_on_paper_the_map_is_one_light_picture_and_the_list_is_whole(reader, many):
    reader.show(scheme="dark")
    reader.open(many)
    for _ in range(6):
        reader.wheel(*middle(reader), -240)
    reader.wait_for(lambda: n_colours(around_middle(reader)) > 500)
    assert settled(reader)[5, 400].max() < 128
    pages = base64.b64decode(reader.command("Page.printToPDF")["data"])
    sizes = re.findall(rb"/Width (\d+)\s*/Height (\d+)", pages)
    assert sum(int(width) * int(height) > 10_000 for width, height in sizes) == 1
    reader.click("#zoom-all")
    settled(reader)
    reader.click("#inview")
    reader.show(scheme="dark", media="print")
    settled(reader)
    assert reader.look(1270, 300, 4, 4).min() > 240 and n_colours(reader.look(*stage(reader))) > 1
    for selector in (".search", ".tools", ".zoom", "aside .actions", "aside .close"):
        assert text(reader, selector) is None
    cut = "(({scrollHeight, clientHeight}) => scrollHeight > clientHeight)(document.querySelector('aside'))"
    assert not reader.evaluate(cut)
    assert reader.evaluate("document.documentElement.scrollHeight") > 2000


def test_texts_make_no_elements(reader, hostile):
    for imdb_id, title in zip(IDS, TITLES, strict=True):
        reader.open(f"{hostile}#{quote(imdb_id, safe='')}")
        assert text(reader, "aside h2") == page_text(title)
    reader.click("#inview")
    reader.click("#search")
    reader.type("a")
    reader.evaluate("document.getElementById('colour').selectedIndex = 1")
    reader.evaluate("document.getElementById('colour').dispatchEvent(new Event('change'))")
    assert (
        reader.evaluate("document.querySelectorAll('b, img, body script:not([src])').length") == 0
    )
    assert reader.evaluate("document.querySelectorAll('script').length") == 2
    handlers = "[...document.querySelectorAll('*')].some((one) => [...one.attributes].some(({name}) => name.startsWith('on')))"
    assert not reader.evaluate(handlers)
    assert text(reader, "#about") == TITLES[0]


def test_an_address_of_no_poster_says_so(reader, hostile):
    reader.open(f"{hostile}#%3Cimg%20src=x%3E")
    assert text(reader, "aside h2") == "No poster here has the id <img src=x>"
    reader.click("aside .close")
    assert not reader.evaluate("location.hash")


def test_without_scripts_the_page_says_what_is_missing(reader, hostile):
    reader.command("Emulation.setScriptExecutionDisabled", value=True)
    try:
        reader.open(hostile)
        assert "script" in text(reader, "noscript")
        assert text(reader, "main") is None and text(reader, ".tools") is None
    finally:
        reader.command("Emulation.setScriptExecutionDisabled", value=False)
        reader.forget()  # that scripts were refused


def test_without_its_data_the_page_says_what_is_missing(reader, study, tmp_path):
    for name in ("index.html", "map.css", "map.js"):
        (tmp_path / name).write_bytes((study / "map" / name).read_bytes())
    reader.open((tmp_path / "index.html").as_uri())
    assert "data.js" in text(reader, "body > p.message")
    assert text(reader, "main") is None and text(reader, "#search") is None
    reader.forget()  # that a file is missing


@pytest.fixture(scope="module")
def by_numbers(tmp_path_factory):
    """The address of a map of six films with years, of which two are the same and one is unknown, and a measure."""
    films = pd.DataFrame({"imdb_id": list("abcdef"), "title": [f"Film {one}" for one in "abcdef"]})
    films = films.assign(genre="", path="", x=np.linspace(0, 1, 6), y=0.5, cluster=0)
    light = scale_column("lightness, L*", [10, 20, 30, 40, 50, 90])
    years = axis_column("year", [1990, 1990, np.nan, 2000, 2004, 2010])
    data = map_data(films, colours=["cluster"], scales=[light], axes=[years])
    return write_map_page(data, tmp_path_factory.mktemp("numbers")).resolve().as_uri()


def choose(browser, name, value):
    """Choose what a list offers."""
    browser.evaluate(
        f"""(() => {{
            const list = document.getElementById({json.dumps(name)});
            list.value = {json.dumps(value)};
            list.dispatchEvent(new Event("change"));
        }})()"""
    )


def listed_within(browser, left, top, right, bottom):
    """The titles of the posters within a part of the map, by its lasso."""
    x, y, wide, high = browser.evaluate(
        "(() => { const b = document.getElementById('map').getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; })()"
    )
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    browser.drag(*[(x + one * wide, y + other * high) for one, other in corners], shift=True)
    browser.wait("document.querySelector('#panel .films')")
    titles = browser.evaluate(
        "[...document.querySelectorAll('#panel .films .title')].map((one) => one.textContent)"
    )
    browser.click("#panel .close")
    return {title.removeprefix("Film ") for title in titles}


def test_posters_are_placed_by_two_numbers_and_back(browser, by_numbers):
    browser.show()
    browser.open(by_numbers)
    browser.forget()
    options = "[...document.getElementById('across').options].map((one) => one.value)"
    assert browser.evaluate(options) == ["", "year", "lightness, L*"]
    assert browser.evaluate("document.getElementById('up').closest('label').hidden")
    choose(browser, "across", "year")
    assert not browser.evaluate("document.getElementById('up').closest('label').hidden")
    about = browser.evaluate("document.getElementById('about').textContent")
    assert about.startswith(
        "5 posters by year (to the right) and lightness, L* (upwards). 1 poster"
    )
    assert listed_within(browser, 0.01, 0.01, 0.99, 0.99) == set("abdef"), "c has no year"
    assert listed_within(browser, 0.6, 0.01, 0.99, 0.99) == set("ef"), "late ones to the right"
    assert listed_within(browser, 0.01, 0.55, 0.99, 0.99) == set("abd"), "dark ones below"
    browser.evaluate("location.hash = '#c'")  # whose year is not known: the map shows it
    browser.wait("document.querySelector('#panel h2')?.textContent === 'Film c'")
    assert browser.evaluate("document.getElementById('across').value") == ""
    assert browser.complaints == []


def test_a_map_without_numbers_offers_no_axes(browser, hostile):
    browser.show()
    browser.open(hostile)
    assert browser.evaluate("document.getElementById('across').closest('label').hidden")
