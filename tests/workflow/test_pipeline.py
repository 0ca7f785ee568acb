"""A whole study: everything it promises is there, nothing is done twice, the same in is the same out."""

import dataclasses
import json
import shutil

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.metrics import silhouette_score

from poster_analysis.core.errors import InputError
from poster_analysis.core.files import read_table
from poster_analysis.core.text import (
    SPACES,
)
from poster_analysis.drawing.collection import draw_collection
from poster_analysis.extraction.features import load_features
from poster_analysis.reports import run as reports
from poster_analysis.study.run import Run, open_run
from poster_analysis.study.stages.analysis import Analysis, reduce_to
from poster_analysis.study.stages.clusters import cluster_in
from poster_analysis.study.stages.extraction import (
    run_extraction,
)
from poster_analysis.workflow.analyses import run_neighbours
from poster_analysis.workflow.pipeline import run_report, run_study
from poster_analysis.workflow.questions import similar, similar_to_each

TABLES = [
    *(
        f"{kind}_{space}"
        for kind in ("k_sweep", "clusters", "labels", "verdict")
        for space in SPACES
    ),
    *("components_pca", "components_nmf", "explained_variance", "nmf_components", "neighbours"),
    *("genre_agreement", "neighbour_counts", "neighbour_count_distribution"),
    *("neighbour_comparison", "duplicates", "map", "posters", "label_probe", "outliers"),
]
FIGURES = [
    *(
        f"{kind}_{space}"
        for kind in (
            "cluster_sizes",
            "cluster_cards",
            "silhouettes",
            "stability",
            "inertia",
            "silhouette",
        )
        for space in SPACES
    ),
    *("components_pca", "components_nmf", "contact_sheet", "explained_variance", "nmf_components"),
    *("silhouette_comparison", "genre_agreement", "neighbour_counts", "neighbour_comparison"),
    "duplicates",
    "outliers",
]
NOTEBOOKS = [
    "extraction",
    "measures",
    *(f"clustering_{s}" for s in SPACES),
    "reduction",
    "similarity",
]


def test_everything_that_the_readme_lists_is_there(study):
    for name in (
        "features.npz",
        "features_index.csv",
        "skipped.csv",
        "run.json",
        "site/index.html",
    ):
        assert (study / name).is_file(), name
    for folder, names, suffix in (
        ("tables", TABLES, "csv"),
        ("figures", FIGURES, "png"),
        ("notebooks", NOTEBOOKS, "ipynb"),
    ):
        kept = {path.stem for path in (study / folder).glob(f"*.{suffix}")}
        assert set(names) <= kept, folder
    assert len(list((study / "figures").glob("neighbours_*.png"))) == 3


def test_the_features_open_with_scipy_and_belong_to_their_index(study):
    X = scipy.sparse.load_npz(study / "features.npz")
    index = read_table(study / "features_index.csv")
    assert X.dtype == np.float32 and X.shape[0] == len(index)
    assert index.row.tolist() == list(range(len(index)))


def test_what_was_drawn_dirty_is_skipped_and_everything_else_is_kept(study, drawn):
    truth = pd.read_csv(drawn.truth, dtype=str, keep_default_na=False)
    broken = set(truth[truth.fault.isin(["not an image", "truncated", "no poster"])].imdb_id)
    kept = set(read_table(study / "features_index.csv").imdb_id)
    assert kept == {imdb_id.lstrip("t0") for imdb_id in truth.imdb_id} - broken
    skipped = read_table(study / "skipped.csv")
    assert skipped.reason.str.len().gt(0).all()
    assert set(truth[truth.fault == "truncated"].imdb_id) <= set(skipped.imdb_id)


def test_a_rerelease_is_near_the_film_it_repeats(study, drawn):
    truth = pd.read_csv(drawn.truth, dtype=str, keep_default_na=False)
    pairs = truth[truth.rerelease_of != ""][["imdb_id", "rerelease_of"]]
    neighbours = read_table(study / "tables" / "neighbours.csv")
    near = set(zip(neighbours.imdb_id, neighbours.neighbour_id, strict=True))
    found = [pair in near for pair in pairs.itertuples(index=False, name=None)]
    assert len(found) > 0 and np.mean(found) >= 0.5


@pytest.mark.parametrize("space", SPACES)
def test_the_silhouettes_of_a_study_are_those_of_scikit_learn(study, space):
    labels = read_table(study / "tables" / f"labels_{space}.csv")
    table = read_table(study / "tables" / f"k_sweep_{space}.csv").set_index("k")
    features = load_features(study)
    assert labels.imdb_id.tolist() == features.imdb_ids
    X = features.X.toarray().astype(np.float64)
    for k in table.index:
        score = silhouette_score(X, labels[f"k{k}"])
        assert table.silhouette_original[k] == pytest.approx(score, abs=1e-5)


def test_the_clusters_described_are_those_of_the_sweep(study):
    for space in SPACES:
        labels = read_table(study / "tables" / f"labels_{space}.csv").set_index("imdb_id").k4
        clusters = (
            read_table(study / "tables" / f"clusters_{space}.csv").set_index("imdb_id").cluster
        )
        pd.testing.assert_series_equal(labels, clusters, check_names=False)


def test_a_finished_study_computes_nothing_again(study, small_parameters, capsys):
    before = {path: path.stat().st_mtime_ns for path in study.rglob("*.csv")}
    run_study(small_parameters, study)
    said = capsys.readouterr().err.splitlines()
    lines = said[next(n for n, line in enumerate(said) if line.startswith("extraction:")) :]
    lines = [line for line in lines if ": " in line]  # after how posters and table fit
    assert len(lines) > 10 and all(line.endswith("up to date") for line in lines), lines
    assert before == {path: path.stat().st_mtime_ns for path in study.rglob("*.csv")}


def test_the_same_study_elsewhere_gives_the_same_bytes(study, small_parameters, tmp_path):
    analysis = Analysis(run_extraction(small_parameters, tmp_path / "again"))
    reduce_to(analysis, "pca")
    cluster_in(analysis, "pca")
    for name in ("features.npz", "features_index.csv", "tables/labels_pca.csv", "tables/k_sweep_pca.csv", "figures/silhouette_pca.png"):  # fmt: skip
        assert (tmp_path / "again" / name).read_bytes() == (study / name).read_bytes(), name


def test_an_added_poster_costs_one_poster(small_parameters, drawn, tmp_path, capsys):
    posters = tmp_path / "posters"
    shutil.copytree(drawn.posters, posters)
    parameters = small_parameters.changed(posters=str(posters), metadata=None, n_null=0)
    run_extraction(parameters, tmp_path / "out")
    more = draw_collection(tmp_path / "more", n_posters=24, random_state=3)
    new = next(path for path in sorted(more.posters.glob("*.jpg")) if path.stem.isdigit())
    (posters / "99999999.jpg").write_bytes(new.read_bytes())
    capsys.readouterr()
    run = run_extraction(parameters, tmp_path / "out")
    assert "99999999" in load_features(run.folder).imdb_ids
    assert "colour: 1 poster computed, " in capsys.readouterr().err


def test_a_poster_that_is_replaced_or_removed_is_gone_and_comes_back(
    small_parameters, drawn, tmp_path, capsys
):
    folder = tmp_path / "posters"
    shutil.copytree(drawn.posters, folder)
    parameters = small_parameters.changed(posters=str(folder), metadata=None, n_null=0)

    def heard(change):
        change()
        capsys.readouterr()
        run = run_extraction(parameters, tmp_path / "out")
        return load_features(run.folder), capsys.readouterr().err

    before, _ = heard(lambda: None)
    film, other = folder / before.index["path"][0], folder / before.index["path"][1]
    kept = film.read_bytes()

    replaced, said = heard(lambda: film.write_bytes(other.read_bytes()))
    assert "nothing new to compute" in said
    assert (replaced.X[[0]] != before.X[[1]]).nnz == 0 and replaced.imdb_ids == before.imdb_ids

    removed, said = heard(film.unlink)
    assert removed.imdb_ids == before.imdb_ids[1:] and "nothing new to compute" in said
    assert (before.X[1:] != removed.X).nnz == 0

    back, said = heard(lambda: film.write_bytes(kept))
    assert back.digest == before.digest and "nothing new to compute" in said
    assert "extraction: up to date" in heard(lambda: None)[1]


def test_another_folder_of_posters_does_not_replace_a_study(study, small_parameters, tmp_path):
    other = draw_collection(tmp_path / "other", n_posters=24)
    with pytest.raises(InputError, match="holds a study of"):
        run_extraction(small_parameters.changed(posters=str(other.posters)), study)


def test_a_study_inside_its_posters_is_refused(small_parameters, drawn):
    with pytest.raises(InputError, match="folder of posters"):
        run_extraction(small_parameters, drawn.posters / "out")
    assert not (drawn.posters / "out").exists()


def test_damaged_features_are_not_used(small_parameters, tmp_path):
    run = run_extraction(small_parameters, tmp_path / "out")
    path = run.folder / "features.npz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="missing or damaged"):
        Analysis(open_run(run.folder))
    run_extraction(small_parameters, tmp_path / "out")
    Analysis(open_run(run.folder))


def test_the_record_holds_every_parameter_as_used(study, small_parameters):
    record = json.loads((study / "run.json").read_text())
    asked = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in dataclasses.asdict(small_parameters).items()
    }
    assert asked.pop("anyway") is False  # what somebody once let pass is not asked of the next
    assert record["parameters"] == asked
    assert record["backbone"]["precision"] == "float32"
    assert record["collection"]["digest"] and record["warnings"] == []
    assert all(stage["seconds"] >= 0 for stage in record["stages"].values())


def test_unknown_films_make_no_run(study):
    with pytest.raises(InputError, match="no film is called"):
        run_neighbours(study, films=["zzzz zzzz"])
    assert not (study / "runs").exists()


def test_a_sample_limits_clusters_but_not_neighbours(small_parameters, tmp_path):
    parameters = small_parameters.changed(sample=30, n_null=0)
    analysis = Analysis(run_extraction(parameters, tmp_path / "out"))
    stage = cluster_in(analysis, "raw")
    assert len(stage.table("clusters_raw")) == 30
    _, found = run_neighbours(tmp_path / "out", films=[analysis.features.imdb_ids[0]])
    assert found.table("neighbours").imdb_id.nunique() == len(analysis.features)
    assert Run(tmp_path / "out").parameters.sample == 30
    clustered = read_table(tmp_path / "out" / "tables" / "clusters_raw.csv")["imdb_id"]
    told = similar_to_each(tmp_path / "out", [str(row) for row in range(48)], by="index")
    in_sample = [one["query"]["imdb_id"] for one in told if one["query"]["in_sample"]]
    assert sorted(in_sample) == sorted(clustered)


def test_a_re_release_counts_as_one_with_its_original(study, drawn):
    truth = drawn.read_truth().set_index("imdb_id")["rerelease_of"]
    groups = read_table(study / "tables" / "duplicates.csv")
    copies = {one: truth[one] for one in groups["imdb_id"] if truth[one]}
    assert len(copies) >= 2
    listed = 0
    for copy, original in copies.items():
        plain, once = (
            [
                one["imdb_id"]
                for one in similar(study, copy, by="id", n_neighbors=3, **how)["neighbours"]
            ]
            for how in ({}, {"one_per_picture": True})
        )
        listed += original in plain
        assert len(once) == 3 and original not in once
    assert listed
    with pytest.raises(InputError, match="its own neighbour"):
        similar(study, copy, by="id", include_self=True, one_per_picture=True)


def test_a_report_that_is_there_is_not_run_again_and_one_that_was_changed_is(
    study, tmp_path, monkeypatch, capsys
):
    out = tmp_path / "out"
    shutil.copytree(study, out)
    ran = []
    monkeypatch.setattr(reports, "run_reports", lambda jobs: [ran.append(jobs[0]), write(jobs[0])])

    def write(job):
        job.output.parent.mkdir(parents=True)
        job.output.write_text(f"{sorted(job.parameters.items())}")

    def make(**parameters):
        capsys.readouterr()
        path = run_report("clustering", out, parameters=parameters)
        return path, "up to date" in capsys.readouterr().err

    first, was_done = make(k_max=4)
    assert not was_done and len(ran) == 1 and first.parent == out / "runs/k_max=4/notebooks"
    assert make(k_max=4) == (first, True) and len(ran) == 1
    first.write_text("something else")
    assert make(k_max=4) == (first, False) and len(ran) == 2
    other, was_done = make(k_max=3)
    assert not was_done and other != first and len(ran) == 3


@pytest.mark.parametrize("name", ["n_null", "n_references"])
def test_a_report_without_null_models_is_a_run_of_its_own(study, tmp_path, monkeypatch, name):
    out = tmp_path / "out"
    shutil.copytree(study, out)
    jobs = []
    monkeypatch.setattr(reports, "run_reports", jobs.extend)
    path = run_report("clustering", out, parameters={name: "0"})
    assert path == out / "runs/n_null=0/notebooks/clustering_pca.ipynb"
    assert jobs[0].parameters["n_null"] == 0 and jobs[0].parameters["k_max"] == 5
    assert run_report("clustering", out, parameters={}).is_relative_to(out / "notebooks")
    assert jobs[1].parameters["n_null"] == 99


def test_a_notebook_of_ones_own_runs_every_time(study, tmp_path, monkeypatch):
    own = tmp_path / "own.ipynb"
    shutil.copyfile(reports.report_path("extraction"), own)
    out, ran = tmp_path / "out", []
    shutil.copytree(study, out)
    monkeypatch.setattr(reports, "run_reports", lambda jobs: ran.extend(jobs))
    for _ in range(2):
        assert run_report(str(own), out, parameters={}) == out / "notebooks" / "own.ipynb"
    assert len(ran) == 2
