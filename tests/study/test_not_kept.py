"""Clusters that were made without kept distances are not taken for clusters from all distances."""

import pandas as pd

from poster_analysis.study.run import Run
from poster_analysis.study.stages import analysis as stages
from poster_analysis.study.stages import clusters, kept_sweeps
from poster_analysis.words.findings import began_on_axes


def test_whether_distances_are_kept_is_part_of_the_key_where_k_means_goes_by_them(
    study, monkeypatch
):
    analysis = stages.Analysis(Run(study))
    asked = "clustering_raw", kept_sweeps.sweep_path("raw"), ()
    assert analysis.not_kept("raw") == {} and kept_sweeps._kept(analysis, *asked) is not None
    analysis.parameters = analysis.parameters.changed(memory_budget=0)
    assert analysis.not_kept("raw") == {}  # so few go by distances whatever is kept
    monkeypatch.setattr(stages, "SMALL", 10)
    assert analysis.not_kept("raw") == {"distances": "not kept"}
    assert analysis.not_kept("pca") == {} and kept_sweeps._kept(analysis, *asked) is None
    analysis.parameters = analysis.parameters.changed(memory_budget=1, sample=20)
    assert analysis.not_kept("raw") == {}


def test_a_study_says_along_how_many_axes_its_clusters_began(study):
    analysis = stages.Analysis(Run(study))
    file = study / kept_sweeps.sweep_path("raw")
    swept = kept_sweeps.read_sweep(file)
    _, usual = clusters._swept_tables(analysis, swept)
    swept.parameters["n_axes"] = 128
    tables, sentences = clusters._swept_tables(analysis, swept)
    assert sentences[: len(usual)] == usual and len(sentences) == len(usual) + 1
    assert "began along its 128 leading axes" in sentences[-1]
    assert "of 48 posters are not kept" in sentences[-1]
    assert isinstance(tables["k_sweep"], pd.DataFrame)
    assert (
        "40,000 posters, 6.4 GB, are not kept"
        in began_on_axes({"n_axes": 128}, n_posters=40_000)[0]
    )
