"""A timeline says what it can of what is known: without years, without genres, by another column."""

import pandas as pd
import pytest

from poster_analysis.core.errors import InputError
from poster_analysis.examples import small_run
from poster_analysis.study.run import Stage
from poster_analysis.study.stages import timeline
from poster_analysis.study.stages.analysis import Analysis
from poster_analysis.study.stages.timeline import look_back, timeline_figure, timeline_table

TABLES = (
    "trends",
    "trend_means",
    "trend_changes",
    "trend_curves",
    "differences",
    "group_palettes",
    "typical_posters",
)


@pytest.fixture(scope="module")
def analysis(tmp_path_factory):
    """An analysis of the drawn posters; every test knows something else of its films."""
    return Analysis(small_run(tmp_path_factory.mktemp("timeline")))


def known_as(analysis, asked, **columns):
    """The stage of a timeline of posters of which something else is known; what is `asked` differs, so that none is taken for another."""
    features = analysis.features
    other = Analysis(analysis.run)
    vars(other)["features"] = type(features)(features.X, features.index.assign(**columns))
    return look_back(other, **asked)


def test_without_years_and_genres_it_says_so_and_writes_what_there_is(analysis):
    stage = known_as(analysis, {}, year=pd.array([pd.NA] * 48, dtype="Int64"), genre="")
    text = " ".join(stage.findings)
    assert "nothing is said about time" in text and "nothing is said about differences" in text
    assert all(timeline_table(stage, name).empty for name in TABLES)
    assert not stage.figures()


def test_of_years_alone_there_are_trends_without_a_mix(analysis):
    stage = known_as(analysis, {"bin": "year"}, genre="")
    table = timeline_table(stage, "trends")
    assert len(table) and table["adjusted_for"].isna().all()
    assert "same mix" not in " ".join(stage.findings)
    assert timeline_figure(stage, "trends") and timeline_figure(stage, "differences") is None
    assert set(timeline_table(stage, "group_palettes")["column"]) == {"decade"}


def test_another_column_takes_the_place_of_genres(analysis):
    countries = ["France|Italy", "France", "Spain"] * 16
    stage = known_as(analysis, {"by": "country"}, country=countries)
    assert set(timeline_table(stage, "trends")["adjusted_for"].dropna()) == {"country"}
    assert set(timeline_table(stage, "differences")["label"]) == {"France", "Italy", "Spain"}
    assert "by country" in " ".join(stage.findings)
    palettes = timeline_table(stage, "group_palettes")
    assert set(palettes[palettes["column"] == "country"]["label"]) == {"France", "Italy", "Spain"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"measure": ["redness"]}, "there is no measure 'redness'"),
        ({"bin": "week"}, "valid are year, half-decade, decade"),
        ({"years": [2000, 1990]}, "give the first and the last"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_measured(analysis, asked, said):
    with pytest.raises(InputError, match=said):
        look_back(analysis, **asked)


def test_without_pictures_there_is_nothing_to_look_back_at(analysis, monkeypatch):
    nothing = Stage(analysis.run.folder, "measures", "", {}, {}, [], {}, 0.0)
    monkeypatch.setattr(timeline, "measure_run", lambda _: nothing)
    with pytest.raises(InputError, match="no pictures"):
        look_back(analysis)
