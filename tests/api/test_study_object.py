"""The object of a notebook: it says what the files say, computes nothing twice, and shows hostile text as text."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import poster_analysis as pa
from poster_analysis.api.cards import strip_html, table_html
from poster_analysis.cli import main
from poster_analysis.core.errors import InputError

HOSTILE = [
    "<script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "</td></table><h1>out</h1>",
    "&lt;b&gt; `code` [x](javascript:alert(1))",
    "\x07 two\nlines \u202e",
    "x" * 900,
]


@pytest.fixture(scope="module")
def copied(study, tmp_path_factory):
    """The finished small study, to be changed, as an object."""
    out = tmp_path_factory.mktemp("object") / "copy"
    shutil.copytree(study, out)
    return pa.open_study(out)


def results(study):
    """One of everything that the object gives."""
    clusters = study.clusters("pca")
    return [
        study, clusters, clusters[0], study.sweep("raw"), study.verdict("nmf"),
        study.reduce("nmf"), study.reduce("pca").components[1],
        study.similar(study.posters["title"].iloc[2], n=4),
    ]  # fmt: skip


def test_what_is_finished_is_not_computed_again(copied):
    before = (copied.folder / "run.json").read_bytes()
    results(copied)
    assert (copied.folder / "run.json").read_bytes() == before
    assert list(copied.runs) == [""]


@pytest.mark.parametrize("space", ["raw", "pca", "nmf"])
def test_clusters_are_those_of_the_files(copied, space):
    labels = copied.tables[f"labels_{space}"].set_index("imdb_id")
    for name in labels:
        found = copied.clusters(space, k=int(name[1:]))
        pd.testing.assert_series_equal(found.labels, labels[name], check_names=False)
    described = copied.clusters(space)
    assert described.k == copied.parameters.n_clusters
    table = copied.tables[f"clusters_{space}"]
    pd.testing.assert_frame_equal(described.table[[*table]], table)


def test_a_sweep_is_the_run_that_the_command_line_makes(copied):
    words = ["sweep", "--space", "pca", "--k-min", "2", "--k-max", "4"]
    assert main([*words, "--out", str(copied.folder)]) == 0
    (name,) = set(copied.runs) - {""}
    before = (copied.runs[name].folder / "run.json").read_bytes()
    found = copied.sweep("pca", k=range(2, 5))
    assert found.run.name == name and found.k == range(2, 5)
    assert (found.run.folder / "run.json").read_bytes() == before
    memory = copied.sweep("pca", k=range(2, 5), keep=False)
    assert memory.run is None and list(copied.runs) == ["", name]
    pd.testing.assert_frame_equal(memory.table, found.table[[*memory.table]])
    assert found.verdict.verdict is not None and memory.verdict.verdict is None


def test_everything_shows_itself_shortly_and_holds_its_pictures(copied):
    for one in results(copied):
        text, html = repr(one), one._repr_html_()
        assert "\n" not in text and (len(text) < 120 or text[0] != "<")
        assert isinstance(html, str) and len(html) < 250_000
        assert all(
            source.startswith("data:image/jpeg") for source in re.findall('src="([^"]*)', html)
        )
        assert str(copied.folder) not in html and str(copied.parameters.posters) not in html


def test_hostile_titles_stay_text(drawn):
    films = pd.DataFrame({"imdb_id": list("abcdef"), "title": HOSTILE, "genre": HOSTILE[::-1]})
    films["path"], films["similarity"] = ["../../../etc/passwd", *["nowhere.jpg"] * 5], np.nan
    for html in (strip_html(films, drawn.posters), table_html(films)):
        assert not re.search(r"<script|<h1|<b>|\x07", html)
        tags = re.findall(r"<[^>]*>", html)
        assert not [tag for tag in tags if re.search(r"\son\w+=", tag)]
    assert "data:" not in strip_html(films, drawn.posters)


def test_a_column_is_there_from_now_on_for_every_run_and_every_notebook(copied):
    values = copied.posters["imdb_id"].map(lambda one: "even" if int(one) % 2 == 0 else "odd")
    copied["parity"] = list(values)
    again = pa.open_study(copied.folder)
    assert again["parity"].tolist() == list(values)
    assert "parity" in again._ipython_key_completions_()
    assert "parity" in copied.changed(n_clusters=3).posters
    table = again.clusters("pca").agreement(again["parity"])
    assert set(table["measure"]) == {"adjusted_mutual_info", "v_measure"}
    some = again.posters["imdb_id"].iloc[:2]
    again["few"] = pd.Series([1, 2], index=some)
    assert again["few"].dtype == "Int64" and again["few"].notna().sum() == 2
    del again["few"]
    assert "few" not in pa.open_study(copied.folder).posters


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("title", 1, "column of the study itself"),
        ("cluster_pca", 1, "column of the study itself"),
        ("", 1, "cannot name a column"),
        (3, 1, "cannot name a column"),
        ("new", [1, 2], "2 values for 48 posters"),
        ("new", {"nobody": 1}, "no poster 'nobody'"),
        ("new", [[1]] * 48, "cannot be kept"),
        ("new", [float("inf")] * 48, "cannot be kept"),
    ],
)
def test_what_cannot_be_a_column_is_refused_and_nothing_changes(copied, column, values, said):
    path = copied.run.out / "columns.json"
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(InputError, match=said) as caught:
        copied[column] = values
    assert "\n" not in str(caught.value)
    assert (path.read_bytes() if path.is_file() else None) == before


@pytest.mark.parametrize(
    "ask",
    [
        lambda study: study["nothing"],
        lambda study: study.tables["nothing"],
        lambda study: study.runs["nothing"],
        lambda study: study.sweep("tsne"),
        lambda study: study.sweep("pca", k=[2, 5]),
        lambda study: study.sweep("pca", k=range(40, 90)),
        lambda study: study.clusters("pca", k=1),
        lambda study: study.clusters("pca")[99],
        lambda study: study.reduce("raw"),
        lambda study: study.similar(),
        lambda study: study.similar("No Such Film At All"),
        lambda study: study.similar(image="nowhere.jpg"),
        lambda study: study.report("nothing"),
        lambda study: study.report("clustering", k_maximum=5),
        lambda study: study.changed(k_maximum=5),
        lambda study: pa.open_study("no-such-study"),
    ],
)
def test_a_wrong_question_is_one_line_that_makes_nothing(copied, ask):
    before = sorted(copied.runs)
    with pytest.raises(InputError) as caught:
        ask(copied)
    assert "\n" not in str(caught.value) and sorted(copied.runs) == before


def test_a_replaced_study_is_read_again(copied):
    first = copied.analysis
    assert copied.analysis is first
    record = json.loads((copied.folder / "run.json").read_text())
    record["parameters"]["n_neighbors"] = 7
    (copied.folder / "run.json").write_text(json.dumps(record))
    assert copied.analysis is not first and copied.parameters.n_neighbors == 7


def test_importing_the_package_loads_nothing_and_completion_knows_its_names():
    code = (
        "import sys, poster_analysis as pa; loaded = {'numpy', 'pandas', 'tensorflow'} & {*sys.modules}; "
        "assert not loaded, loaded; assert {*pa.__all__} <= {*dir(pa)} and len(pa.__all__) < 15; "
        "[getattr(pa, name) for name in pa.__all__]; assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="nothing"):
        _ = pa.nothing
