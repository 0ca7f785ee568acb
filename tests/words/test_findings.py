"""Sentences are chosen by the numbers they report, in the findings and in the reports that show them."""

import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from PIL import Image

from poster_analysis.clustering.verdict import NEAR_ZERO, silhouette_reading
from poster_analysis.reports.run import report_path
from poster_analysis.study.parameters import (
    Parameters,
)
from poster_analysis.study.run import (
    Run,
)
from poster_analysis.study.stages.analysis import Analysis
from poster_analysis.study.stages.clusters import (
    cluster_in,
    compare_spaces,
)
from poster_analysis.study.stages.extraction import run_extraction
from poster_analysis.study.stages.verdicts import judge_spaces, verdict_of
from poster_analysis.words import findings
from poster_analysis.words.comparison import verdict_findings
from poster_analysis.words.verdict import (
    described_finding,
    difference_findings,
    silhouette_differences,
    support_findings,
    verdict_sentences,
)
from poster_analysis.workflow.pipeline import run_report

REPORTS = ("clustering", "comparison", "extraction", "reduction", "similarity", "timeline")


def sweep(space="pca", silhouettes=(0.1, 0.2), first_k=5):
    k = range(first_k, first_k + len(silhouettes))
    return pd.DataFrame(
        {"space": space, "k": k, "silhouette": silhouettes, "silhouette_original": silhouettes}
    )


def well_written(sentences):
    """The sentences as one text, once it is known that nothing is missing from them."""
    text = " ".join(sentences)
    assert not re.search(r"nan\b|None|\(\s*\)|\n|  |\.\.|-0\.0+\b(?!\d)| ,| \.", text), text
    assert text.count("(") == text.count(")")
    assert all(re.match(r"[A-Z\d]", one) and one.endswith(".") for one in sentences), sentences
    return text


near_or_far = st.one_of(st.floats(-1, 1), st.floats(-0.02, 0.12))
some = st.lists(near_or_far, min_size=1, max_size=6)


@given(some, st.booleans())
def test_a_sweep_is_near_0_exactly_if_all_of_it_is_and_read_only_without_a_verdict(
    values, with_verdict
):
    sentences = findings.sweep_findings(sweep(silhouettes=values), with_verdict=with_verdict)
    text = well_written(sentences)
    assert f"{max(values):z.3f}" in sentences[0] and f"{min(values):z.3f}" in sentences[0]
    all_near = max(map(abs, values)) < NEAR_ZERO
    assert ("near 0" in sentences[-1]) == all_near
    assert (" to " in sentences[0]) == (len(values) > 1)
    if with_verdict:
        assert len(sentences) == 2 and "reads" not in text
        return
    near = abs(max(values)) < NEAR_ZERO
    words = re.findall(r"reads as (.+) structure", sentences[1])
    assert words == ([] if near else [silhouette_reading(max(values))])
    assert ("near 0" in sentences[1]) == near
    assert sentences[1].startswith("That is near 0") == (all_near or (near and len(values) == 1))
    assert "Kaufman" not in text


def test_a_sweep_over_one_k_claims_no_range():
    first, *_, last = findings.sweep_findings(sweep(silhouettes=(0.3,)))
    assert first.endswith("is 0.300 at k = 5.") and last.endswith("clusters is 0.300.")


@given(st.lists(some, min_size=1, max_size=3))
def test_near_0_in_every_space_is_said_exactly_if_it_is_so(silhouettes):
    spaces = ("raw", "pca", "nmf")[: len(silhouettes)]
    tables = [sweep(space, values) for space, values in zip(spaces, silhouettes, strict=True)]
    first, second, third = sentences = findings.comparison_findings(tables)
    well_written(sentences)
    near = [max(map(abs, values)) < NEAR_ZERO for values in silhouettes]
    assert first.startswith("The silhouette is near 0 in ") == all(near)
    assert ("in every space" in first) == (all(near) and len(near) > 1)
    assert ("; near 0 for every k in " in first) == (any(near) and not all(near))
    best = max(map(max, silhouettes))
    assert f"{best:z.3f} at k" in second and ("near 0" in second) == (abs(best) < NEAR_ZERO)
    assert third.count("Kaufman") == 1


def test_the_best_space_is_named_first_whatever_the_order():
    tables = [sweep("raw", (0.01, 0.02)), sweep("nmf", (0.5, 0.4)), sweep("pca", (0.1, 0.2))]
    for order in (tables, tables[::-1]):
        sentence = findings.comparison_findings(order)[0]
        assert sentence.index("NMF") < sentence.index("PCA") < sentence.index("raw")


@given(some)
def test_whether_more_components_help_follows_from_the_last(values):
    numbers = [10 * (n + 1) for n in range(len(values))]
    table = pd.DataFrame({"space": "pca", "n_components": numbers, "silhouette": values})
    sentences = findings.components_findings(table.sample(frac=1, random_state=0))
    text = well_written(sentences)
    written = [f"{value:z.3f}" for value in values]
    best = written.index(f"{max(values):z.3f}")
    flat, last = len(set(written)) == 1, best == len(values) - 1
    assert ("only" in text) == (len(values) == 1)
    assert ("no difference" in text) == (flat and len(values) > 1)
    assert ("more components do help" in text) == (last and not flat)
    assert ("do not help" in text) == (not last and not flat)
    assert ("near 0" in text) == (max(map(abs, values)) < NEAR_ZERO)


@pytest.mark.parametrize(("n", "said"), [(1, "1 principal component holds"), (2, "the first")])
def test_components_are_counted_in_their_own_number(n, said):
    table = pd.DataFrame({"explained_variance_ratio": n * [0.2], "cumulative": [0.2, 0.4][:n]})
    assert said in well_written(findings.reduction_findings(table))


def test_no_poster_outside_its_cluster_is_not_mentioned():
    table = pd.DataFrame({"cluster": [0, 1], "silhouette": [0.1, 0.2]})
    assert len(findings.cluster_findings(table)) == 1


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0, "0 %"), (1e-9, "less than 1 %"), (0.9999, "more than 99 %"), (1, "100 %")],
)
def test_a_percentage_never_rounds_to_all_or_nothing(fraction, text):
    assert findings.percent(fraction) == text


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp", "Zs"])))
def test_a_title_in_a_paragraph_stays_text(title):
    """Nothing in a title becomes markup, as Markdown or as HTML."""
    said = f"Nearest to “{title}” is “*a* [x](javascript:1) <b> $x$ `c`”."
    (block, inline, _) = MarkdownIt("commonmark").parse(findings.paragraphs([said]))
    assert block.type == "paragraph_open"
    assert "".join(token.content for token in inline.children) == said
    assert {token.type for token in inline.children} <= {"text", "text_special"}


@pytest.mark.parametrize(
    "outcome", ["not compared", "undecided", "nothing", "continuum", "apart", "groups"]
)
@pytest.mark.parametrize("n_runs", [1, 2, 6])
def test_runs_are_told_by_what_they_support_and_near_0_if_they_are(outcome, n_runs):
    k = pd.array([7 if outcome == "groups" else None] * n_runs, dtype="Int64")
    rows = {
        "run": [f"r{n}" for n in range(n_runs)],
        "space": "pca",
        "k_best": 5,
        "outcome": outcome,
        "levels": "7" if outcome == "groups" else "",
    }
    for silhouette in (0.04, 0.4):
        table = pd.DataFrame(rows | {"silhouette": silhouette, "k_supported": k})
        support, highest = sentences = verdict_findings(table)
        well_written(sentences)
        assert ("groups are found" in support) == (outcome == "groups")
        assert (": 7" in support) == (outcome == "groups" and n_runs < 5)
        assert ("not asked" in support) == (outcome == "not compared")
        assert ("near 0" in highest) == (silhouette < NEAR_ZERO)
        assert not re.search(r"\b1 runs|\b1 of 1\b", support)


def text_of(path):
    """What an executed report says: the lines of its Markdown, written and computed."""
    lines = []
    for cell in nbformat.read(path, as_version=4).cells:
        shown = [cell.source] if cell.cell_type == "markdown" else []
        shown += [
            output.get("data", {}).get("text/markdown", "") for output in cell.get("outputs", [])
        ]
        lines += [re.sub(r"\\(.)", r"\1", line) for text in shown for line in text.split("\n\n")]
    return [line for line in lines if line]


@pytest.fixture(scope="module")
def shapeless_study(tmp_path_factory):
    """A study of pictures of coloured noise, each as unlike all others as they are unlike each other."""
    folder, rng = tmp_path_factory.mktemp("noise"), np.random.default_rng(9)
    (folder / "posters").mkdir()
    for number in range(1, 49):
        cells = rng.integers(0, 256, size=(24, 16, 3), dtype=np.uint8)
        image = Image.fromarray(cells).resize((64, 96), Image.Resampling.NEAREST)
        image.save(folder / "posters" / f"{number}.png")
    settings = {
        "n_components": 24,
        "k_min": 2,
        "k_max": 3,
        "n_clusters": 3,
        "n_splits": 2,
        "n_null": 19,
    }
    parameters = Parameters(str(folder / "posters"), backbone="colour", **settings)
    run_extraction(parameters, folder / "out")
    return folder / "out"


def test_of_a_study_of_noise_it_is_said_that_the_silhouette_is_near_0_in_every_space(
    shapeless_study,
):
    """And by how much it differs from data without clusters, space by space; the scale is cited once."""
    analysis, spaces = Analysis(Run(shapeless_study)), ("raw", "pca")  # NMF's null models take long
    judged = judge_spaces(analysis, spaces)
    stages = [cluster_in(analysis, space) for space in spaces]
    compared = compare_spaces(analysis, stages).findings
    verdicts = [verdict_of(analysis.run, space) for space in spaces]
    assert compared[0].startswith(
        "The silhouette is near 0 in every space and for every k: at most"
    )
    assert compared[-2:] == difference_findings(verdicts)
    assert all(", near 0: " in text for text in compared[-2:])
    for space, one in zip(spaces, verdicts, strict=True):
        assert judged[space].findings == [" ".join(verdict_sentences(one))]
        assert "That is near 0" in judged[space].findings[0] and one.k_supported is None
        assert one.outcome in ("nothing", "continuum")
    assert set(support_findings(verdicts)) <= set(compared)
    assert " ".join(sum([stage.findings for stage in stages], compared)).count("Kaufman") == 1


def test_the_clustering_report_says_what_its_verdict_says_and_that_the_silhouette_is_near_0(
    shapeless_study,
):
    path = run_report("clustering", shapeless_study, parameters={"space": "pca"})
    lines, one = text_of(path), verdict_of(Run(shapeless_study), "pca")
    text = " ".join(lines)
    assert one.k_supported is None and one.near_zero
    answer, others = lines[lines.index("# Clustering") + 2 :][:2]
    said = [answer.strip("*"), *(line.removeprefix("- ") for line in others.split("\n"))]
    *reasons, conclusion = verdict_sentences(one)
    assert said[: 1 + len(reasons)] == [conclusion, *reasons]
    first = " ".join(reasons)
    assert "That is near 0" in first
    assert silhouette_differences(one) in first and first.count("over 19 draws") == 1
    assert text.count("Kaufman") == 1 and not re.search(r"\bnan\b|None|\( *\)", text)
    assert described_finding(3, one) in text and "which is not a number of groups: take" in text
    assert "The bands are what the same procedure makes" in text and "n_null is 0" not in text
    assert "posters fall into" not in text.partition("?")[2] and "reads as" not in text


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_types_no_number_but_the_ends_of_its_scales(name):
    notebook = json.loads(Path(report_path(name)).read_text(encoding="utf-8"))
    prose = [
        "".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"
    ]
    assert set(re.findall(r"\d[\d.,]*\d|\d", " ".join(prose))) <= {"0", "1"}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_opens_with_its_findings(name):
    """Before the first heading stand only the title, the parameters, the warnings and what was found."""
    notebook = nbformat.read(report_path(name), as_version=4)
    opening = []
    for cell in notebook.cells[1:]:
        if cell.cell_type == "markdown":
            break
        opening.append(cell.source)
    assert any(
        "findings" in source and ("answer(" in source or "paragraphs(" in source)
        for source in opening
    )
