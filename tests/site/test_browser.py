"""The published site in a real browser: from a server and from the file system, by mouse and by keyboard."""

import csv
import json
import re
import shutil
import zipfile

import pytest
from browser import CONTRAST

from poster_analysis.collection.titles import title_key

PAGES = {
    "index": "index.html",
    "run": "study/index.html",
    "report": "study/clustering_pca.html",
    "neighbours": "study/similarity.html",
    "clusters": "study/clusters/index.html",
    "cluster": "study/clusters/pca-0.html",
    "films": "study/films/index.html",
    "part": "study/films/index.html#films_1",
    "search": "search.html?q=medoid",
}
TABLE = "details.data:has(a[href='tables/clusters_pca.csv'])"


SHOWN = "document.getElementById(location.hash.slice(1))"  # the film that the address names


def column(reader, number):
    """The texts of a column of the table of clusters."""
    rows = f"[...document.querySelector({json.dumps(TABLE)}).querySelectorAll('tbody tr')]"
    return reader.evaluate(f"{rows}.map((row) => row.cells[{number}].textContent)")


def test_a_click_leads_from_the_index_to_the_run_to_its_report(reader, site):
    reader.open(f"{site}/{PAGES['index']}")
    assert reader.evaluate("document.images.length") >= 1
    reader.click("a[href='study/index.html']:not(.nav-link)", loads=True)
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
    film = reader.evaluate("location.hash")
    assert film.startswith("#film_")
    reader.wait(f"{SHOWN}?.getBoundingClientRect().top < innerHeight")
    reader.wait(f"{SHOWN}.querySelector('.film img')?.complete")
    assert reader.evaluate(f"{SHOWN}.querySelectorAll('.film li a').length") == 4
    title = reader.evaluate(f"{SHOWN}.querySelector('h2').textContent")
    assert reader.evaluate("document.title").startswith(title)
    reader.evaluate(f"{SHOWN}.querySelector('ol.tiles a').setAttribute('id', 'next')")
    reader.click("#next")
    reader.wait(
        f"({SHOWN}?.querySelector('h2').textContent ?? {json.dumps(title)}) !== {json.dumps(title)}"
    )
    assert reader.evaluate(f"document.activeElement === {SHOWN}.querySelector('h2')")
    reader.evaluate("history.back()")
    reader.wait(f"{SHOWN}?.querySelector('h2').textContent === {json.dumps(title)}")
    assert reader.evaluate("location.hash") == film


def test_the_search_is_opened_by_a_key_and_finds_a_film_by_its_title(reader, site, study):
    reader.open(f"{site}/{PAGES['run']}")
    with (study / "features_index.csv").open(encoding="utf-8", newline="") as file:
        film = next(row for row in csv.DictReader(file) if row["title"])
    reader.click("button.search-button-field, button.search-button__button")
    reader.wait("document.activeElement?.type === 'search'")
    reader.type(film["title"])
    reader.press("Enter", loads=True)
    found = "[...document.querySelectorAll('.found a')]"
    reader.wait(f"{found}[0]?.textContent === {json.dumps(film['title'])}")
    # Sphinx's own results come one by one below
    reader.wait("document.querySelector('.search-summary')?.textContent")
    reader.click(".found a", loads=True)
    assert "study/films/index.html#film_" in reader.evaluate("location.href")


@pytest.fixture(scope="module")
def films(study):
    """What the index of the study knows of its films."""
    with (study / "features_index.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


FOUND = "[...document.querySelectorAll('.found a')]"


def test_one_word_of_a_title_leads_to_the_film_itself(reader, site, films):
    for film in films[:40:13]:
        word = max(re.findall(r"[A-Za-z]+", film["title"]), key=len)
        reader.open(f"{site}/search.html?q={word.upper()}")
        reader.wait(f"{FOUND}.length")
        status = "document.querySelector('.found [role=status]')"
        n_films = sum(word.lower() in title_key(each["title"]) for each in films)
        reader.wait(f"{status}.textContent === '{n_films} film{'s' * (n_films != 1)}'")
        title = json.dumps(film["title"])
        index = f"{FOUND}.findIndex((link) => link.textContent === {title})"
        reader.evaluate(f"{FOUND}[{index}].focus()")
        reader.press("Enter", loads=True)
        assert reader.evaluate("location.href").endswith(f"#film_{film['imdb_id']}")
        reader.wait(f"{SHOWN}?.querySelector('h2').textContent === {title}")
        assert (
            0 <= reader.evaluate(f"{SHOWN}.querySelector('h2').getBoundingClientRect().top") < 450
        )


def test_the_search_knows_every_film_by_its_id_and_by_its_title_without_accents(
    reader, files, films
):
    reader.open(f"{files}/study/films/index.html")
    field = "document.querySelector('.find-films input')"
    reader.wait(f"{field} !== null")
    ask = (
        f"(async (words) => {{{field}.value = words; {field}.dispatchEvent(new Event('input')); "
        f"await window.siteFilms.allTitles(); await new Promise(setTimeout); return {FOUND}.map((link) => link.hash)}})"
    )
    for film in films:
        number, address = film["imdb_id"], f"#film_{film['imdb_id']}"
        for words in (number, f"tt{number:0>7}", f" TT{number} "):
            assert reader.evaluate(f"{ask}({json.dumps(words)})")[0] == address, words
        title = title_key(film["title"] or f"film {number}")
        assert address in reader.evaluate(f"{ask}({json.dumps(title)})")
    assert reader.evaluate(f"{ask}('no such film at all')") == []
    assert (
        reader.evaluate("document.querySelector('.found [role=status]').textContent") == "0 films"
    )
    assert reader.evaluate(f"{ask}('')") == []


def test_the_field_above_the_list_of_films_is_used_by_keyboard(reader, site, films):
    reader.open(f"{site}/study/films/index.html")
    reader.click(".find-films input")
    film = next(film for film in films if " " in film["title"])
    reader.type(film["title"])
    reader.wait(f"{FOUND}.length")
    reader.press("Enter")
    assert reader.evaluate(f"document.activeElement === {FOUND}[0]")
    reader.press("Enter")
    reader.wait(f"{SHOWN}?.querySelector('h2').textContent === {json.dumps(film['title'])}")
    assert reader.evaluate("document.querySelector('.find-films input').value") == ""
    assert reader.evaluate(f"{FOUND}.length") == 0


def test_the_search_finds_clusters_by_their_names_and_lists_nothing_twice(reader, files):
    reader.open(f"{files}/search.html?q=cluster+2+nmf")
    reader.wait("document.querySelector('.search-summary')?.textContent.includes('finished')")
    assert reader.evaluate(f"{FOUND}.map((link) => link.textContent)") == [
        "Cluster 2 in the NMF space"
    ]
    pages = reader.evaluate("[...document.querySelectorAll('ul.search a')].map((a) => a.href)")
    assert not [page for page in pages if page.endswith("nmf-2.html")]
    reader.open(f"{files}/search.html?q=%22%3E%3Cimg+src%3Dx+onerror%3Dalert(1)%3E")
    reader.wait("document.querySelector('.search-summary')?.textContent")
    assert reader.evaluate("document.querySelector('main img, [onerror]')") is None


def test_a_film_leads_to_its_place_on_the_map(reader, files, films):
    reader.open(f"{files}/study/films/index.html#film_{films[3]['imdb_id']}")
    link = "document.querySelector('.film a[href*=\"map/index.html\"]')"
    reader.wait(link)
    reader.evaluate(f"{link}.setAttribute('id', 'place')")
    title = reader.evaluate(f"{link}.closest('section').querySelector('h2').textContent")
    reader.click("#place", loads=True)
    reader.wait("document.getElementById('panel')?.textContent.length")
    assert title in reader.evaluate("document.getElementById('panel').textContent")


def test_the_page_of_films_shows_a_part_at_a_time_and_says_what_is_not_there(reader, site, films):
    page = f"{site}/study/films/index.html"
    reader.open(page)
    assert reader.evaluate("document.querySelectorAll('.films-shown *').length") == 0
    letter = "nav.letters a:nth-child(3)"
    reader.evaluate(f"document.querySelector('{letter}').focus()")
    reader.press("Enter")
    reader.wait("document.querySelectorAll('.films-shown ol.tiles li').length")
    shown = "document.querySelectorAll('.films-shown ol.tiles li').length"
    assert reader.evaluate(shown) == min(len(films), 100)
    chosen = "document.activeElement.querySelector('.title').textContent[0]"
    wanted = reader.evaluate(f"document.querySelector('{letter}').textContent")
    assert reader.evaluate(chosen).upper() == wanted
    assert (
        reader.evaluate("getComputedStyle(document.querySelector('.films-contents')).display")
        == "none"
    )
    for nowhere in ("#film_nowhere", "#film___proto__", "#id_constructor"):
        reader.evaluate(f"location.hash = {json.dumps(nowhere)}")
        reader.wait(
            "document.querySelector('.films-shown').textContent === 'There is no film at this address.'"
        )
    reader.evaluate("history.go(-4)")
    reader.wait("document.querySelectorAll('.films-shown *').length === 0")


def test_a_shard_that_is_missing_is_named(reader, study, tmp_path):
    shutil.copytree(study / "site", tmp_path / "site")
    shutil.rmtree(tmp_path / "site" / "study" / "films" / "shards")
    reader.open(f"{(tmp_path / 'site').as_uri()}/study/films/index.html#film_1")
    shown = "document.querySelector('.films-shown').textContent"
    reader.wait(shown)
    assert reader.evaluate(shown) == "The file films/shards/0.js is missing or damaged."
    reader.complaints.clear()  # the browser's own


def test_all_tables_are_taken_along_at_once(reader, files, study):
    reader.open(f"{files}/{PAGES['run']}")
    taken = reader.download("ul.downloads a[href='tables.zip']")
    with zipfile.ZipFile(taken) as archive:
        assert archive.testzip() is None
        for path in [*(study / "tables").glob("*.csv"), study / "features_index.csv"]:
            name = path.relative_to(study).as_posix()
            assert archive.read(name) == path.read_bytes(), name
    reader.complaints[:] = [text for text in reader.complaints if "ERR_ABORTED" not in text]


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
        reader.open(f"{files}/{PAGES['films']}")
        said = reader.evaluate("document.querySelector('article noscript').textContent")
        assert "A script that lies beside this page shows the films" in said
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_table_of_verdicts_fits_a_page_of_1280_pixels(reader, files, scheme):
    reader.show(scheme=scheme)
    for name in ("index", "run"):
        reader.open(f"{files}/{PAGES[name]}")
        table = "document.querySelector('table.verdicts')"
        rows = f"[...{table}.tBodies[0].rows]"
        reader.evaluate(
            f"{rows}.forEach((row) => row.cells[1].textContent = '4, 7, 9 to 12 and 20')"
        )
        reader.evaluate(f"{rows}.forEach((row) => row.cells[4].textContent = '−0.016–−0.079')")
        box = f"{table}.closest('.wide')"
        assert reader.evaluate(f"{box}.scrollWidth <= {box}.clientWidth"), name


def test_the_side_bar_of_every_page_of_a_run_leads_to_its_map(reader, files):
    for name in ("run", "report", "clusters", "cluster", "films"):
        reader.open(f"{files}/{PAGES[name]}")
        link = "document.querySelector('.bd-sidebar-primary a[href$=\"map/index.html\"]')"
        assert reader.evaluate(f"new URL({link}.href).pathname").endswith("/study/map/index.html")
    reader.click(".bd-sidebar-primary a[href$='map/index.html']", loads=True)
    reader.wait("document.querySelector('canvas') !== null")


@pytest.mark.parametrize("name", ["index", "run", "report", "cluster", "films", "search"])
def test_tab_reaches_everything_and_shows_where_it_is(reader, files, name):
    reader.open(f"{files}/{PAGES[name]}")
    n, places, hidden = reader.walk()
    assert sorted(places) == list(range(n))
    assert hidden == []
