"""A run folder has one owner: the second is refused in a line that names the first, and a dead one keeps nothing."""

import errno
import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from functional_bp.cli import main
from functional_bp.errors import InputError
from functional_bp.runs import lock
from functional_bp.runs.lock import NAME, Lock, is_unused

HOLD = "import sys, time; from pathlib import Path; from functional_bp.runs.lock import Lock\n"
HOLD += "with Lock(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
CLAIM = """
import sys
from pathlib import Path
from functional_bp.errors import InputError
from functional_bp.runs import lock

lock.PATIENCE = 0.0
for folder in map(str.strip, sys.stdin):
    try:
        with lock.Lock(Path(folder)):
            print("held", flush=True)
            sys.stdin.readline()
    except InputError as error:
        print(error, flush=True)
        sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(lock, "PATIENCE", 0.0)


def test_the_second_is_refused_with_the_owner_and_has_it_when_that_is_gone(tmp_path):
    with Lock(tmp_path), pytest.raises(InputError) as refused, Lock(tmp_path):
        pass
    owner = f"process {os.getpid()} on {socket.gethostname()}"
    assert str(refused.value) == f"{tmp_path} is in use by {owner}: a run folder has one owner at a time"
    with Lock(tmp_path):
        assert is_unused(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_it_ends_with_its_process_however_that_ends(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=f"in use by process {process.pid} on "), Lock(tmp_path):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert (tmp_path / NAME).exists()
    with Lock(tmp_path):
        pass


def test_of_two_at_the_same_moment_one_has_it(tmp_path):
    """Twenty times, by two processes that wait for the word."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    two = [subprocess.Popen([sys.executable, "-c", CLAIM], **pipes) for _ in range(2)]

    def tell(line):
        for process in two:
            process.stdin.write(line)

    for attempt in range(20):
        folder = tmp_path / str(attempt)
        folder.mkdir()
        tell(f"{folder}\n")
        said = {process.pid: process.stdout.readline() for process in two}
        ((owner, _),) = [(pid, line) for pid, line in said.items() if line == "held\n"]
        ((_, refusal),) = [(pid, line) for pid, line in said.items() if pid != owner]
        assert f"is in use by process {owner} on " in refusal
        tell("done\n")
    for process in two:
        process.communicate()
        assert process.returncode == 0


@pytest.mark.parametrize("how", ["--out", "--resume"])
def test_two_runs_in_one_folder(tmp_path, capsys, how):
    run = tmp_path / "run"
    if how == "--resume":
        assert main(["train", "--steps", "2", "--hidden", "4", "--json", "--out", str(run)]) == 0
        (run / "result.json").unlink()
    else:
        run.mkdir()
    capsys.readouterr()
    before = {path: path.read_bytes() for path in run.iterdir()}
    with Lock(run):
        assert main(["train", how, str(run)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert f"{run} is in use by process {os.getpid()} on {socket.gethostname()}" in line
    assert {path: path.read_bytes() for path in run.iterdir()} == before


def test_where_the_file_system_has_no_locks_the_name_of_the_owner_is_believed(tmp_path, monkeypatch, caplog):
    def no_locks(descriptor, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock.fcntl, "flock", no_locks)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for owner in ({"pid": 1, "host": "another"}, {"pid": os.getppid(), "host": socket.gethostname()}):
        (tmp_path / NAME).write_text(json.dumps(owner))
        with pytest.raises(InputError, match=f"in use by process {owner['pid']} on {owner['host']}"), Lock(tmp_path):
            pass
    (tmp_path / NAME).write_text(json.dumps({"pid": dead.pid, "host": socket.gethostname()}))
    with Lock(tmp_path):
        assert "has no locks" in caplog.text


@pytest.mark.parametrize("content", [b"", b"[" * 900, b'{"pid": "x"}', b"\xff", b'{"pid": 1' + b"0" * 980])
def test_whatever_is_in_the_file(tmp_path, content):
    (tmp_path / NAME).write_bytes(content)
    assert lock.owner_in(tmp_path / NAME) is None
    with Lock(tmp_path):
        pass


def test_a_folder_that_cannot_be_written_or_locked(tmp_path):
    (tmp_path / NAME).mkdir()
    with pytest.raises(InputError, match="cannot write the run folder"), Lock(tmp_path):
        pass
