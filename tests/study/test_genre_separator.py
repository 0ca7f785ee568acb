"""The separator of genres is a matter of the file: once it is read, nothing else asks for it."""

import pandas as pd
import pytest

from poster_analysis.study.run import Run
from poster_analysis.study.stages.analysis import Analysis
from poster_analysis.study.stages.extraction import run_extraction
from poster_analysis.study.stages.map import make_map
from poster_analysis.study.stages.neighbours import evaluate_neighbours

TABLES = ("genre_agreement", "neighbour_comparison", "enrichment_pca", "agreement_pca")


def extracted(separator, small_parameters, study, folder):
    """The small study, from a table whose genres are separated in another way, as far as its features."""
    films = pd.read_csv(small_parameters.metadata, encoding="ISO-8859-1", dtype=str)
    films["Genre"] = films["Genre"].str.replace("|", separator)
    films.to_csv(folder / "films.csv", index=False, encoding="ISO-8859-1")
    parameters = small_parameters.changed(
        metadata=str(folder / "films.csv"),
        genre_separator=separator,
        n_null=0,
    )
    return run_extraction(parameters, folder / "study", store=study / "store")


@pytest.fixture(scope="module")
def other_separator(small_parameters, study, tmp_path_factory):
    """Such a study with its map, and its neighbours compared."""
    run = extracted(" / ", small_parameters, study, tmp_path_factory.mktemp("separator"))
    analysis = Analysis(run)
    make_map(analysis)
    evaluate_neighbours(analysis)
    return analysis.run


@pytest.mark.parametrize("separator", [";", " / "])
def test_films_have_the_genres_that_they_have_with_the_usual_separator(
    separator, small_parameters, study, tmp_path
):
    run = extracted(separator, small_parameters, study, tmp_path)
    films, usual = (one.table("features_index") for one in (run, Run(study)))
    assert usual["genre"].str.contains("|", regex=False).any()
    pd.testing.assert_frame_equal(films, usual)


@pytest.mark.parametrize("table", TABLES)
def test_genres_count_as_they_do_with_the_usual_separator(study, other_separator, table):
    usual = Run(study).table(table)
    pd.testing.assert_frame_equal(other_separator.table(table), usual)
    assert len(usual) > 0


def test_the_map_names_the_same_genres(study, other_separator):
    usual, other = (
        (folder / "map" / "data.js").read_text() for folder in (study, other_separator.folder)
    )
    assert other == usual
