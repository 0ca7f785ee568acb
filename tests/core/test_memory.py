"""Too little memory is one line that names what needed it and how much."""

import errno

import numpy as np
import pytest

from poster_analysis.core import memory
from poster_analysis.core.errors import InputError, RunError
from poster_analysis.core.memory import default_budget, is_out_of_memory, memory_for
from poster_analysis.study.parameters import Parameters
from poster_analysis.study.run import Run


class ResourceExhaustedError(Exception):
    """As TensorFlow has one."""


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        ResourceExhaustedError("OOM when allocating tensor with shape[16,224,224,64]"),
    ],
)
def test_every_way_to_say_it_is_understood(error):
    assert is_out_of_memory(error)
    with pytest.raises(RunError, match="not enough memory for a map"), memory_for("a map"):
        raise error


@pytest.mark.parametrize("error", [ValueError("out"), OSError(errno.ENOENT, ""), InputError("x")])
def test_other_errors_stay_as_they_are(error):
    with pytest.raises(type(error)) as caught, memory_for("a map"):
        raise error
    assert caught.value is error


def test_a_stage_says_what_needed_how_much_and_leaves_nothing(tmp_path):
    run = Run(tmp_path / "out")
    run.start(Parameters("posters"))

    def compute(folder):
        (folder / "half.npy").write_bytes(b"half")
        np.empty((10_000_000, 10_000_000))

    with pytest.raises(RunError) as caught:
        run.stage("clustering_pca", compute, parameters={})
    said = str(caught.value)
    assert "clustering pca" in said and "728. TiB" in said and "\n" not in said
    assert run.finished("clustering_pca") is None
    assert [path.name for path in run.folder.iterdir() if path.name[0] != "."] == ["run.json"]


@pytest.mark.parametrize(("here", "budget"), [(1, 1), (8, 2), (16, 4), (25.2, 6.3), (1000, 64)])
def test_a_table_may_take_a_quarter_of_the_memory(monkeypatch, here, budget):
    assert default_budget(here) == budget
    monkeypatch.setattr(memory, "memory_here", lambda: here)
    assert Parameters("posters").memory_budget == budget  # what is shown is what is used
    assert Parameters("posters", memory_budget=3).memory_budget == 3


def test_a_machine_that_does_not_tell_is_taken_for_a_usual_one(monkeypatch):
    monkeypatch.setattr(memory, "memory_here", lambda: None)
    assert default_budget() == 4
