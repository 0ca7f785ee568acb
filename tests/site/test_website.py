"""The published site: whole, safe, and nobody else's business. Seen in a browser where there is one."""

import base64
import hashlib
import html
import os
import re
import shutil
import subprocess
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from poster_analysis.clustering.verdict import Verdict, verdict_table
from poster_analysis.core.errors import InputError, RunError
from poster_analysis.core.files import write_table
from poster_analysis.core.templates import escaped
from poster_analysis.reports.pages import warnings_of
from poster_analysis.site import build as website
from poster_analysis.site.blocks import SitePage, html_table, plain
from poster_analysis.site.build import publish
from poster_analysis.site.notebooks import cut_paths, path_cuts, readable, without_directives
from poster_analysis.site.reports import report_titles
from poster_analysis.site.single_file import single_file
from poster_analysis.site.tables import TABLES, add_tables
from poster_analysis.study.parameters import (
    Parameters,
)
from poster_analysis.study.run import (
    Outcome,
    Run,
)
from poster_analysis.words.verdict import verdict_paragraph, verdict_sentences

HOSTILE = (
    '<script>alert(1)</script> " onmouseover="alert(2) </p></div> `````{raw} html ```{eval-rst}``` '
    "[x](javascript:alert(3)) ![y](http://example.com/y.png) $z$ {{ w }} <!-- | *b* \\"
)
WARNING = "The weights are random, and tell nothing about posters."
VERDICT = Verdict(
    space="raw", k_supported=9, levels="9", k=9, silhouette=0.06, silhouette_highest=0.06, p_silhouette=0.05,
    prediction_strength=0.9, stability=0.8, reproducibility=0.9, separation=0.7, n_apart=0,
    largest_apart=0, k_apart=None, kinds="gaussian,copula", k_min=2, k_max=25, n_posters=12,
    n_judged=12, n_near_copies=0, n_null=19, n_init=3, n_splits=5, n_boot=20,
    silhouette_gaussian=0.03, silhouette_gaussian_low=0.02, silhouette_gaussian_high=0.04,
    deviations_gaussian=5.0, p_silhouette_gaussian=0.05, silhouette_copula=0.03,
    silhouette_copula_low=0.02, silhouette_copula_high=0.04, deviations_copula=4.0,
    p_silhouette_copula=0.05,
)  # fmt: skip


def executed(run, *outputs):
    """A report as papermill leaves it, with a warning of its own and a cell for each output."""
    cells = [
        new_markdown_cell("# Clusters\n\n> How many groups are there?"),
        new_code_cell("k = 3", metadata={"tags": ["parameters"]}),
        new_code_cell(
            f"study = {str(run.folder.resolve())!r}", metadata={"tags": ["injected-parameters"]}
        ),
        new_code_cell("warnings_of(run)", outputs=[markdown(warnings_of(run))]),
        *(new_code_cell(f"show({n})", outputs=[output]) for n, output in enumerate(outputs)),
    ]
    for number, cell in enumerate(cells):
        cell.id = f"c{number}"
    return new_notebook(cells=cells)


def markdown(text):
    return new_output("display_data", data={"text/markdown": text, "text/plain": "<Markdown>"})


def fill(run, **facts):
    """A run with one stage, in which every text is hostile."""
    posters = run.out.resolve().parent / "somebody" / "posters"
    run.start(
        Parameters(str(posters), weights=str(posters.parent / "own.weights.h5")),
        collection={"n_posters": 3, "digest": "8d3f", "notes": [f"{HOSTILE} {posters}/1.jpg"]},
        backbone={"name": "colour", "weights": str(posters.parent / "own.weights.h5")},
        **facts,
    )

    def compute(folder):
        columns = {"imdb_id": ["1", "2", "10"], "title": [HOSTILE, "B", "a"], "cluster": [2, 10, 1]}
        table = pd.DataFrame(columns)
        places = table.assign(silhouette=0.1, rank=1)
        write_table(places, folder / "tables" / "clusters_raw.csv")
        write_table(verdict_table(VERDICT), folder / "tables" / "verdict_raw.csv")
        films = table.assign(genre=HOSTILE, year=1995, path="1.jpg")[
            [*table, "genre", "year", "path"]
        ]
        write_table(films, folder / "features_index.csv")
        skipped = pd.DataFrame({"path": [HOSTILE], "imdb_id": ["7"], "reason": ["empty file"]})
        write_table(skipped, folder / "skipped.csv")
        (folder / "figures").mkdir()
        Image.new("RGB", (80, 45), "navy").save(folder / "figures" / "silhouette_raw.png")
        (folder / "notebooks").mkdir()
        figure = (folder / "figures" / "silhouette_raw.png").read_bytes()
        shown = new_output(
            "display_data", data={"image/png": base64.b64encode(figure).decode(), "text/plain": ""}
        )
        said = markdown(f"The medoid is **{HOSTILE}**.")
        report = executed(run, said, markdown(""), shown)
        nbformat.write(report, folder / "notebooks" / "clustering_raw.ipynb")
        return Outcome([verdict_paragraph(VERDICT), f"The clusters are those of {HOSTILE}."])

    run.stage("raw", compute, parameters={"name": run.name})
    return run


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """A published study: one run with a warning, one without, one that has not finished a stage."""
    out = tmp_path_factory.mktemp("study") / "out"
    fill(Run(out), warnings=[WARNING, HOSTILE])
    fill(Run(out, "k_min=5-k_max=12"), warnings=[])
    Run(out, "later").start(Parameters("posters"))
    (out / "notebooks" / "clustering_pca.failed.ipynb").write_text("half a report")
    publish(out)
    return out


@pytest.fixture(scope="module")
def pages(out):
    """The text of every page, by its address."""
    site = out / "site"
    return {
        path.relative_to(site).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(site.rglob("*.html"))
        if "_static" not in path.parts
    }


class Parsed(HTMLParser):
    """The elements of a page, each with its attributes, and the text between them."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_every_run_has_an_overview_and_its_reports(pages):
    posters = ["clusters/index", *(f"clusters/raw-{number}" for number in (1, 2, 10))]
    posters += ["films/index"]
    assert set(pages) == {
        "index.html",
        "search.html",
        *(f"study/{name}.html" for name in ("index", "clustering_raw", *posters)),
        *(f"runs/k_min=5-k_max=12/{name}.html" for name in ("index", "clustering_raw", *posters)),
    }
    assert "Not finished yet: later." in pages["index.html"]


def test_what_comes_from_data_is_text_wherever_it_stands(pages):
    hostile = " ".join(HOSTILE.split())
    assert sum(hostile in " ".join(Parsed(text).text.split()) for text in pages.values()) >= 3
    for name, text in pages.items():
        for tag, attributes in Parsed(text).elements:
            assert "onmouseover" not in attributes, name
            assert "javascript:" not in str(attributes.get("href")), name
            assert "example.com" not in str(attributes.get("src")), name
            assert (
                tag != "script" or "src" in attributes or "alert" not in text.partition("<body")[0]
            )
        assert not re.search(r"<script>\s*alert", text), name


def site_links(site):
    """Every address on every page of a site, with the page it stands on."""
    for path in sorted(site.rglob("*.html")):
        if "_static" in path.parts:
            continue
        for _, attributes in Parsed(path.read_text(encoding="utf-8")).elements:
            for name in ("href", "src"):
                if attributes.get(name):
                    yield path, attributes[name]


def test_every_link_leads_to_a_file_of_the_site(out):
    site, n_links = (out / "site").resolve(), 0
    for page, link in site_links(site):
        parts = urlsplit(link)
        assert not parts.scheme and not parts.netloc, f"{page.name} leads elsewhere: {link}"
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        assert target.is_relative_to(site) and target.exists(), f"{page.name}: {link}"
        n_links += 1
    assert n_links > 100


def test_a_figure_that_pages_and_reports_of_all_runs_show_is_one_file(out, pages):
    site = out / "site"
    assert [path.relative_to(site).as_posix() for path in site.rglob("*.webp")] == [
        "study/figures/silhouette_raw.webp"
    ]
    for run in ("study", "runs/k_min=5-k_max=12"):
        for name in ("index", "clustering_raw"):
            assert "figures/silhouette_raw.webp" in pages[f"{run}/{name}.html"]
        notebook = (site / run / "notebooks" / "clustering_raw.ipynb").read_text()
        assert "figures/silhouette_raw.webp" in notebook and "image/png" not in notebook
    assert "study/figures/silhouette_raw.webp" in pages["index.html"]


def test_no_page_style_or_script_fetches_from_elsewhere(out, pages):
    for name, text in pages.items():
        assert "default-src 'self' file: data: blob: 'unsafe-inline'" in html.unescape(text), name
    for path in (out / "site").rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"url\(\s*['\"]?(https?:)?//", text), path.name
        assert not re.search(r"@import\s+['\"]?(https?:)?//", text), path.name


def test_warnings_stand_once_at_the_top_of_every_page_of_their_run_and_on_no_other(pages):
    for name in ("study/index.html", "study/clustering_raw.html"):
        assert pages[name].count(WARNING) == 1, name
        text = pages[name].partition("<article")[2]
        assert text.index(WARNING) < min(
            text.index(mark) for mark in ("</section>", "<h2") if mark in text
        )
    for name in ("runs/k_min=5-k_max=12/index.html", "runs/k_min=5-k_max=12/clustering_raw.html"):
        assert WARNING not in pages[name]
    front = pages["index.html"].partition("<article")[2]  # which shows the study's own run
    assert front.count(WARNING) == 1 and front.index(WARNING) < front.index("<h2")


def test_the_verdict_comes_first_and_is_said_once(pages):
    for name, end in (("index.html", "Other runs"), ("study/index.html", "Reports")):
        found = Parsed(pages[name].partition('id="findings"')[2]).text.partition(f"{end}#")[0]
        found = " ".join(found.split())
        *reasons, first = verdict_sentences(VERDICT)
        assert found.count(first) == found.count(" ".join(reasons)) == 1, name
        assert found.index(first) < found.index(" ".join(reasons))
    assert found.index(" ".join(reasons)) < found.index("The clusters are those of")


def test_no_page_says_where_on_this_machine_the_study_lies(out):
    place = str(out.resolve().parent)
    for path in (out / "site").rglob("*"):
        if path.suffix in (".html", ".js", ".ipynb", ".csv", ".css"):
            assert place not in path.read_text(encoding="utf-8"), path
    run = (out / "site" / "study" / "index.html").read_text()
    assert "posters/1.jpg" in run and "own.weights.h5" in run


def test_the_foot_of_a_run_says_how_it_was_made(out, pages):
    record, foot = Run(out).record, pages["study/index.html"].partition("How it was made")[2]
    shown = dict(re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", foot))
    assert set(record["parameters"]) <= set(shown)
    assert record["versions"].items() <= shown.items()
    assert shown["digest"] == "8d3f" and shown["image files taken"] == "3"
    assert shown["run begun"] == record["created"] and re.fullmatch(r"\d+\.\d s", shown["raw"])


def test_tables_and_notebooks_can_be_taken_along(out):
    site = out / "site" / "study"
    for name in ("tables/clusters_raw.csv", "tables/verdict_raw.csv"):
        assert (site / name).read_bytes() == (out / name).read_bytes()
    assert (site / "tables/skipped.csv").read_bytes() == (out / "skipped.csv").read_bytes()
    with zipfile.ZipFile(site / "tables.zip") as archive:
        names = archive.namelist()
        tables = sorted((out / "tables").glob("*.csv"))
        assert names == ["features_index.csv", "skipped.csv", *(f"tables/{t.name}" for t in tables)]
        assert all(archive.read(name) == (out / name).read_bytes() for name in names)
    notebook = nbformat.read(site / "notebooks" / "clustering_raw.ipynb", as_version=4)
    assert [cell.source for cell in notebook.cells][1] == "k = 3"


def test_tables_of_an_earlier_version_are_there_and_described(tmp_path):
    earlier = {
        "references_raw": "null_models",
        "opinions_pca": "other_methods",
        "opinions_labels_pca": "other_methods_labels",
        "runs_company_pca": "runs_cluster_mates",
    }
    for name in earlier:
        write_table(pd.DataFrame({"k": [5]}), tmp_path / "tables" / f"{name}.csv")
    add_tables(page := SitePage(), tmp_path, films={})
    shown = html.unescape(page.markdown)
    assert set(page.files) == {f"tables/{name}.csv" for name in earlier}
    for name, now in earlier.items():
        assert f'href="tables/{name}.csv"' in shown and TABLES[now] in shown


def test_the_same_study_gives_the_same_site_byte_for_byte(out):
    before = contents(out / "site")
    for path in (out / "tables").iterdir():
        os.utime(path, (10**9, 10**9))  # a table that was written anew with the same content
    (out / "site" / "old-page.html").write_text("of a report that is gone")
    publish(out)
    assert contents(out / "site") == before


def test_a_page_that_cannot_be_built_leaves_the_old_site_and_nothing_else(out):
    before, names = contents(out / "site"), sorted(path.name for path in out.iterdir())
    bad = out / "notebooks" / "bad.ipynb"
    nbformat.write(
        new_notebook(cells=[new_markdown_cell("# Bad\n\n```{no-such-directive}\n```")]), bad
    )
    try:
        with pytest.raises(
            RunError, match=r"(?s)^the site could not be built: .*bad\.ipynb"
        ) as caught:
            publish(out)
    finally:
        bad.unlink()
    assert "\n" not in str(caught.value) and str(out.parent) not in str(caught.value)
    assert contents(out / "site") == before
    assert sorted(path.name for path in out.iterdir()) == names


def test_a_site_that_cannot_be_moved_in_leaves_the_old_one(tmp_path, monkeypatch):
    for name in ("new", "site"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "which").write_text(name)
    rename = Path.rename

    def fails(path, target):
        if path.name == "new":
            raise OSError("no space")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(OSError, match="no space"):
        website._swap(tmp_path / "new", tmp_path / "site", tmp_path / "old")
    assert (tmp_path / "site" / "which").read_text() == "site"


def test_where_there_is_nothing_to_publish_one_line_says_so(tmp_path):
    with pytest.raises(InputError, match="holds no study"):
        publish(tmp_path)
    Run(tmp_path).start(Parameters("posters"))
    with pytest.raises(InputError, match="has finished a stage"):
        publish(tmp_path)
    assert not (tmp_path / "site").exists()


def test_a_report_can_be_mailed_as_one_file(out, tmp_path):
    path = out / "notebooks" / "clustering_raw.ipynb"
    text = single_file(path, tmp_path / "mail" / "report.html").read_text(encoding="utf-8")
    parsed = Parsed(text)
    assert not {"script", "link", "iframe"} & {tag for tag, _ in parsed.elements}
    sources = [attributes["src"] for _, attributes in parsed.elements if "src" in attributes]
    assert all(source.startswith("data:") for source in sources)
    assert text.count(WARNING) == 1 and str(out.resolve().parent) not in text
    assert "<title>Clusters" in text and "alert(1)" in parsed.text
    assert all("onmouseover" not in attributes for _, attributes in parsed.elements)


def test_a_notebook_of_no_study_can_be_mailed_too(tmp_path):
    path = tmp_path / "own.ipynb"
    picture = new_output("stream", name="stdout", text=f"read {tmp_path.resolve()}/x.jpg")
    nbformat.write(new_notebook(cells=[new_code_cell("x", outputs=[picture], id="x")]), path)
    text = single_file(path, tmp_path / "own.html").read_text(encoding="utf-8")
    assert "<h1" in text and "Own" in text and str(tmp_path.resolve().parent) not in text
    with pytest.raises(InputError, match="cannot be read"):
        single_file(tmp_path / "none.ipynb", tmp_path / "none.html")


@given(st.text())
def test_any_text_in_a_heading_comes_out_as_it_went_in(text):
    parsed = Parsed(MarkdownIt("commonmark").render(f"# x {plain(text)}"))
    assert [tag for tag, _ in parsed.elements] == ["h1"]
    assert parsed.text.split() == ["x", *text.replace("\0", "\ufffd").split()]


@given(st.text())
def test_any_text_in_html_comes_out_as_it_went_in(text):
    assert html.unescape(escaped(text)) == html.unescape(html.escape(" ".join(text.split())))
    assert not set("<>\"'`\n") & set(escaped(text))


@given(st.lists(st.text(), max_size=4))
def test_any_value_in_a_table_is_one_cell(values):
    parsed = Parsed(html_table(pd.DataFrame({"value": pd.Series(values, dtype=object)})))
    assert [tag for tag, _ in parsed.elements].count("td") == len(values)
    assert {tag for tag, _ in parsed.elements} <= {
        "div",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }


names = st.text("abc_-0", min_size=1, max_size=5)


@given(st.dictionaries(names, st.sampled_from(["", "Clusters", "Clusters: a"]), max_size=6))
def test_no_two_reports_have_one_title(headings):
    titles = report_titles(headings)
    assert list(titles) == list(headings)
    assert len(set(titles.values())) == len(titles) and all(titles.values())


def test_paths_are_cut_only_where_they_place_something(tmp_path):
    text = "posters/1.jpg /1.jpg a/b"
    assert cut_paths(text, path_cuts("posters", "a/b", "/posters", None)) == text
    assert cut_paths(f"{tmp_path}/a b/1.jpg", path_cuts(tmp_path / "a b")) == "a b/1.jpg"


def test_cells_that_were_tagged_keep_to_their_tags():
    cells = [
        new_code_cell("a", metadata={"tags": ["remove-input"]}),
        new_code_cell("#| echo: false\nb"),
        new_code_cell("#| code-fold: true\nc", outputs=[new_output("stream", text="c")]),
        new_code_cell("#| hide\nd"),
        new_markdown_cell("## e"),
        new_code_cell("f"),
        new_code_cell("g"),
    ]
    notebook = new_notebook(cells=cells)
    before = nbformat.writes(notebook)
    page = readable(notebook, title="T")
    assert [cell.source for cell in page.cells] == ["# T", "a", "b", "c", "## e", "f\n\ng"]
    assert [cell.metadata.get("tags") for cell in page.cells] == [
        None,
        ["remove-input"],
        ["remove-input"],
        ["hide-input"],
        None,
        ["hide-input"],
    ]
    assert len(without_directives(notebook).cells) == len(cells) - 1
    assert nbformat.writes(notebook) == before, "the notebook itself was changed"


# In a browser

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
in_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    """A folder for what the browser keeps."""
    return tmp_path_factory.mktemp("browser")


def seen(address, profile, script=""):
    """A page as a browser leaves it once its scripts have run, and what it says on the console."""
    path, _, query = address.partition("?")
    page = Path(path)
    if script:
        text = page.read_text(encoding="utf-8").replace(
            "</body>", f"<script>addEventListener('load', () => {{{script}}})</script></body>"
        )
        page = page.with_name("seen.html")
        page.write_text(text, encoding="utf-8")
    try:
        done = subprocess.run(
            [
                *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu"),
                *(
                    "--enable-logging=stderr",
                    "--virtual-time-budget=5000",
                    f"--user-data-dir={profile}",
                ),
                *("--dump-dom", f"{page.as_uri()}{'?' * bool(query)}{query}"),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    finally:
        if script:
            page.unlink()
    console = re.findall(r"CONSOLE[^\]]*\] \"(.*?)\", source", done.stderr)
    return done.stdout, [line for line in console if not line.startswith("[PST]")]


@in_a_browser
def test_pages_open_from_the_file_system_without_a_complaint(out, profile):
    for name in ("index.html", "study/clustering_raw.html"):
        text, console = seen(str(out.resolve() / "site" / name), profile)
        assert console == [], name
        assert re.search(r'<html[^>]* data-theme="(light|dark)"', text), name


@in_a_browser
def test_the_search_finds_a_word_of_a_report(out, profile):
    text, console = seen(str(out.resolve() / "site" / "search.html?q=medoid"), profile)
    found = re.search(r'<ul[^>]*class="search.*?</ul>', text, re.S)[0]
    assert console == []
    assert 'href="study/clustering_raw.html' in found and "index.html" not in found


@in_a_browser
def test_a_film_of_two_runs_is_found_once_with_a_link_for_each(out, profile):
    text, console = seen(str(out.resolve() / "site" / "search.html?q=1"), profile)
    found = re.search(r'<div class="found">(.*?)</div>', text, re.S)[1]
    assert console == []
    assert '<p role="status">1 film</p>' in found and found.count("<li>") == 1
    for run in ("study", "runs/k_min=5-k_max=12"):
        assert f'href="./{run}/films/index.html#film_1"' in found, run
    assert "<script" not in found and html.escape("<script>alert(1)</script>") in found


@in_a_browser
def test_a_table_is_sorted_by_a_click_numbers_as_numbers(out, profile):
    script = """
        const table = [...document.querySelectorAll("table")].find((t) => t.textContent.includes("cluster"));
        const read = (column) => [...table.tBodies[0].rows].map((row) => row.cells[column].textContent);
        const order = [];
        for (const column of [2, 2, 1]) {
            table.querySelectorAll("th button")[column].click();
            order.push(read(column === 2 ? 2 : 0).join(" "));
        }
        document.body.dataset.order = order.join("; ");
    """
    text, console = seen(str(out.resolve() / "site/study/index.html"), profile, script)
    assert console == []
    assert re.search(r'data-order="([^"]*)"', text)[1] == "1 2 10; 10 2 1; 1 10 2"


@in_a_browser
def test_the_browser_itself_refuses_to_fetch_from_elsewhere(out, profile):
    script = "document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x.png'}))"
    _, console = seen(str(out.resolve() / "site/index.html"), profile, script)
    assert any("Content Security Policy" in line for line in console)
