"""The live map in a real browser, where a small model in JavaScript takes the place of the kernel."""

import base64
import html
import io
import json
import re

import numpy as np
import pandas as pd
import pytest
from browser import CONTRAST
from PIL import Image

from poster_analysis.api.live_map import LiveMap, live_map, still_map
from poster_analysis.core.errors import InputError
from poster_analysis.core.text import page_text
from poster_analysis.study.run import open_run

TITLES = [
    "<script>alert(1)</script>",
    '" onmouseover="x',
    "<img src=x onerror=alert(2)>",
    "</figure>שלום 🎬",
]
MODEL = """
const bytes = (text) => new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
const sent = [];
const modelOf = (state) => {
  const heard = new Map();
  return {
    get: (name) => state[name],
    set: (name, value) => {
      state[name] = value;
      for (const act of heard.get(`change:${name}`) ?? []) act();
    },
    save_changes: () => sent.push(JSON.parse(JSON.stringify([state.selection, state.color, state.chosen]))),
    on: (name, act) => heard.set(name, [...(heard.get(name) ?? []), act]),
    off: (name, act) => heard.set(name, (heard.get(name) ?? []).filter((one) => one !== act)),
    listeners: () => [...heard.values()].flat().length,
  };
};
const state = STATE;
for (const name of ["_data", "_columns"]) state[name] = bytes(state[name]);
state._sheets = state._sheets.map(bytes);
const model = modelOf(state), begun = performance.now();
const places = [...document.querySelectorAll(".place")];
const ends = places.map((el) => render({ model, el }));
const mapIn = (number) => places[number].querySelector(".poster-map").shadowRoot;
Object.assign(window, { model, sent, ends, mapIn, begun });
"""
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A notebook</title>
<style>body {{ margin: 20px; background: {paper}; color: {ink}; font: 14px sans-serif }} button {{ border: 5px dotted green }} p {{ margin: 10px 0 }}</style>
<body data-jp-theme-light="{light}"><h1 id="title">A notebook</h1><p>text above</p>
{places}
<p id="said">text below <button id="lasso">a button of the notebook</button></p>
<div style="height: 900px"></div>
<script type="module">{script}</script></body></html>"""


def in_page(view, folder, *, n_maps=1, light=True, name="notebook.html"):
    """The address of a page that shows a view as a notebook would."""
    packed = {key: base64.b64encode(getattr(view, key)).decode() for key in ("_data", "_columns")}
    state = packed | {"_sheets": [base64.b64encode(sheet).decode() for sheet in view._sheets]}
    state |= {key: getattr(view, key) for key in ("axes", "chosen", "color", "height", "visible")}
    state["selection"] = view.selection["imdb_id"].astype(str).tolist()
    script = view._esm + MODEL.replace("STATE", json.dumps(state).replace("<", "\\u003c"))
    paper, ink = ("white", "black") if light else ("#111", "#eee")
    places = '<div class="place"></div>' * n_maps
    words = {"paper": paper, "ink": ink, "light": json.dumps(light), "places": places}
    (folder / name).write_text(PAGE.format(script=script, **words), encoding="utf-8")
    return (folder / name).resolve().as_uri()


@pytest.fixture(scope="module")
def run(study):
    """The run of the finished study."""
    return open_run(study)


@pytest.fixture(scope="module")
def posters(run):
    """A table of its posters as `live_map` wants it."""
    index, places = run.table("features_index"), run.table("map")
    return index.assign(x=places["x"], y=places["y"], cluster=run.table("clusters_pca")["cluster"])


@pytest.fixture
def view(run, posters):
    """A live map of them."""
    pytest.importorskip("anywidget")
    return live_map(run, posters)


def opened(reader, address):
    """Go to a page, and wait until its first map is drawn."""
    reader.open(address)
    reader.wait(
        "window.mapIn && [...document.querySelectorAll('.poster-map')].every((one) => one.dataset.drawn)"
    )


def shown(reader, selector, number=0):
    """The text of an element of a map, or nothing if it is not shown."""
    element = f"mapIn({number}).querySelector({json.dumps(selector)})"
    return reader.evaluate(f"{element}?.checkVisibility() ? {element}.textContent : null")


def stage(reader, number=0):
    """Left, top, width and height of a map."""
    box = f"mapIn({number}).getElementById('map').getBoundingClientRect()"
    return reader.evaluate(f"(({{x, y, width, height}}) => [x, y, width, height])({box})")


def settled(reader):
    """Wait until the first map stands still; return its pixels."""
    before = reader.look(*stage(reader))
    while not np.array_equal(before, now := reader.look(*stage(reader))):
        before = now
    return before


def lasso(reader, *, share=1.0, number=0, shift=True):
    """Draw a line round the left part of a map."""
    x, y, width, height = stage(reader, number)
    left, top, right, bottom = x + 4, y + 4, x + 4 + share * (width - 8), y + height - 4
    reader.drag(
        (right, top), (left, top), (left, bottom), (right, bottom), (right, top + 20), shift=shift
    )


def test_a_lasso_arrives_in_the_selection(reader, view, posters, tmp_path):
    opened(reader, in_page(view, tmp_path))
    pixels = reader.look(*stage(reader))
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 1000  # posters, not points
    lasso(reader, share=0.5)
    sent = reader.evaluate("sent.at(-1)[0]")
    assert 0 < len(sent) < len(posters)
    view.set_state({"selection": sent})
    assert view.selection["imdb_id"].tolist() == sent
    assert shown(reader, "aside h2") == f"{len(sent)} posters listed"
    reader.evaluate("mapIn(0).querySelector('aside .close').click()")
    lasso(reader)
    assert sorted(reader.evaluate("sent.at(-1)[0]")) == sorted(posters["imdb_id"])
    reader.evaluate("mapIn(0).querySelector('aside .actions button:last-child').click()")
    assert reader.evaluate("sent.at(-1)[0]") == []


def test_the_button_draws_a_lasso_too(reader, view, tmp_path):
    opened(reader, in_page(view, tmp_path))
    reader.evaluate("mapIn(0).getElementById('lasso').click()")
    assert shown(reader, "#said.shown") == "Draw a line around posters"
    lasso(reader, shift=False)
    assert len(reader.evaluate("sent.at(-1)[0]")) == 48


def test_what_the_kernel_sets_is_seen(reader, view, posters, tmp_path):
    opened(reader, in_page(view, tmp_path))
    ids = posters["imdb_id"].tolist()
    reader.evaluate(f"model.set('selection', {json.dumps(ids[:3])})")
    assert shown(reader, "aside h2") == "3 posters listed"
    reader.evaluate("model.set('color', 'genre')")
    assert shown(reader, "#legend-title") == "genre"
    assert (
        reader.evaluate("mapIn(0).getElementById('colour').selectedOptions[0].textContent")
        == "genre"
    )
    reader.evaluate(f"model.set('chosen', {json.dumps(ids[5])})")
    assert shown(reader, "aside h2") == page_text(posters["title"][5])
    reader.evaluate("model.set('chosen', '')")
    assert shown(reader, "aside h2") == "3 posters listed"
    assert reader.evaluate("sent") == []  # nothing goes back of what came
    reader.evaluate("model.set('selection', [])")
    assert shown(reader, "aside") is None
    reader.evaluate(f"model.set('visible', {json.dumps(ids[:7])})")
    reader.evaluate(
        "mapIn(0).getElementById('zoom-all').click()"
    )  # the map had flown to the poster
    settled(reader)
    lasso(reader)
    assert sorted(reader.evaluate("sent.at(-1)[0]")) == sorted(ids[:7])


def test_axes_go_both_ways(reader, run, posters, tmp_path):
    pytest.importorskip("anywidget")
    table = posters.assign(weight=np.linspace(1, 2, len(posters)), year=[None, *range(1961, 2008)])
    view = live_map(run, table, axes=["year", "weight"])
    opened(reader, in_page(view, tmp_path))
    chosen = "['across', 'up'].map((name) => mapIn(0).getElementById(name).value)"
    assert reader.evaluate(chosen) == view.axes == ["year", "weight"]
    assert shown(reader, "#about").startswith("47 posters by year (to the right) and weight")
    reader.evaluate("model.set('axes', [])")
    assert reader.evaluate(chosen)[0] == "" and "by year" not in shown(reader, "#about")
    assert reader.evaluate("sent") == []  # nothing goes back of what came
    reader.evaluate(
        "(() => { const list = mapIn(0).getElementById('across'); list.value = 'weight'; list.dispatchEvent(new Event('change')); })()"
    )
    view.set_state({"axes": reader.evaluate("model.get('axes')")})
    assert view.axes == ["weight", "year"] and len(reader.evaluate("sent")) > 0


def test_a_column_of_ones_own_comes_later(reader, view, tmp_path):
    opened(reader, in_page(view, tmp_path))
    view.colour_with("<b>mine</b>", ["<i>first</i>", "second"] * 24)
    assert view.color == "<b>mine</b>"
    packed = base64.b64encode(view._columns).decode()
    reader.evaluate(
        f"model.set('color', {json.dumps(view.color)}); model.set('_columns', new DataView(Uint8Array.from(atob('{packed}'), (one) => one.charCodeAt(0)).buffer))"
    )
    reader.wait("mapIn(0).getElementById('legend-title').textContent === '<b>mine</b>'")
    names = "[...mapIn(0).querySelectorAll('#entries .name')].map((one) => one.textContent)"
    assert reader.evaluate(names) == ["<i>first</i>", "second"]


def test_two_maps_stand_on_one_page_and_leave_it_alone(reader, view, tmp_path):
    address = in_page(view, tmp_path, n_maps=2)
    opened(reader, address)
    reader.show(width=1280, height=1500)
    assert (
        reader.evaluate("getComputedStyle(document.getElementById('lasso')).borderTopStyle")
        == "dotted"
    )
    assert (
        reader.evaluate("getComputedStyle(mapIn(1).getElementById('lasso')).borderTopStyle")
        == "solid"
    )
    assert reader.evaluate("document.title") == "A notebook"
    assert reader.evaluate("document.getElementById('title').textContent") == "A notebook"
    lasso(reader, number=1)
    assert shown(reader, "aside h2", 0) == shown(reader, "aside h2", 1) == "48 posters listed"
    assert not reader.evaluate("location.hash")


def test_keys_and_wheel_stay_with_whom_they_belong_to(reader, view, tmp_path):
    opened(reader, in_page(view, tmp_path))
    reader.evaluate(
        "window.keys = []; document.addEventListener('keydown', (event) => keys.push(event.key)); 0"
    )
    x, y, width, height = stage(reader)
    reader.wheel(x + width / 2, y + height / 2, 100)
    reader.wait("scrollY > 50")  # the notebook is scrolled
    reader.evaluate("scrollTo(0, 0)")
    reader.evaluate("mapIn(0).getElementById('search').focus()")
    reader.type("a")
    reader.press("Escape")
    reader.press("0")
    assert reader.evaluate("keys") == []
    assert reader.evaluate(
        "document.querySelector('.poster-map').closest('[data-lm-suppress-shortcuts]') !== null"
    )
    before = reader.look(*stage(reader))
    reader.evaluate("mapIn(0).getElementById('map').focus()")
    reader.wheel(x + width / 2, y + height / 2, -240)
    reader.wait_for(lambda: not np.array_equal(before, reader.look(*stage(reader))))
    assert reader.evaluate("scrollY") == 0


@pytest.mark.parametrize("light", [True, False])
def test_it_is_light_or_dark_as_the_notebook_is(reader, view, tmp_path, light):
    reader.show(scheme="dark" if light else "light")  # the notebook decides, not the system
    opened(reader, in_page(view, tmp_path, light=light))
    assert (np.median(reader.look(*stage(reader))) > 128) == light
    weak = CONTRAST.replace('document.querySelectorAll("body *")', 'mapIn(0).querySelectorAll("*")')
    weak = weak.replace("at = at.parentElement", "at = at.parentElement ?? at.getRootNode().host")
    lasso(reader)
    assert reader.evaluate(weak) == []
    reader.evaluate(f"document.body.dataset.jpThemeLight = '{json.dumps(not light)}'")
    reader.wait_for(lambda: (np.median(reader.look(*stage(reader))) > 128) != light)


def test_it_ends_when_its_cell_is_cleared(reader, view, tmp_path):
    opened(reader, in_page(view, tmp_path))
    assert reader.evaluate("model.listeners()") > 4
    reader.evaluate("ends[0]()")
    assert reader.evaluate("model.listeners()") == 0


def test_texts_make_no_elements(reader, run, posters, tmp_path):
    pytest.importorskip("anywidget")
    hostile = posters.assign(title=TITLES * 12, studio=TITLES * 12)
    view = live_map(run, hostile, color="studio")
    opened(reader, in_page(view, tmp_path))
    lasso(reader)
    reader.evaluate(f"model.set('chosen', {json.dumps(posters['imdb_id'][0])})")
    assert shown(reader, "aside h2") == TITLES[0]
    assert reader.evaluate("mapIn(0).querySelectorAll('script, img, b').length") == 0
    picture = view.still()
    assert re.findall(r"<(\w+)", picture).count("img") == 1 and "<script" not in picture
    assert html.escape(TITLES[0]) in picture
    (tmp_path / "still.html").write_text(
        f"<!doctype html><meta charset=utf-8><body>{picture}", encoding="utf-8"
    )
    reader.open((tmp_path / "still.html").resolve().as_uri())
    assert reader.evaluate("document.querySelector('img').naturalWidth") == 880
    assert reader.evaluate("document.querySelectorAll('script').length") == 0


def test_a_picture_stands_where_no_widget_runs(view):
    bundle, _ = view._repr_mimebundle_()
    assert bundle["text/plain"] == "LiveMap of 48 posters, coloured by cluster, 0 selected"
    assert len(bundle["text/html"]) < 300_000
    data = re.search(r'src="data:image/jpeg;base64,([^"]+)"', bundle["text/html"])[1]
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
    assert image.std() > 20
    many = pd.DataFrame({"x": np.linspace(0, 1, 9000), "y": 0.5}).to_dict("list")
    points = {"ids": range(9000), "sprites": [-1, 0, 0, 2, 3] * 9000, "about": "", **many}
    assert len(still_map(points, [], None)) < 300_000


def test_posters_are_meant_in_four_ways(view, posters):
    old = posters["year"] < posters["year"].median()
    for meant in (
        old,
        old.tolist(),
        posters[old],
        posters["imdb_id"][old],
        old.set_axis(posters["imdb_id"])[::-1],
    ):
        view.selection = meant
        assert view.selection["imdb_id"].tolist() == posters["imdb_id"][old].tolist()
        view.visible = meant
        assert view.visible == posters["imdb_id"][old].tolist()
    view.selection = []
    assert view.selection.empty and list(view.selection)[: len(posters.columns)] == list(posters)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("selection", ["tt0"], "no poster on the map has the id 'tt0'"),
        ("selection", [True], "1 values of true and false were given for 48 posters"),
        ("color", "studio", "no column 'studio'; it has cluster"),
        ("chosen", "tt0", "'tt0'"),
    ],
)
def test_what_is_not_there_is_refused(view, name, value, words):
    with pytest.raises(InputError, match=words):
        setattr(view, name, value)
    assert isinstance(view, LiveMap) and len(view.selection) == 0


def test_without_anywidget_one_line_says_so(run, posters, monkeypatch):
    monkeypatch.setattr("poster_analysis.core.extras.importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"a live map needs anywidget, ipywidgets, .*\[lab\]"):
        live_map(run, posters)
