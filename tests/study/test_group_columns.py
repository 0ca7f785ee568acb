"""Any column of the table as a subject of tests and colours: in the stages, the map, the object, reports and the terminal."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from poster_analysis.api.live_map import live_map
from poster_analysis.api.study import Study, _placed
from poster_analysis.cli import main
from poster_analysis.core.errors import InputError
from poster_analysis.study.run import Run, derived_run
from poster_analysis.study.stages.analysis import Analysis
from poster_analysis.study.stages.clusters import cluster_in
from poster_analysis.study.stages.extraction import run_extraction
from poster_analysis.study.stages.map import make_map
from poster_analysis.study.stages.neighbours import evaluate_neighbours

COUNTRIES = ["USA, UK", "USA", "UK", "N/A", "UK, France, USA", "usa"]


@pytest.fixture(scope="module")
def table(drawn, tmp_path_factory):
    """The table of the drawn collection with more columns."""
    films = pd.read_csv(drawn.metadata, encoding="ISO-8859-1", dtype=str)
    films["Country"] = [COUNTRIES[row % 6] for row in range(len(films))]
    films["Studio"] = films["Genre"].str[:1].where(films["Genre"].notna(), "-")
    films["same"], films["number"] = "x", range(len(films))
    path = tmp_path_factory.mktemp("groups") / "films.csv"
    films.to_csv(path, index=False, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def parameters(small_parameters, table):
    return small_parameters.changed(
        metadata=str(table), n_null=0, k_max=3, n_clusters=3, group_columns="country,Studio"
    )


@pytest.fixture(scope="module")
def grouped(parameters, table):
    """A run that is grouped by two columns, without null models."""
    return run_extraction(parameters, table.parent / "study")


@pytest.fixture(scope="module")
def clustered(grouped):
    return cluster_in(Analysis(grouped), "pca")


def test_what_was_found_in_the_columns_is_kept_and_said(grouped):
    said = grouped.record["collection"]["groups"]
    assert said[0].startswith(
        "Films are grouped by 'Country': 3 values, several in a cell separated by commas"
    )
    assert said[1].startswith("Films are grouped by 'Studio'")


def test_clusters_are_held_against_them(clustered):
    enrichment, agreement = clustered.table("enrichment_pca"), clustered.table("agreement_pca")
    assert set(enrichment["column"]) == {"genre", "decade", "Country", "Studio"}
    assert set(enrichment.loc[enrichment["column"] == "Country", "value"]) <= {
        "USA",
        "UK",
        "France",
    }
    assert agreement["column"].unique().tolist() == ["genre", "Country", "Studio"]
    said = " ".join(clustered.findings)
    assert "with the Country" in said and "have no Country" in said


def test_so_are_neighbours(grouped):
    stage = evaluate_neighbours(Analysis(grouped))
    table = stage.table("group_agreement")
    assert table["column"].unique().tolist() == ["Country", "Studio"]
    assert [path.stem for path in stage.figures("group_agreement")] == [
        "group_agreement_1",
        "group_agreement_2",
    ]
    assert stage.table("genre_agreement")["column"].unique().tolist() == ["genre"]
    assert any("a Country in common" in sentence for sentence in stage.findings)


def test_both_maps_are_coloured_by_them_in_the_same_order(grouped):
    make_map(Analysis(grouped))
    text = (grouped.folder / "map" / "data.js").read_text()
    columns = json.loads(text[text.index("{") : text.rindex(";")])["columns"]
    names = [one["name"] for one in columns if "numbers" not in one]
    assert names == ["cluster", "genre", "decade", "Country", "Studio", "number"]
    assert columns[3]["values"] == ["USA", "UK", "France"]
    opened = Study(grouped)
    view = live_map(grouped, _placed(opened), color="Country")
    assert [name for name in view.columns if not name.startswith("cluster")][:4] == [
        "genre",
        "decade",
        "Country",
        "Studio",
    ]
    assert view._named["Country"]["codes"] == columns[3]["codes"]


def test_the_object_says_what_the_files_say(grouped, clustered):
    groups = Study(grouped).clusters("pca")
    pd.testing.assert_frame_equal(groups.agreement(), clustered.table("agreement_pca"))
    again = Study(grouped).analysis
    del groups.__dict__["enrichment"]
    pd.testing.assert_frame_equal(groups.enrichment, clustered.table("enrichment_pca"))
    assert again.grouped_by == {"group_columns": ["Country", "Studio"]}
    one = groups.agreement("COUNTRY")
    assert one.equals(
        groups.agreement()[lambda all: all["column"] == "Country"].reset_index(drop=True)
    )
    with pytest.raises(InputError, match="cannot be grouped by 'state'"):
        groups.agreement("state")
    assert "Films are grouped by" in Study(grouped)._repr_html_()


def test_a_run_with_other_columns_is_derived_and_knows_what_is_in_them(grouped):
    opened = Study(grouped)
    other = opened.changed("fewer", group_columns=["studio"])
    assert [one[:30] for one in other.run.record["collection"]["groups"]] == [
        "Films are grouped by 'Studio':"
    ]
    assert len(grouped.record["collection"]["groups"]) == 2
    spelled = opened.changed("spelled", group_columns=("COUNTRY", "studio"))
    assert spelled.analysis.grouped_by == opened.analysis.grouped_by
    assert cluster_in(spelled.analysis, "pca").was_done
    for wrong in (["state"], ["same"], ["number"]):
        with pytest.raises(InputError, match="cannot be grouped"):
            opened.changed("wrong", group_columns=wrong)
    assert "wrong" not in opened.runs


def test_a_study_without_such_columns_has_the_key_that_it_had(study):
    stage = Run(study).finished("clustering_pca")
    assert "group_columns" not in stage.parameters
    assert Run(study).record["collection"]["groups"] == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [("state", "'state'"), ("same,number", "'same' has one value only ('x'); 'number' has no value"), ("imdbId", "'imdbId'")],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_is_written(
    drawn, table, tmp_path, capsys, asked, said
):
    words = [
        "extract",
        "--posters",
        str(drawn.posters),
        "--metadata",
        str(table),
        "--out",
        str(tmp_path / "out"),
    ]
    assert main([*words, "--backbone", "colour", "--group-columns", asked]) == 2
    printed = capsys.readouterr().err
    assert said in printed and printed.count("\n") == 1 and not (tmp_path / "out").exists()


def test_in_a_trial_it_is_said(parameters, tmp_path):
    few = parameters.changed(limit=4, group_columns=("number", "same"))
    run = run_extraction(few, tmp_path)
    assert sum("trial" in one for one in run.record["collection"]["groups"]) == 2
    assert list(Analysis(run).groups)[:1] == ["genre"] and "number" not in Analysis(run).groups


def test_the_option_may_be_repeated(parameters):
    from poster_analysis.cli import cli

    help_text = CliRunner().invoke(cli, ["study", "--help"]).output
    assert "--group-columns" in help_text
    assert parameters.changed(group_columns=["a", "b"]).group_columns == ("a", "b")
    assert parameters.changed(group_columns=None).group_columns == ()


# What does not depend on them


def test_another_column_to_group_by_clusters_nothing_anew(clustered, grouped, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("the sweep was computed again")

    monkeypatch.setattr("poster_analysis.study.stages.kept_sweeps.sweep", refuse)
    before = {
        name: clustered.table(f"{name}_pca")
        for name in ("k_sweep", "labels", "clusters", "cluster_silhouettes")
    }
    for changes in ({"group_columns": "Studio"}, {"group_columns": "Studio", "n_clusters": 2}):
        run = derived_run(grouped.folder, **changes)
        again = cluster_in(Analysis(run), "pca")
        assert not again.was_done
        assert set(again.table("enrichment_pca")["column"]) == {"genre", "decade", "Studio"}
        for name, table in before.items():
            if name != "clusters" or "n_clusters" not in changes:
                pd.testing.assert_frame_equal(again.table(f"{name}_pca"), table)


@pytest.mark.parametrize(
    "changes", [{"k_max": 2, "n_clusters": 2}, {"random_state": 7}, {"n_init": 3}, {"sample": 30}]
)
def test_what_a_sweep_depends_on_makes_another(clustered, grouped, monkeypatch, changes):
    def refuse(*_, **__):
        raise AssertionError("the sweep was computed again")

    monkeypatch.setattr("poster_analysis.study.stages.kept_sweeps.sweep", refuse)
    with pytest.raises(AssertionError, match="computed again"):
        cluster_in(Analysis(derived_run(grouped.folder, **changes)), "pca")


def test_a_damaged_sweep_is_computed_again(clustered, grouped):
    run = derived_run(grouped.folder, group_columns=(), name="damaged")
    for folder in (clustered.folder, *(grouped.folder / "runs").glob("*")):
        path = folder / "spaces" / "sweep_pca.npz"
        if path.is_file():
            path.unlink()  # a link to it in another run stays whole
            path.write_bytes(b"PK")
    again = cluster_in(Analysis(run), "pca")
    pd.testing.assert_frame_equal(again.table("k_sweep_pca"), clustered.table("k_sweep_pca"))
