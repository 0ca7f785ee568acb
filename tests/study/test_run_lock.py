"""Two studies into one folder at once: one is made, the other is refused or waits."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from poster_analysis.core.errors import InputError
from poster_analysis.study.lock import check_not_held, run_held
from poster_analysis.study.parameters import Parameters
from poster_analysis.study.run import Run
from poster_analysis.study.stages import extraction
from poster_analysis.study.stages.extraction import run_extraction

FIRST = Parameters("posters", k_max=12)


def test_the_second_is_told_who_the_first_is_and_what_differs(tmp_path):
    with run_held(tmp_path / "out", FIRST):
        for refuse in (check_not_held, lambda *words: run_held(*words).__enter__()):
            with pytest.raises(InputError) as caught:
                refuse(tmp_path / "out", FIRST.changed(k_max=9, backbone="colour"))
            said = str(caught.value)
            assert "k_max 12 instead of 9" in said and "backbone vgg16 instead of colour" in said
            assert f"process {os.getpid()} on" in said and "--name" in said and "\n" not in said
    with run_held(tmp_path / "out", FIRST.changed(k_max=9)):
        pass


def test_another_run_of_the_study_is_not_held(tmp_path):
    with run_held(tmp_path / "out", FIRST), run_held(tmp_path / "out" / "runs" / "a", FIRST):
        pass


def test_a_study_that_fails_lets_go(tmp_path):
    with pytest.raises(KeyError), run_held(tmp_path, FIRST):
        raise KeyError
    check_not_held(tmp_path, FIRST.changed(k_max=9))
    assert [path.name for path in tmp_path.iterdir()] == [".study.lock"]


def test_a_study_that_was_killed_lets_go(tmp_path):
    code = """
import sys, time
from pathlib import Path
from poster_analysis.study.lock import run_held
from poster_analysis.study.parameters import Parameters
with run_held(Path(sys.argv[1]), Parameters("posters", k_max=12)):
    print("held", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=-1) as process:
        process.stdout.readline()
        with pytest.raises(InputError, match=f"process {process.pid}"):
            check_not_held(tmp_path, FIRST.changed(k_max=9))
        process.send_signal(signal.SIGKILL)
    with run_held(tmp_path, FIRST.changed(k_max=9)):
        check_not_held(tmp_path, FIRST.changed(k_max=9))


@pytest.fixture
def posters(drawn):
    return Parameters(str(drawn.posters), backbone="colour", limit=6)


def test_a_study_refuses_to_merge_with_one_that_is_being_made(posters, tmp_path, monkeypatch):
    out, begun, go_on = tmp_path / "out", threading.Event(), threading.Event()
    extract = extraction._extract

    def slowly(*words):
        begun.set()
        assert go_on.wait(20)
        return extract(*words)

    monkeypatch.setattr(extraction, "_extract", slowly)
    first = threading.Thread(target=run_extraction, args=[posters, out])
    first.start()
    assert begun.wait(20)
    with pytest.raises(InputError, match="limit 6 instead of 5"):
        run_extraction(posters.changed(limit=5), out)
    second = threading.Thread(target=run_extraction, args=[posters, out])
    second.start()
    time.sleep(0.1)
    go_on.set()
    first.join()
    second.join()
    assert Run(out).parameters.limit == 6 and len(Run(out).table("features_index")) == 6
