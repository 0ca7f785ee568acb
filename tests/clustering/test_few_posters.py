"""Few posters, copies among them, and as many clusters as there can be: gaps in curves, and one plain sentence."""

import numpy as np
import pandas as pd
import pytest

from poster_analysis.core.errors import InputError
from poster_analysis.figures.page import checked_table
from poster_analysis.figures.sweep import scores_curve, stability_curve
from poster_analysis.study.parameters import FEWEST_POSTERS, Parameters
from poster_analysis.study.run import Run
from poster_analysis.study.stages.analysis import Analysis
from poster_analysis.study.stages.clusters import cluster_in, sweep_curves
from poster_analysis.study.stages.extraction import check_enough, run_extraction
from poster_analysis.words.findings import sweep_findings


@pytest.fixture
def few(drawn, tmp_path):
    """Five different posters and three copies, with every k that there can be."""
    folder = tmp_path / "posters"
    folder.mkdir()
    files = sorted(drawn.posters.rglob("*.jpg"), key=lambda file: -file.stat().st_size)[:5]
    for number, file in enumerate([*files, *files[:3]]):
        (folder / f"{number}.jpg").write_bytes(file.read_bytes())
    return Parameters(
        str(folder), backbone="colour", n_components=4, k_min=2, k_max=5, n_clusters=5,
        n_neighbors=4, n_splits=2, n_init=2, map_method="pca",
    )  # fmt: skip


def test_few_posters_with_copies_are_clustered_for_every_k_that_there_can_be(few, tmp_path):
    run = run_extraction(few, tmp_path / "out", whole_study=True)
    stage = cluster_in(Analysis(run), "pca")
    table = stage.table("k_sweep_pca")
    assert table["k"].tolist() == [2, 3, 4, 5] and table["silhouette"].notna().all()
    unknown = table.loc[table["stability_halves"].isna(), "k"].tolist()
    assert 5 in unknown and 2 not in unknown
    said = " ".join(stage.findings)
    assert "is not known for k = " in said and "nan" not in said.lower()
    assert {"figures/stability_pca.png", "figures/scores_pca.png"} <= {*stage.outputs}


@pytest.mark.parametrize("n_posters", range(1, FEWEST_POSTERS))
def test_one_two_and_three_posters_get_one_plain_sentence(n_posters, few, tmp_path):
    with pytest.raises(InputError) as caught:
        run_extraction(
            few.changed(limit=n_posters) if n_posters > 1 else one(few),
            tmp_path / "o",
            whole_study=True,
        )
    said = str(caught.value)
    noun = "1 poster is" if n_posters == 1 else f"{n_posters} posters are"
    assert said.startswith(f"{noun} too few: a study needs {FEWEST_POSTERS} different ones;")
    assert "k_max" not in said and not (tmp_path / "o").exists()


def one(parameters):
    """The same of a folder with a single poster."""
    from pathlib import Path

    folder = Path(parameters.posters)
    for file in sorted(folder.iterdir())[1:]:
        file.unlink()
    return parameters


def index_of(pictures):
    """An index of posters, of which those with the same letter are copies."""
    return pd.DataFrame({"sha256": list(pictures)})


@pytest.mark.parametrize(
    ("pictures", "changes", "said"),
    [
        ("aaaaaaaa", {}, "8 posters show only 1 different picture"),
        ("abcaaaaa", {}, "8 posters show only 3 different pictures"),
        ("abcdefgh", {"sample": 3}, "sample is 3, too few for a study; valid values are 4 to 8"),
        ("aaaaaaah", {"sample": 6}, "6 sampled posters show only"),
        ("abcdefgh", {"sample": 9}, "sample is 9 but there are only 8 posters"),
        ("abcdeeee", {"k_max": 6}, "k_max is 6 but there are only 8 posters, 5 of them different; valid values are 2 to 5"),
        ("abcdefgh", {"k_min": 9, "k_max": 9}, "k_max is 9 but"),
    ],
)  # fmt: skip
def test_what_posters_cannot_give_is_said(pictures, changes, said):
    parameters = Parameters("p", n_components=2, k_min=2, k_max=4, n_clusters=3, n_neighbors=2)
    with pytest.raises(InputError) as caught:
        check_enough(parameters.changed(**changes), index_of(pictures))
    assert said in str(caught.value)


def test_all_limits_are_told_together():
    with pytest.raises(InputError) as caught:
        check_enough(Parameters("p", n_neighbors=30, sample=40), index_of("abcdefgh"))
    said = str(caught.value)
    assert said.startswith("5 things are wrong: (1) ") and "\n" not in said
    for name in ("sample", "k_max", "n_clusters", "n_components", "n_neighbors"):
        assert f"{name} is " in said


SWEEP = pd.DataFrame(
    {
        "space": "pca", "k": [2, 3, 4], "silhouette": 0.2, "silhouette_original": 0.1,
        "stability_restarts": 1.0, "stability_halves": [0.8, np.nan, np.nan],
        "calinski_harabasz": [3.0, 5.0, np.inf], "davies_bouldin": [1.0, 0.5, 0.1], "inertia": [3.0, 2.0, 0.0],
    }
)  # fmt: skip


def test_what_is_not_known_is_a_gap():
    for table in (
        SWEEP,
        SWEEP.assign(stability_halves=[np.nan, 0.5, np.nan]),
    ):
        (axes,) = stability_curve(table, n_clusters=3).axes
        drawn = [line.get_ydata() for line in axes.lines]
        assert any(np.isnan(np.asarray(one, float)).any() for one in drawn)
    assert np.isfinite(stability_curve(SWEEP).axes[0].get_ylim()).all()
    assert "Calinski-Harabasz is best at k = 3" in scores_curve(SWEEP).get_label()


def test_a_curve_of_which_nothing_is_known_is_left_out():
    nothing = SWEEP.assign(
        stability_halves=np.nan, stability_restarts=np.nan, calinski_harabasz=np.inf
    )
    assert [*sweep_curves(nothing)] == ["silhouette", "inertia"]
    assert "not known for any k" in sweep_findings(nothing)[-1]
    assert "not known for k = 3 and 4" in sweep_findings(SWEEP)[-1]
    with pytest.raises(InputError, match="some row"):
        checked_table(nothing, [], gaps=["stability_halves"])


def test_posters_that_look_the_same_to_the_backbone_count_once(few, tmp_path, monkeypatch):
    from poster_analysis.study.stages import analysis
    from poster_analysis.workflow import pipeline

    run = run_extraction(few.changed(n_null=0), tmp_path / "out", whole_study=True)
    monkeypatch.setattr(analysis, "first_identical", lambda X: np.arange(X.shape[0]) // 2)
    with pytest.raises(InputError, match="8 posters, 4 of them different"):
        pipeline._analyse(Run(run.out))
