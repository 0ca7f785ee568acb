"""Measures as a part of a study: its tables, its columns, the same command again, and studies that were made before."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

import poster_analysis as pa
from poster_analysis.cli import main
from poster_analysis.core.errors import InputError
from poster_analysis.core.files import read_table
from poster_analysis.measures.names import MEASURES
from poster_analysis.study.run import Run
from poster_analysis.study.stages.analysis import Analysis
from poster_analysis.study.stages.map import measure_scales
from poster_analysis.study.stages.measures import measure_run, measures_of


@pytest.fixture(scope="module")
def earlier(study, tmp_path_factory):
    """A study as one would have been made before there were measures."""
    out = tmp_path_factory.mktemp("earlier") / "study"
    ignored = shutil.ignore_patterns(
        "site", "thumbnails", "notebooks", "exports", "measure*", "palettes.csv", "*.sqlite"
    )
    shutil.copytree(study, out, ignore=ignored)
    record = json.loads((out / "run.json").read_text())
    del record["stages"]["measures"]
    (out / "run.json").write_text(json.dumps(record))
    return out


def test_a_study_has_measures_and_palettes_of_every_poster(study):
    index = read_table(study / "features_index.csv")
    table, palettes = (
        read_table(study / "tables" / f"{name}.csv") for name in ("measures", "palettes")
    )
    assert table["imdb_id"].tolist() == index["imdb_id"].tolist()
    assert table["file"].tolist() == index["path"].tolist() and set(MEASURES) <= set(table)
    assert set(palettes["imdb_id"]) == set(index["imdb_id"])
    assert palettes.columns.tolist() == [
        "imdb_id",
        "file",
        "rank",
        "colour",
        "share",
        "L",
        "a",
        "b",
    ]
    assert palettes["colour"].str.fullmatch("#[0-9a-f]{6}").all()


def test_they_are_columns_of_the_posters_and_of_the_exports(study):
    opened = pa.open_study(study)
    table, posters = opened.measures, opened.posters
    exported = read_table(study / "tables" / "posters.csv")
    for name in MEASURES:
        np.testing.assert_array_equal(posters[name].astype(float), table[name])
        np.testing.assert_array_equal(exported[name].astype(float), table[name])
    assert opened["hue"].index.tolist() == table["imdb_id"].tolist()
    with pytest.raises(InputError, match="a column of the study itself"):
        opened["hue"] = 1


def test_they_are_up_to_date_when_nothing_has_changed(study):
    assert measure_run(Analysis(Run(study))).was_done


def test_the_map_offers_them_on_a_scale(study):
    text = (
        (study / "map" / "data.js").read_text(encoding="utf-8")
        if (study / "map" / "data.js").is_file()
        else ""
    )
    text = text or next(
        path.read_text(encoding="utf-8")
        for path in sorted((study / "map").glob("*.js"))
        if "lightness, L*" in path.read_text(encoding="utf-8")
    )
    assert '"lightness, L*"' in text and '"wheel"' in text
    table = read_table(study / "tables" / "measures.csv")
    columns = {one["name"]: one for one in measure_scales(table["imdb_id"], table)}
    shown = [np.nan if value is None else value for value in columns["lightness, L*"]["numbers"]]
    np.testing.assert_allclose(shown, table["lightness"], rtol=5e-3)


def test_a_study_made_before_opens_and_says_that_there_are_none(earlier):
    opened = pa.open_study(earlier)
    assert "lightness" not in opened.posters and measures_of(opened.run) is None
    for ask in (lambda: opened.measures, lambda: opened.palettes, lambda: opened["lightness"]):
        with pytest.raises(
            InputError, match=r"There are no measures .* yet; poster-analysis measures --out"
        ):
            ask()


def test_one_command_adds_them_to_it(earlier, study, capsys):
    assert main(["measures", "--out", str(earlier)]) == 0
    printed = capsys.readouterr().out
    assert "mean lightness of" in printed and "measures.csv" in printed
    pd.testing.assert_frame_equal(pa.open_study(earlier).measures, pa.open_study(study).measures)
    assert pa.open_study(earlier)["lightness"].between(0, 100).all()


def test_a_column_of_the_table_with_the_name_of_a_measure_gives_way():
    from poster_analysis.study.exports import poster_table

    index = pd.DataFrame({"imdb_id": ["1", "2"], "contrast": ["theirs", "too"]})
    found = poster_table(
        index, measures=pd.DataFrame({"imdb_id": ["2", "1"], "contrast": [2.0, 1.0]})
    )
    assert found["contrast"].tolist() == [1, 2] and found["metadata_contrast"].tolist() == [
        "theirs",
        "too",
    ]
