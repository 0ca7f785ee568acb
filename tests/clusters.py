"""A cluster on the loopback address: a scheduler and workers, each a process that can be killed."""

import asyncio
import logging
import multiprocessing
import os
import socket
import time
from contextlib import suppress
from pathlib import Path

from distributed import Scheduler, Worker

#: What workers import is imported once, and they are forked from there: to start one takes a moment.
WAYS = multiprocessing.get_context("forkserver")
WAYS.set_forkserver_preload(
    [
        "clusters",
        "papermill",
        *(f"poster_analysis.{name}" for name in ("clustering.chance", "clustering.sweep")),
        *(f"poster_analysis.{name}" for name in ("extraction.extract", "reports.run")),
    ]
)
PATIENCE = 60  # seconds for what takes one, on a machine that has something else to do


async def scheduler(port):
    async with Scheduler(host="127.0.0.1", port=port, dashboard=False) as one:
        await one.finished()


async def worker(address, name, log, changed):
    watched(name, log, changed)
    settings = {"nthreads": 1, "host": "127.0.0.1", "dashboard": False}
    async with Worker(address, name=name, local_directory=str(log / "scratch"), **settings) as one:
        await one.finished()


def watched(name, log, changed):
    """Note each unit that this worker does; stand still in the middle of one while the file NAME.stop is there."""
    from poster_analysis.tasks import cluster

    work = cluster._work

    def noted(*arguments):
        found = work(*arguments)
        (log / f"{name}.busy").touch()
        while (log / f"{name}.stop").exists():
            time.sleep(0.02)
        with (log / f"{name}.done").open("a") as file:
            file.write("unit\n")
        return found

    noted.__module__, noted.__qualname__ = cluster.__name__, "_work"
    cluster._work = noted
    if changed:
        cluster.deciding_versions = lambda: dict(changed)


def run(kind, *arguments):
    os.environ["OMP_NUM_THREADS"] = "1"
    logging.disable(logging.CRITICAL)
    asyncio.run(kind(*arguments))


class RealCluster:
    """A scheduler with an address of its own, and workers by name."""

    def __init__(self, log):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.log, self.workers, self.scheduler = Path(log), {}, None
        self.start()

    def start(self):
        """Start the scheduler, again if need be, and wait until it answers."""
        self.scheduler = self._process(scheduler, self.port)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        raise AssertionError("the scheduler does not answer")

    def join(self, *names, stop=False, changed=None):
        """Let workers join: such as stop in the middle of their first unit, or with changed versions."""
        for name in names:
            for kind in ("busy", "done"):
                (self.log / f"{name}.{kind}").unlink(missing_ok=True)
            if stop:
                (self.log / f"{name}.stop").touch()
            self.workers[name] = self._process(worker, self.address, name, self.log, changed)

    def _process(self, *what):
        process = WAYS.Process(target=run, args=what, daemon=True)
        process.start()
        return process

    def wait_until_busy(self, name, there=None):
        """Wait until a worker is in the middle of a unit; whoever asked for it must still be there."""
        end = time.monotonic() + PATIENCE
        while not (self.log / f"{name}.busy").exists():
            assert time.monotonic() < end, f"{name} was given nothing to do"
            assert there is None or there.is_alive(), there.outcome
            time.sleep(0.02)

    def go_on(self, name):
        """Let a worker go on that stopped."""
        (self.log / f"{name}.stop").unlink()

    def n_done(self, name):
        """How many units a worker has finished."""
        log = self.log / f"{name}.done"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def kill(self, *names):
        """Kill workers, as the loss of a machine does."""
        for name in names:
            self._end(self.workers.pop(name))
            (self.log / f"{name}.stop").unlink(missing_ok=True)

    def kill_scheduler(self):
        self._end(self.scheduler)

    def _end(self, process):
        process.kill()
        process.join()

    def close(self):
        self.kill(*self.workers)
        self.kill_scheduler()
