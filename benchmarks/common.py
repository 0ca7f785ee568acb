"""What the benchmarks share: the machine they ran on, processes that are measured, tables that are kept."""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO

import numpy as np

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("poster-analysis", "numpy", "scipy", "pandas", "scikit-learn", "pillow", "keras", "tensorflow", "tensorflow-cpu", "openvino", "torch", "jax")  # fmt: skip


def describe_machine() -> str:
    """Processor, cores, memory, system and versions, in one paragraph."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*:\s*(.*)", text)
    flags = set(re.search(r"flags\s*:(.*)", text)[1].split()) if "flags" in text else set()
    wanted = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in flags]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    known = []
    for name in PACKAGES:
        try:
            known.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return (
        f"{date.today().isoformat()}: {model[1] if model else platform.processor()}, {os.cpu_count()} cores "
        f"({', '.join(wanted) or 'no vector extensions known'}{'' if 'amx_bf16' in flags else '; no AMX'}), "
        f"{memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}, {', '.join(known)}."
    )


@dataclass(frozen=True)
class Ended:
    """A process that has ended: exit status, seconds, the most memory it had (MB), and what it said."""

    status: int
    seconds: float
    peak: float
    out: str
    err: str


def run_process(command: list, *, environment: dict | None = None) -> Ended:
    """Run a command to its end and measure it."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=out,
            stderr=err,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"} | (environment or {}),
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - started
        said = [content_of(file) for file in (out, err)]
    return Ended(process.returncode, seconds, usage.ru_maxrss / 1024, *said)


def content_of(file: IO[bytes]) -> str:
    """What a process has written to a file; a file, since a pipe that nobody empties would stop it."""
    file.seek(0)
    return file.read().decode(errors="replace")


def run_worker(script: str, task: dict, *, python: str = sys.executable) -> dict:
    """Run ``script --task '<json>'`` with an interpreter; what it prints last is its result."""
    ended = run_process([python, script, "--task", json.dumps(task)])
    if ended.status:
        raise SystemExit(f"{task} failed:\n{ended.err[-2000:]}")
    return json.loads(ended.out.splitlines()[-1])


def cli() -> list:
    """The command line of the package, in this interpreter."""
    return [
        sys.executable,
        "-c",
        "import sys; from poster_analysis.cli import main; sys.exit(main())",
    ]


def spread(values: list[float], digits: int = 1) -> str:
    """Median, and in brackets minimum and maximum."""
    low, middle, high = np.min(values), np.median(values), np.max(values)
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def table(header: list[str], rows: list[list]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def keep(name: str, title: str, *parts: str, command: str) -> Path:
    """Write a result, with the machine and the command, and print it."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.md"
    text = "\n\n".join([f"# {title}", f"`{command}`", describe_machine(), *parts]) + "\n"
    path.write_text(text, encoding="utf-8")
    print(text)
    return path
