"""The demo draws what it studies, and no more."""

import json

import pytest

from poster_analysis.core.errors import InputError
from poster_analysis.drawing import collection
from poster_analysis.drawing.collection import BLOCK, DrawnCollection
from poster_analysis.workflow import demo


@pytest.fixture
def drawn(monkeypatch):
    """The numbers of posters that demos draw; nothing is drawn, and nothing is studied."""
    numbers = []

    def draw(folder, *, n_posters):
        numbers.append(n_posters)
        folder.mkdir(parents=True, exist_ok=True)
        mark = {"parameters": {"n_posters": n_posters}}
        (folder / "drawn.json").write_text(json.dumps(mark))
        return DrawnCollection(folder / "posters", folder / "films.csv", folder / "truth.csv")

    monkeypatch.setattr(collection, "draw_collection", draw)
    monkeypatch.setattr(demo, "run_study", lambda parameters, *_, **__: parameters)
    return numbers


def test_no_more_posters_are_drawn_than_are_studied_and_what_lies_there_stays(drawn, tmp_path):
    for limit in (2, 60, 30, None, 60, 5000):
        parameters = demo.run_demo(tmp_path / "out", backbone="colour", limit=limit)
        assert parameters.limit == limit
        assert parameters.posters == str(tmp_path / "out" / "collection" / "posters")
        assert parameters.metadata == str(tmp_path / "out" / "collection" / "films.csv")
    assert drawn == [BLOCK, 60, 60, 240, 240, 240]


@pytest.mark.parametrize("limit", [0, -3])
def test_an_impossible_limit_is_refused_before_anything_is_drawn(drawn, tmp_path, limit):
    with pytest.raises(InputError, match="limit"):
        demo.run_demo(tmp_path / "out", backbone="colour", limit=limit)
    assert drawn == [] and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "mark", ["[]", "{}", '{"parameters": 5}', '{"parameters": {"n_posters": "x"}}']
)
def test_a_strange_mark_counts_as_none(tmp_path, mark):
    (tmp_path / "drawn.json").write_text(mark)
    assert collection.n_drawn(tmp_path) == 0
