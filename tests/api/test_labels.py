"""Labels of one's own: from any list or table, kept, coloured, tested, and there when posters are added."""

import json

import pandas as pd
import pytest

from poster_analysis.api.labels import read_labels
from poster_analysis.api.study import Study
from poster_analysis.cli import main
from poster_analysis.core.errors import InputError
from poster_analysis.study.run import Run
from poster_analysis.study.stages.extraction import run_extraction


@pytest.fixture
def posters():
    return pd.DataFrame(
        {
            "imdb_id": ["113277", "848228", "89881"],
            "title": ["Heat", "The Avengers", "Ran"],
            "year": pd.array([1995, 2012, None], dtype="Int64"),
            "path": ["0113277.jpg", "0848228.jpg", "0089881.jpg"],
        }
    )


@pytest.fixture
def read(tmp_path, posters):
    def reading(data, file="mine.csv", **options):
        data = data if isinstance(data, bytes) else data.encode()
        (tmp_path / file).write_bytes(data)
        return read_labels(tmp_path / file, posters, **options)

    return reading


HEAT, AVENGERS, RAN = "113277", "848228", "89881"
FORMS = {
    "id,label\ntt0113277,a\n848228,b\n": {"mine": {HEAT: "a", AVENGERS: "b"}},
    "113277,a\n848228,b\n": {"mine": {HEAT: "a", AVENGERS: "b"}},
    "file;mood\nx/0113277.jpg;a\n0089881.jpg;b\n": {"mood": {HEAT: "a", RAN: "b"}},
    "title,year,label\nHeat,1995,a\nAvengers,2012,b\n": {"mine": {HEAT: "a", AVENGERS: "b"}},
    "id\tstars\n113277\t5\n848228\t3\n": {"stars": {HEAT: 5, AVENGERS: 3}},
    "id,stars\n113277,5\n848228,2.5\n": {"stars": {HEAT: 5, AVENGERS: 2.5}},
    "id,code\n113277,007\n848228,1\n": {"code": {HEAT: "007", AVENGERS: "1"}},
    "id,a,b\n113277,x,\n848228,,y\n": {"a": {HEAT: "x"}, "b": {AVENGERS: "y"}},
    "id,label\n113277,a\n113277,b\n113277,a\n": {"mine": {HEAT: "a|b"}},
    "\ufeffimdb_id,title\n\"113277\",\"'=Heat\"\n": {"mine": {HEAT: True, AVENGERS: False, RAN: False}},
    "113277\ntt0848228\n": {"mine": {HEAT: True, AVENGERS: True, RAN: False}},
    'id,label\n113277,"a, ""b""\nc"\n': {"mine": {HEAT: 'a, "b" c'}},
}  # fmt: skip


@pytest.mark.parametrize("text", FORMS)
def test_labels_come_in_any_form(read, text):
    assert read(text).columns == FORMS[text]


def test_encodings_and_spreadsheets_will_do(read, tmp_path, posters):
    assert read("id,label\n113277,grün\n".encode("cp1252")).columns == {"mine": {HEAT: "grün"}}
    assert read("id,label\n113277,grün\n".encode("utf-16")).columns == {"mine": {HEAT: "grün"}}
    pd.DataFrame({"id": ["tt0113277"], "label": ["x"]}).to_excel(tmp_path / "m.xlsx", index=False)
    assert read_labels(tmp_path / "m.xlsx", posters, name="n").columns == {"n": {HEAT: "x"}}


def test_rows_of_no_poster_and_posters_with_several_labels_are_named(read):
    found = read("id,label\n113277,a\n113277,b\n7,c\n8,c\n")
    assert found.notes == [
        "mine: 1 poster of 3 has a value (a|b 1).",
        "mine: 1 poster has several, and keeps all: 113277.",
        "2 rows are of no poster of the study: 7, 8.",
    ]


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        ("", {}, "is empty"),
        ("id,label\n", {}, "."),
        ("id,label\n1,a\n", {}, "none of the 1 row"),
        ("id,label\n113277,\n", {}, "has no label in any row of label"),
        ("a,b,c\nx,y,z\n", {}, "has no column of ids, files or titles"),
        ("id,a,b\n113277,x,y\n", {"name": "n"}, "2 columns of labels"),
        ("id,label\n113277,a\n848228,b,c\n", {}, "line 3"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), {}, "."),
        (b"\x00\xff\xfe", {}, "."),
        ("<html><body>", {}, "page of the web"),
    ],
)
def test_a_file_that_says_nothing_is_refused_in_one_line(read, data, options, message):
    with pytest.raises(InputError, match=message) as refused:
        read(data, **options)
    assert "\n" not in str(refused.value)


@pytest.fixture(scope="module")
def begun(small_parameters, tmp_path_factory):
    """A study whose features are there, of some of the drawn posters, that may be labelled."""
    out = tmp_path_factory.mktemp("labelled")
    return run_extraction(small_parameters.changed(limit=20, n_null=0, k_max=3, n_clusters=3), out)


def test_a_list_colours_is_tested_and_stays_when_posters_are_added(begun, tmp_path, capsys):
    study = Study(Run(begun.out))
    ids = study.posters["imdb_id"].tolist()
    (tmp_path / "dark.csv").write_text("id\n" + "\n".join([*ids[:8], "nobody"]) + "\n")
    assert main(["label", str(begun.out), str(tmp_path / "dark.csv")]) == 0
    said = capsys.readouterr().out
    n = len(ids)
    assert f"dark: {n} posters of {n} have a value (no {n - 8}, yes 8)." in said
    assert "1 row is of no poster of the study: nobody." in said and "-p group_columns dark" in said
    assert study["dark"].sum() == 8 and study["dark"].dtype == "boolean"
    tested = study.changed("tested", group_columns="dark")
    assert tested.analysis.sample_groups["dark"].value_counts().to_dict() == {"no": n - 8, "yes": 8}
    assert set(tested.clusters().enrichment["column"]) >= {"genre", "dark"}
    assert "dark" in tested.clusters().agreement()["column"].tolist()
    before = tested.analysis.grouped_by["own_columns"]
    study["dark"] = dict.fromkeys(ids[:5], True)
    assert Study(tested.run).analysis.grouped_by["own_columns"] != before
    more = run_extraction(begun.parameters.changed(limit=30), begun.out)
    larger = Study(more)
    assert len(larger) > n and larger["dark"].sum() == 5
    assert larger["dark"].isna().sum() == len(larger) - 5


def test_what_cannot_be_a_column_is_refused_and_nothing_changes(begun, tmp_path, capsys):
    known = (
        (begun.out / "columns.json").read_bytes() if (begun.out / "columns.json").is_file() else b""
    )
    imdb_id = Study(Run(begun.out)).posters["imdb_id"][0]
    (tmp_path / "a.csv").write_text(f"id,label\n{imdb_id},x\n")
    for name in ("title", "imdb_id", "x" * 61, "  "):
        assert main(["label", str(begun.out), str(tmp_path / "a.csv"), "--name", name]) == 2
    assert main(["label", str(begun.out), str(tmp_path / "nowhere.csv")]) == 2
    assert main(["label", str(tmp_path), str(tmp_path / "a.csv")]) == 2
    assert "Traceback" not in capsys.readouterr().err
    now = (
        (begun.out / "columns.json").read_bytes() if (begun.out / "columns.json").is_file() else b""
    )
    assert now == known


@pytest.mark.parametrize("damaged", ["[]", '{"mine": 3}', "{", "null"])
def test_a_damaged_file_of_columns_is_said(tmp_path, damaged):
    from poster_analysis.study.columns import FILE, read_columns

    (tmp_path / FILE).write_text(damaged)
    with pytest.raises(InputError, match="damaged"):
        read_columns(tmp_path)
    assert json.loads("{}") == read_columns(tmp_path / "elsewhere")
