"""Processes that die, stop or stall are started again, and none outlives the supervisor."""

import signal
import subprocess
import sys
import time

import pytest

# The supervisor runs in a process of its own, as it does for a user: JAX's threads do not go with a fork.
SUPERVISOR = """
import sys
from pathlib import Path
from functional_bp.runs.supervisor import signals_as_exceptions, supervise

folder, processes, restarts, stall = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])

def commands(attempt):
    return [[sys.executable, str(folder / "worker.py"), str(attempt), str(n)] for n in range(processes)]

def say(line):
    print(line, flush=True)

with signals_as_exceptions():
    sys.exit(supervise(commands, restarts=restarts, stall=stall, logs=folder, say=say))
"""

WORKER = """
import os, signal, sys, time
from pathlib import Path
from functional_bp.runs.supervisor import beat

attempt, number = map(int, sys.argv[1:])

def work(seconds=60):
    end = time.time() + seconds
    while time.time() < end:
        beat()
        time.sleep(0.02)

"""


@pytest.fixture
def supervisor(tmp_path):
    """Starts a supervisor of workers that run the given lines; ends it, should the test have failed to."""
    running = []

    def start(lines, processes=2, restarts=2, stall=30.0):
        (tmp_path / "worker.py").write_text(WORKER + lines)
        command = [sys.executable, "-c", SUPERVISOR, *map(str, (tmp_path, processes, restarts, stall))]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


def end_of(process):
    said, _ = process.communicate(timeout=60)
    return process.returncode, said


def test_all_end_well(supervisor):
    code, said = end_of(supervisor("print('from process', number)", processes=3))
    assert code == 0
    assert said.count("attempt") == 1
    assert "from process 0" in said
    assert "from process 1" not in said


@pytest.mark.parametrize(
    ("failure", "report"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "process 1 was ended by SIGKILL"),
        ("sys.exit('no more memory')", "process 1 ended with exit code 1"),
        ("os.kill(os.getpid(), signal.SIGSTOP)", "process 1 has given no sign of life for 4 s"),
        ("time.sleep(60)", "process 1 has given no sign of life for 4 s"),
    ],
)
def test_all_are_started_again(supervisor, failure, report):
    lines = f"if attempt == 0:\n    if number == 1: {failure}\n    work()"
    code, said = end_of(supervisor(lines, stall=4.0))
    assert code == 0
    assert said.count("attempt") == 2
    assert f"{report}; all are stopped" in said
    assert ("no more memory" in said) == ("no more memory" in failure)


def test_gives_up_after_the_restarts(supervisor):
    code, said = end_of(supervisor("sys.exit(3 * number)", restarts=2))
    assert code == 1
    assert said.count("attempt") == 3
    assert said.endswith("giving up after 2 restarts\n")


def test_unusable_input_is_final(supervisor):
    code, said = end_of(supervisor("sys.exit(2)"))
    assert code == 2
    assert said.count("attempt") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL], ids=lambda n: n.name)
@pytest.mark.parametrize(("doing", "states"), [("work()", "RS"), ("os.kill(os.getpid(), signal.SIGSTOP)", "T")])
def test_no_process_outlives_the_supervisor(supervisor, number, doing, states):
    if number == signal.SIGKILL and sys.platform != "linux":
        pytest.skip("only Linux tells a process that its parent is gone")
    process = supervisor(doing)
    pids = process.stdout.readline().split("processes, ")[1].strip().split(", ")
    wait_for(pids, states)
    process.send_signal(number)
    assert process.wait(timeout=30) != 0
    wait_for(pids, "Z")


def wait_for(pids, states):
    """Until each process is in one of the states of ps: R or S at work, T stopped, Z dead (or gone altogether)."""
    deadline = time.time() + 20
    for pid in pids:
        while (state := state_of(pid)) not in states:
            assert time.time() < deadline, f"process {pid} is in state {state}, expected {states}"
            time.sleep(0.02)


def state_of(pid):
    return subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True).stdout.strip()[:1] or "Z"
