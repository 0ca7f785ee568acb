"""The explorer: slider, map, cards and neighbours follow each other."""

from types import SimpleNamespace

import pytest

from poster_analysis.api.explore import Explorer, explore
from poster_analysis.api.live_map import LiveMap, live_map
from poster_analysis.api.study import open_study
from poster_analysis.core.errors import InputError
from poster_analysis.study.run import open_run

pytest.importorskip("anywidget")


@pytest.fixture
def asked(study):
    """A study with what the explorer asks it for, and a list of what it was asked."""
    run, asked = open_run(study), []
    index, places = run.table("features_index"), run.table("map")
    labels = run.table("labels_pca").set_index("imdb_id")
    posters = index.assign(x=places["x"], y=places["y"])

    def clusters(space, *, k):
        asked.append((space, k))
        return SimpleNamespace(labels=labels[f"k{k}"], _repr_html_=lambda: f"<b>{k} cards</b>")

    def similar(imdb_id):
        asked.append(imdb_id)
        return SimpleNamespace(_repr_html_=lambda: f"<i>like {imdb_id}</i>")

    return SimpleNamespace(
        map=lambda height: live_map(run, posters, height=height),
        posters=posters,
        parameters=run.parameters,
        sweep=lambda space: SimpleNamespace(table=run.table(f"k_sweep_{space}")),
        clusters=clusters,
        similar=similar,
        asked=asked,
        labels=labels,
    )


def test_the_slider_moves_map_and_cards(asked):
    view = explore(asked)
    assert isinstance(view, Explorer)
    assert (view.slider.min, view.slider.value, view.slider.max) == (2, 4, 5)
    assert "<b>4 cards</b>" in view.cards.value and asked.asked == [("pca", 4)]
    view.slider.value = 3
    assert "<b>3 cards</b>" in view.cards.value and asked.asked == [("pca", 4), ("pca", 3)]
    column = view.map._named[view.map.color]
    assert column["values"] == ["0", "1", "2"]
    assert [codes[0] for codes in column["codes"]] == asked.labels["k3"].tolist()
    assert view.map.columns.count(view.map.color) == 1


def test_a_chosen_poster_brings_its_neighbours(asked):
    view, ids = explore(asked, k=2), asked.posters["imdb_id"]
    assert "Click" in view.near.value
    view.map.set_state({"chosen": ids[3]})  # as a click on the map does
    assert f"<i>like {ids[3]}</i>" in view.near.value
    view.map.chosen = ""
    view.map.selection = [ids[8]]
    assert f"<i>like {ids[8]}</i>" in view.near.value
    view.map.selection = ids[:5]
    assert "Click" in view.near.value


def test_posters_that_are_not_clustered_have_no_colour_of_their_own(asked):
    asked.labels = asked.labels.iloc[:40]
    view = explore(asked)
    view.map.colour_with("some", asked.labels["k4"])
    assert sum(map(len, view.map._named["some"]["codes"])) == 40


def test_where_no_widget_runs_the_map_and_the_cards_are_shown(asked):
    view = explore(asked, k=3)
    bundle, _ = view._repr_mimebundle_()
    assert bundle["text/html"].count("<img") == 1 and bundle["text/html"].endswith(
        "<b>3 cards</b></div>"
    )
    assert repr(view) == bundle["text/plain"]
    assert repr(view).startswith("Explorer of pca, k = 3: LiveMap of 48 posters")


def test_a_k_that_was_not_swept_is_refused(asked):
    with pytest.raises(InputError, match="k is 9; the sweep in pca has 2 to 5"):
        explore(asked, k=9)


def test_a_study_has_its_map_and_its_explorer(study):
    opened = open_study(study)
    found = opened.map(color="genre", height=400)
    assert isinstance(found, LiveMap) and (found.color, found.height) == ("genre", 400)
    view = opened.explore("pca", k=3)
    view.slider.value = 2
    assert view.groups.labels.nunique() == 2 and "<img" in view.cards.value
    view.map.chosen = str(opened.posters["imdb_id"].iloc[4])
    assert "<img" in view.near.value
