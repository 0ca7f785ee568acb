"""A study of features of one's own: with its posters, and without any picture, from the first stage to the map."""

import json

import numpy as np
import pandas as pd
import pytest

import poster_analysis as pa
from poster_analysis.cli import main
from poster_analysis.core.errors import InputError
from poster_analysis.extraction.own_features import write_own_features
from poster_analysis.similarity.neighbours import neighbours
from poster_analysis.study.parameters import Parameters
from poster_analysis.study.run import Run
from poster_analysis.study.stages.analysis import Analysis
from poster_analysis.study.stages.extraction import run_extraction
from poster_analysis.study.stages.map import export_posters, make_map
from poster_analysis.workflow.questions import similar

SMALL = {"n_components": 3, "k_min": 2, "k_max": 3, "n_clusters": 3, "n_null": 0, "n_splits": 1, "n_init": 2, "map_method": "pca"}  # fmt: skip


@pytest.fixture(scope="module")
def titles(drawn):
    films = pd.read_csv(drawn.metadata, encoding="ISO-8859-1", dtype=str)
    return films[films["Title"].notna()].drop_duplicates("Title")


@pytest.fixture(scope="module")
def numbers(titles):
    return np.random.default_rng(9).normal(size=(len(titles), 5))


@pytest.fixture(scope="module")
def unseen(drawn, titles, numbers, tmp_path_factory):
    """A run without pictures, whose rows are called by titles; two rows are equal."""
    out, X = tmp_path_factory.mktemp("unseen"), numbers.copy()
    X[1] = X[0]
    path = write_own_features(X, titles["Title"], out / "mine.npz")
    parameters = Parameters("", metadata=str(drawn.metadata), features=str(path), **SMALL)
    return run_extraction(parameters, out / "study", whole_study=True)


def test_titles_find_their_films_and_nothing_has_a_path(unseen, titles):
    index = unseen.table("features_index")
    assert len(index) == len(titles) and set(index["path"]) == {""}
    assert (index["genre"] != "").mean() > 0.8
    said = unseen.findings()
    assert sum("No posters were given" in one for one in said) == 1


def test_every_stage_goes_without_pictures(unseen):
    analysis = Analysis(unseen)
    assert analysis.spaces == ("raw", "pca") and not analysis.posters.have_pictures
    make_map(analysis)
    export_posters(analysis)
    stages = unseen.record["stages"]
    assert "tables/sprites.csv" not in stages["map_places"]["outputs"]
    assert stages["duplicates"]["findings"] == [
        "2 posters of " + f"{len(analysis.features)} are in 1 group with the same numbers each."
    ]
    data = (unseen.folder / "map" / "data.js").read_text()
    assert json.loads(data.partition("= ")[2].rstrip(";\n"))["sheets"] == []
    table = unseen.table("posters")
    assert (
        len(table) == len(analysis.features)
        and (unseen.folder / "exports" / "posters.parquet").is_file()
    )


def test_a_film_is_asked_for_by_its_title_and_an_image_is_refused(unseen, titles, drawn):
    answer = similar(unseen.folder, str(titles["Title"].iloc[5]), n_neighbors=2)
    assert len(answer["neighbours"]) == 2 and answer["neighbours"][0]["path"] == ""
    image = next(drawn.posters.glob("*.jpg"))
    with pytest.raises(InputError, match=r"come from mine\.npz, and an image from elsewhere"):
        similar(unseen.folder, str(image), by="image")


@pytest.fixture(scope="module")
def seen(drawn, tmp_path_factory):
    """A run of some of the posters in a folder, in another order, with rows that are of none."""
    out = tmp_path_factory.mktemp("seen")
    paths = sorted(path.name for path in drawn.posters.glob("*.jpg"))[3:33]
    X = np.random.default_rng(1).normal(size=(len(paths) + 2, 4)).astype(np.float16)
    X[-1] = np.nan
    np.save(out / "clip.npy", X)
    (out / "clip_ids.txt").write_text("\n".join([*paths[::-1], "nobody", "9999"]))
    parameters = Parameters(str(drawn.posters), features=str(out / "clip.npy"), **SMALL)
    return run_extraction(parameters, out / "study")


def test_rows_are_those_of_their_posters(seen):
    index, out = seen.table("features_index"), seen.out.parent
    X, names = np.load(out / "clip.npy"), (out / "clip_ids.txt").read_text().split("\n")
    own = dict(zip(names, X, strict=True))
    features = pa.load_features(seen.folder)
    wanted = np.array([own[path] for path in index["path"]], dtype=np.float32)
    np.testing.assert_array_equal(features.X.toarray(), wanted)
    assert len(neighbours(features, n_neighbors=2)) == 2 * len(index)


def test_what_is_left_over_is_in_the_list_of_what_was_skipped(seen):
    skipped = seen.table("skipped")
    reasons = skipped["reason"].value_counts()
    assert reasons["no row in the features"] >= 3
    assert (
        reasons["a row of the features without a poster"]
        == reasons["a number that is not finite"]
        == 1
    )
    assert seen.parameters.n_components == 3 and seen.record["backbone"]["dtype"] == "float16"


def test_no_more_components_are_asked_for_than_there_are_numbers(seen, capsys):
    again = run_extraction(seen.parameters.changed(n_components=50), seen.out)
    assert again.parameters.n_components == 4
    assert "PCA and NMF keep 4 components instead of 50" in capsys.readouterr().err


def test_a_changed_file_is_noticed_and_the_same_one_is_not_taken_again(seen, capsys):
    before = seen.record["stages"]["extraction"]["key"]
    run_extraction(seen.parameters, seen.out)
    assert "extraction: up to date" in capsys.readouterr().err
    path = seen.out.parent / "clip.npy"
    np.save(path, np.load(path) * np.float16(2))
    run_extraction(seen.parameters, seen.out)
    said = capsys.readouterr().err
    assert "clip.npy has changed since the study was made" in said
    assert Run(seen.out).record["stages"]["extraction"]["key"] != before


def test_a_study_of_nothing_is_refused(tmp_path, capsys):
    assert main(["study", "--out", str(tmp_path / "s")]) == 2
    assert "Missing option '--posters', or '--features'" in capsys.readouterr().err
    assert main(["study", "--features", str(tmp_path / "x.npy"), "--out", str(tmp_path / "s")]) == 2
    assert "x.npy does not exist" in capsys.readouterr().err and not (tmp_path / "s").exists()
    with pytest.raises(InputError, match="backbone is colour, but the features are those in"):
        Parameters("", features="x.npy", backbone="colour")
    with pytest.raises(InputError, match="give a folder of posters"):
        run_extraction(Parameters(""), tmp_path / "s")


def test_parameters_with_features_are_recorded_and_read_back(seen):
    parameters = Run(seen.out).parameters
    assert parameters.features.endswith("clip.npy") and parameters.backbone == "own"
    back = parameters.changed(features=None, backbone="colour")
    assert (back.features, back.backbone, back.weights) == (None, "colour", "imagenet")


def test_features_in_memory_are_a_study(tmp_path):
    frame = pd.DataFrame(
        np.random.default_rng(2).random((12, 3)), index=[f"film {n}" for n in range(12)]
    )
    study = pa.open_features(frame, out=tmp_path / "study", **SMALL)
    assert len(study) == 12 and pa.open_study(tmp_path / "study").similar("film 3", n=2) is not None
    with pytest.raises(InputError, match="more than one row with other numbers"):
        pa.open_features(frame, ["a"] * 12, out=tmp_path / "other")
    assert not (tmp_path / "other" / "run.json").exists()


def test_features_of_a_study_brought_to_another_are_the_same_features(
    study, small_parameters, tmp_path
):
    path = study / "features.npz"
    parameters = Parameters(small_parameters.posters, features=str(path), **SMALL)
    own = pa.load_features(run_extraction(parameters, tmp_path / "study").folder)
    extracted = pa.load_features(study)
    assert own.imdb_ids == extracted.imdb_ids and (own.X != extracted.X).nnz == 0
