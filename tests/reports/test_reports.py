"""Running reports: order, failures, interruption, kernels, and what is left on disk."""

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from poster_analysis.core.errors import InputError, RunError
from poster_analysis.reports import run as reports
from poster_analysis.reports.run import (
    ReportJob,
    report_names,
    report_path,
    run_report,
    run_reports,
)


def report(path, parameters, *work):
    """Write a report with one cell of parameters and cells of work."""
    cells = [new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    cells += [new_code_cell(source) for source in work]
    for number, cell in enumerate(cells):
        cell.id = f"c{number}"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells), path)
    return path


def printed(path):
    """What the last cell of an executed notebook printed, as JSON."""
    return json.loads(nbformat.read(path, as_version=4).cells[-1].outputs[0].text)


FACTS = """
import json, os, sys
print(json.dumps({"k": k, "title": title, "folder": os.getcwd(), "python": sys.executable,
                  "threads": os.environ["OMP_NUM_THREADS"],
                  "settings": os.environ["IPYTHONDIR"] != os.path.expanduser("~/.ipython")}))
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Three reports run side by side, on a machine whose `python3` kernel is somebody else's."""
    folder = tmp_path_factory.mktemp("ran")
    kernel = folder / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    spec = {"argv": ["false"], "display_name": "Somebody's", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec))
    source = report(folder / "in {braces}" / "facts.ipynb", 'k = 1\ntitle = "a = b"', FACTS)
    outputs = [folder / "out {title}" / f"{name}.ipynb" for name in "abc"]
    outputs[0].parent.mkdir()
    outputs[0].with_suffix(".failed.ipynb").write_text("of an earlier run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder / "jupyter"))
        patch.delenv("OMP_NUM_THREADS", raising=False)
        patch.setattr(reports, "cpu_count", lambda: 6)
        jobs = [
            ReportJob(source, outputs[0], {"k": "7"}, folder),
            ReportJob(source, outputs[1], {"title": 2026}, folder),
            ReportJob(source, outputs[2], {"k": "7"}, folder),
        ]
        return folder, run_reports(jobs, progress=False)


def test_results_come_in_the_order_of_the_jobs_with_every_parameter(ran):
    _, results = ran
    assert [run.path.name for run in results] == ["a.ipynb", "b.ipynb", "c.ipynb"]
    assert [run.parameters for run in results] == [
        {"k": 7, "title": "a = b"},
        {"k": 1, "title": "2026"},
        {"k": 7, "title": "a = b"},
    ]
    for run in results:
        facts = printed(run.path)
        assert {"k": facts["k"], "title": facts["title"]} == run.parameters


def test_the_kernel_is_this_python_in_the_folder_asked_for_with_its_share_of_threads(ran):
    folder, results = ran
    for run in results:
        facts = printed(run.path)
        assert facts["python"] == sys.executable
        assert facts["folder"] == str(folder.resolve())
        assert facts["threads"] == "2"
        assert facts["settings"], "the user's own IPython settings would change the report"


def test_nothing_but_the_reports_is_left_not_even_an_old_failure(ran):
    folder, _ = ran
    assert sorted(path.name for path in (folder / "out {title}").iterdir()) == [
        "a.ipynb",
        "b.ipynb",
        "c.ipynb",
    ]


def test_an_executed_report_holds_no_times_and_no_paths_of_its_run(ran):
    _, results = ran
    notebook = nbformat.read(results[0].path, as_version=4)
    assert notebook.metadata.papermill == {"parameters": {"k": 7}}
    notebook.cells[-1].outputs = []
    text = json.dumps(notebook)
    assert "start_time" not in text and str(results[0].path.parent) not in text
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)


def test_the_same_run_gives_the_same_bytes(ran):
    _, results = ran
    assert results[0].path.read_bytes() == results[2].path.read_bytes()


def test_one_failure_takes_no_other_report_with_it(tmp_path):
    out = tmp_path / "out"
    fails = report(tmp_path / "fails.ipynb", "k = 1", "print('before')", "1 / (k - 1)", "k")
    dies = report(tmp_path / "dies.ipynb", "k = 1", "import os, signal; os.kill(os.getpid(), 9)")
    works = report(tmp_path / "works.ipynb", "k = 1", "print(k)")
    refuses = report(
        tmp_path / "refuses.ipynb",
        "k = 1",
        "from poster_analysis.core.errors import InputError; raise InputError('k is 1;\\n give 2')",
    )
    out.mkdir()
    (out / "fails.ipynb").write_text("the report of an earlier run")
    jobs = [ReportJob(path, out / path.name) for path in (fails, dies, refuses, works)]
    with pytest.raises(RunError) as caught:
        run_reports(jobs, n_jobs=4, progress=False)
    message = str(caught.value)
    assert message.startswith("3 of 4 reports failed: the report fails failed in cell [3]: ")
    assert "ZeroDivisionError" in message and "out of memory?" in message
    assert "k is 1; give 2" in message and "\n" not in message
    assert printed(out / "works.ipynb") == 1
    assert (out / "fails.ipynb").read_text() == "the report of an earlier run"
    kept = nbformat.read(out / "fails.failed.ipynb", as_version=4)
    assert any("before" in str(cell.get("outputs")) for cell in kept.cells)
    assert sorted(path.name for path in out.iterdir()) == [
        "dies.failed.ipynb",
        "fails.failed.ipynb",
        "fails.ipynb",
        "works.ipynb",
    ]


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        ({"notebook": "no_such"}, "there is no report 'no_such'"),
        ({"parameters": {"kk": 1}}, "did you mean k?"),
        ({"parameters": {"k": "five"}}, "whole number"),
        ({"output": "out.html"}, r"give the path of an \.ipynb file"),
        ({"output": "r.ipynb"}, "the report itself"),
        ({"output": "other.ipynb"}, "two reports would be written"),
        ({"cwd": "nowhere"}, "does not exist"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_runs(tmp_path, monkeypatch, job, reason):
    monkeypatch.chdir(tmp_path)
    source = report(tmp_path / "r.ipynb", "k = 1", "open('trace', 'w').close()")
    good = ReportJob(source, "other.ipynb")
    bad = ReportJob(**({"notebook": source, "output": "out.ipynb"} | job))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=reason):
        run_reports([good, bad])
    assert sorted(tmp_path.iterdir()) == before


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    source = report(tmp_path / "r.ipynb", "k = 1")
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        run_report(source, tmp_path / "file" / "out.ipynb")


def test_no_jobs_are_no_reports():
    assert run_reports([]) == []


SCRIPT = """
import sys
from poster_analysis.reports.run import ReportJob, run_reports
print("starting", flush=True)
run_reports([ReportJob(sys.argv[1], f"{sys.argv[2]}/{n}.ipynb") for n in range(3)], n_jobs=2)
"""


def test_an_interrupted_run_leaves_no_process_and_no_file(tmp_path):
    source = report(
        tmp_path / "r.ipynb",
        f"folder = {str(tmp_path)!r}",
        "import os, time; open(f'{folder}/{os.getpid()}.pid', 'w').close(); time.sleep(600)",
    )
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, source, out],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=partial(
            signal.signal, signal.SIGINT, signal.SIG_DFL
        ),  # a job in the background would not hear it
    )
    deadline = time.monotonic() + 60
    while len(pids := list(tmp_path.glob("*.pid"))) < 2:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    errors = process.communicate(timeout=60)[1]
    assert process.returncode != 0 and errors.strip().endswith("KeyboardInterrupt")
    assert list(out.iterdir()) == []
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.stem), 0)


def test_reports_are_found_in_a_checkout_and_in_an_installed_package(tmp_path, monkeypatch):
    package = tmp_path / "site" / "poster_analysis"
    package.mkdir(parents=True)
    monkeypatch.setattr(reports.poster_analysis, "__file__", str(package / "__init__.py"))
    assert report_names() == ()
    for folder in (tmp_path / "site" / "reports", package / "report_notebooks"):
        for name in ("b", "a", "_draft", ".hidden"):
            report(folder / f"{name}.ipynb", "k = 1")
        report(folder / "_runs" / "c.ipynb", "k = 1")
        assert report_names() == ("a", "b")
        assert report_path("a") == report_path("a.ipynb") == folder / "a.ipynb"


def test_a_file_goes_before_a_name_and_a_path_is_never_taken_as_a_name(tmp_path, monkeypatch):
    monkeypatch.setattr(reports, "_report_folder", lambda: tmp_path / "reports")
    report(tmp_path / "reports" / "clustering.ipynb", "k = 1")
    own = report(tmp_path / "clustering.ipynb", "k = 1")
    assert report_path(own) == own
    with pytest.raises(InputError, match="did you mean clustering"):
        report_path("elsewhere/clusterin")
    with pytest.raises(InputError, match="there is no report"):
        report_path(tmp_path / "elsewhere" / "clustering.ipynb")
