"""Processes that belong together: when one of them dies or stalls, all are stopped and started again.

The processes of a run depend on each other in every step: those left over by a dead one could only wait or abort, and
cannot catch either. So the supervisor is a process of its own, and loads no JAX. A process shows that it goes on by
`beat`.
"""

import ctypes
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from functional_bp.terminal import one_line

HEARTBEAT = "FUNCTIONAL_BP_HEARTBEAT"
BAD_INPUT = 2  # the exit code of input that cannot be used: another attempt would end the same way
GAVE_UP = 1
PR_SET_PDEATHSIG = 1
LOOK_EVERY = 0.1  # seconds
GRACE = 60  # seconds that a run has to save


def beat() -> None:
    """The sign of life of a supervised process; nothing in any other."""
    if path := os.environ.get(HEARTBEAT):
        Path(path).touch()


class Silence:
    """How long a heartbeat has not changed, by a clock that no one sets."""

    def __init__(self, heartbeat: Path) -> None:
        self.heartbeat, self.last, self.since = heartbeat, -1, time.monotonic()

    def seconds(self) -> float:
        beat, now = self.heartbeat.stat().st_mtime_ns, time.monotonic()
        if beat != self.last:
            self.last, self.since = beat, now
        return now - self.since


class Worker(NamedTuple):
    number: int
    process: subprocess.Popen
    heartbeat: Path
    log: Path
    silence: "Silence"


class Trouble(NamedTuple):
    worker: Worker
    what: str
    code: int


def supervise(
    commands: Callable[[int], list[list[str]]], *, restarts: int, stall: float, logs: Path, say: Callable[[str], None]
) -> int:
    """Runs `commands(attempt)` side by side until all have ended well: exit code 0.

    When one dies, or does not `beat` for `stall` seconds, all are killed and started again, at most `restarts` times;
    then the code is 1. A process that ends with code 2 has found its input unusable, and that is the end. The first
    process writes to our own stdout and stderr, the others to files in `logs`. No process is left when this returns
    or raises.
    """
    for attempt in range(restarts + 1):
        with started(commands(attempt), logs) as workers:
            say(f"attempt {attempt + 1}: {len(workers)} processes, {', '.join(str(w.process.pid) for w in workers)}")
            trouble = watch(workers, stall)
        if trouble is None:
            say("all processes have ended well")
            return 0
        say(f"process {trouble.worker.number} {trouble.what}; all are stopped")
        show_end(trouble.worker, say)
        if trouble.code == BAD_INPUT:
            return BAD_INPUT
    say(f"giving up after {restarts} restarts")
    return GAVE_UP


def watch(workers: list[Worker], stall: float) -> Trouble | None:
    """Waits for the first trouble, or for the good end of all."""
    while True:
        codes = [worker.process.poll() for worker in workers]
        if all(code == 0 for code in codes):
            return None
        for worker, code in zip(workers, codes, strict=True):
            if code:
                return Trouble(worker, describe(code), code)
            silence = worker.silence.seconds()
            if code is None and silence > stall:
                return Trouble(worker, f"has given no sign of life for {silence:.0f} s", GAVE_UP)
        time.sleep(LOOK_EVERY)


def describe(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


@contextmanager
def started(commands: list[list[str]], logs: Path) -> Iterator[list[Worker]]:
    """The commands as running processes; on the way out, whatever the reason, none is left."""
    workers: list[Worker] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            for number, command in enumerate(commands):
                heartbeat, log = Path(folder, str(number)), logs / f"process-{number}.log"
                heartbeat.touch()
                workers.append(Worker(number, start(command, heartbeat, log), heartbeat, log, Silence(heartbeat)))
            yield workers
        except (KeyboardInterrupt, SystemExit):  # a signal: the run is to save
            ask_to_end(workers)
            raise
        finally:
            for worker in workers:
                worker.process.kill()  # not SIGTERM, which JAX's distributed runtime catches
            for worker in workers:
                worker.process.wait()


def ask_to_end(workers: list[Worker]) -> None:
    """SIGTERM, and the time to save; whoever is stopped is woken for it."""
    for worker in workers:
        for number in (signal.SIGTERM, signal.SIGCONT):
            worker.process.send_signal(number)
    end = time.monotonic() + GRACE
    while time.monotonic() < end and any(worker.process.poll() is None for worker in workers):
        time.sleep(LOOK_EVERY)


def start(command: list[str], heartbeat: Path, log: Path) -> subprocess.Popen:
    """In a session of its own, so that Ctrl-C reaches the supervisor alone, which then ends the rest."""
    with open(log, "a", encoding="utf-8", errors="backslashreplace") as file:
        first = heartbeat.name == "0"
        file.write(f"$ {shlex.join(command)}\n")
        file.flush()
        return subprocess.Popen(
            command,
            env=os.environ | {HEARTBEAT: str(heartbeat)},
            stdin=subprocess.DEVNULL,
            stdout=None if first else file,
            stderr=None if first else file,
            start_new_session=True,
            preexec_fn=end_with_parent(),
        )


def end_with_parent() -> Callable[[], None] | None:
    """On Linux, the kernel is asked to kill the child when the supervisor is gone, even by SIGKILL."""
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it went in between
            os._exit(GAVE_UP)

    return ask


def show_end(worker: Worker, say: Callable[[str], None], lines: int = 5) -> None:
    if worker.number:
        for line in worker.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]:
            say(f"  {one_line(line)}")


@contextmanager
def signals_as_exceptions() -> Iterator[None]:
    """SIGTERM and SIGHUP leave as Ctrl-C does, by an exception: nothing is left running."""

    def leave(number: int, frame: object) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
