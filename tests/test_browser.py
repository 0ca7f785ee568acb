"""The published site in a real browser: from a server and from the file system, by mouse and by keyboard."""

import csv
import json

import pytest
from browser import CONTRAST

PAGES = {
    "index": "index.html",
    "run": "study/index.html",
    "report": "study/clustering_pca.html",
    "neighbours": "study/similarity.html",
    "clusters": "study/clusters/index.html",
    "cluster": "study/clusters/pca-0.html",
    "films": "study/films/index.html",
    "film": "study/films/1.html",
    "search": "search.html?q=medoid",
}
TABLE = "details.data:has(a[href='tables/clusters_pca.csv'])"


def column(reader, number):
    """The texts of a column of the table of clusters."""
    rows = f"[...document.querySelector({json.dumps(TABLE)}).querySelectorAll('tbody tr')]"
    return reader.evaluate(f"{rows}.map((row) => row.cells[{number}].textContent)")


def test_a_click_leads_from_the_index_to_the_run_to_its_report(reader, site):
    reader.open(f"{site}/{PAGES['index']}")
    assert reader.evaluate("document.images.length") >= 1
    reader.click("nav.runs a.card", loads=True)
    assert reader.evaluate("location.href").endswith("study/index.html")
    reader.click("nav.cards a[href='clustering_pca.html']", loads=True)
    assert reader.evaluate("document.querySelector('h1').textContent").startswith("Clustering: PCA")
    folded = "[...document.querySelectorAll('details.hide')].every((code) => !code.open)"
    assert reader.evaluate(f"document.querySelector('details.hide') !== null && {folded}")


def test_a_click_leads_from_a_cluster_to_a_film_to_its_neighbour_and_back(reader, site):
    reader.open(f"{site}/{PAGES['run']}")
    reader.click("nav.cards a[href='clusters/index.html']", loads=True)
    reader.click("a.card[href='pca-1.html']", loads=True)
    assert reader.evaluate("document.querySelector('h1').textContent").startswith("Cluster 1 in")
    reader.click("ol.tiles a", loads=True)
    shown = "document.querySelector('.anchor:target').getBoundingClientRect().top"
    reader.wait(f"document.querySelector('.anchor:target') && {shown} < innerHeight")
    film = reader.evaluate("location.hash")
    assert film.startswith("#film_")
    anchor = "document.querySelector('.anchor:target')"
    section = f"[...document.querySelectorAll('section')].find((part) => part.previousElementSibling?.contains({anchor}))"
    reader.wait(f"({section}).querySelector('.film img')?.complete")
    assert reader.evaluate(f"({section}).querySelectorAll('.film li a').length") == 3
    reader.evaluate(f"({section}).querySelector('ol.tiles a').setAttribute('id', 'next')")
    reader.click("#next")
    reader.wait(f"location.hash !== {json.dumps(film)}")
    reader.evaluate("history.back()")
    reader.wait(f"location.hash === {json.dumps(film)}")


def test_the_search_is_opened_by_a_key_and_finds_a_film_by_its_title(reader, site, study):
    reader.open(f"{site}/{PAGES['run']}")
    with (study / "features_index.csv").open(encoding="utf-8", newline="") as file:
        film = next(row for row in csv.DictReader(file) if row["title"])
    reader.click("button.search-button-field, button.search-button__button")
    reader.wait("document.activeElement?.type === 'search'")
    reader.type(film["title"])
    reader.press("Enter", loads=True)
    # results come one by one, and move those below
    reader.wait("document.querySelector('.search-summary')?.textContent.includes('finished')")
    found = "[...document.querySelectorAll('#search-results li a')]"
    title = json.dumps(film["title"].split(" (")[0])
    reader.wait(f"{found}.some((link) => link.textContent.includes({title}))")
    target = f"{found}.find((link) => link.textContent.includes({title}))"
    reader.evaluate(f"{target}.setAttribute('id', 'found')")
    reader.click("#found", loads=True)
    assert "films/1.html" in reader.evaluate("location.href")


def test_a_table_is_sorted_by_mouse_and_by_keyboard_and_taken_along(reader, site, study):
    reader.open(f"{site}/{PAGES['run']}")
    reader.click(f"{TABLE} summary")
    with (study / "tables" / "clusters_pca.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert column(reader, 0) == [row["imdb_id"] for row in rows]
    number = list(rows[0]).index("silhouette")
    heading = f"{TABLE} th:nth-child({number + 1})"
    reader.click(f"{heading} button")
    state = f"document.querySelector({json.dumps(heading)}).ariaSort"
    assert reader.evaluate(state) == "ascending"
    up = [float(text) for text in column(reader, number)]
    assert up == sorted(up) and len(up) == len(rows)
    assert reader.evaluate("document.activeElement.closest('th').ariaSort") == "ascending"
    reader.press("Enter")
    assert reader.evaluate(state) == "descending"
    assert [float(text) for text in column(reader, number)] == up[::-1]
    reader.press("Tab")  # to the next heading
    reader.press(" ")
    assert reader.evaluate(state) is None and sorted(map(float, column(reader, number))) == up
    ranks = [int(text) for text in column(reader, number + 1)]
    assert ranks == sorted(ranks) and ranks[0] == 1
    taken = reader.download(f"{TABLE} a.download")
    assert taken.read_bytes() == (study / "tables" / "clusters_pca.csv").read_bytes()
    reader.complaints[:] = [text for text in reader.complaints if "ERR_ABORTED" not in text]


def test_without_scripts_the_tables_and_the_text_are_there(reader, files):
    reader.command("Emulation.setScriptExecutionDisabled", value=True)
    try:
        reader.open(f"{files}/{PAGES['run']}")
        assert (
            reader.evaluate(f"document.querySelector({json.dumps(TABLE)} + ' tbody').rows.length")
            == 48
        )
        assert reader.evaluate("document.querySelectorAll('th button').length") == 0
    finally:
        reader.command("Emulation.setScriptExecutionDisabled", value=False)
        reader.forget()  # that scripts were refused


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_fits_and_can_be_read_in_both_schemes(reader, files, width, scheme):
    reader.show(width=width, scheme=scheme)
    for name, address in PAGES.items():
        reader.open(f"{files}/{address}")
        assert reader.evaluate("document.documentElement.dataset.theme") == scheme, name
        assert reader.evaluate("document.documentElement.scrollWidth") <= width, name
        reader.wait("document.getAnimations().every((one) => one.playState === 'finished')")
        assert reader.evaluate(CONTRAST) == [], name


REACHABLE = """[...document.querySelectorAll("a[href], button, summary, input, select, [tabindex]")]
    .filter((one) => one.tabIndex >= 0 && !one.disabled && !one.closest("[inert]") && one.checkVisibility({visibilityProperty: true}))"""


@pytest.mark.parametrize("name", ["index", "run", "report", "cluster"])
def test_tab_reaches_everything_and_shows_where_it_is(reader, files, name):
    reader.open(f"{files}/{PAGES[name]}")
    reader.evaluate(f"{REACHABLE}.forEach((one, place) => one.dataset.place = place)")
    places, hidden = [], []
    n = reader.evaluate(f"{REACHABLE}.length")
    for _ in range(n + 5):
        reader.press("Tab")
        place, outlined, text = reader.evaluate("""(() => {
            const one = document.activeElement, style = getComputedStyle(one);
            const lined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
            return [one.dataset.place, lined || style.boxShadow !== "none", one.outerHTML.slice(0, 150)];
        })()""")
        if place is None or place in places:
            break
        places.append(place)
        if not outlined:
            hidden.append(text)
    assert sorted(map(int, places)) == list(range(n))
    assert hidden == []
