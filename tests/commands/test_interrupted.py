"""Ctrl-C, SIGTERM and SIGHUP: the run saves, says how to continue, and ends as if it had never been interrupted."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from functional_bp.cli import main
from functional_bp.runs import interruption
from functional_bp.runs import run as runs
from functional_bp.runs.interruption import Interruption
from functional_bp.training.saving.archive import load_arrays

OPTIONS = ["--hidden", "16", "--epochs", "4", "--dropout", "0.1", "--batch", "30", "--report-every", "11"]
NUMBERS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(autouse=True)
def own_cache(monkeypatch):
    monkeypatch.setattr("functional_bp.runs.compilation.keep_compiled_programs", lambda: None)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "whole"
    assert main(["train", *OPTIONS, "--json", "--out", str(run)]) == 0
    return run


def signal_at_report(monkeypatch, number, report):
    """The process gets the signal while it makes that report, twice in a moment as `timeout` sends it, and goes on when
    its thread has seen it."""
    count, seen, came = iter(range(1, 1000)), threading.Event(), Interruption.came

    def noticed(self, number):
        came(self, number)
        seen.set()

    def beat():
        if next(count) == report:
            os.kill(os.getpid(), number)
            time.sleep(0.02)
            os.kill(os.getpid(), number)
            assert seen.wait(30)

    monkeypatch.setattr(Interruption, "came", noticed)
    monkeypatch.setattr(runs, "beat", beat)


def assert_same(run, whole):
    for name in ("metrics.jsonl", "metrics.csv"):
        assert (run / name).read_bytes() == (whole / name).read_bytes(), name
    ours, expected = (load_arrays(path / "params.npz") for path in (run, whole))
    for name in expected:
        np.testing.assert_array_equal(ours[name], expected[name])


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)
def test_the_first_signal_saves_and_the_run_continues_bitwise(whole, tmp_path, monkeypatch, capfd, number):
    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        signal_at_report(patch, number, 3)
        assert main(["train", *OPTIONS, "--json", "--out", str(run)]) == 128 + number
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "stopping after this step; once more to stop at once" in printed.err
    assert (
        f"stopped after step 33 of 176, which is saved; continue with: functional-bp train --resume {run}"
        in printed.err
    )
    assert not (run / "result.json").exists()
    assert main(["evaluate", str(run)]) == 2
    assert f"did not finish; go on with: functional-bp train --resume {run}" in capfd.readouterr().err
    assert main(["train", "--resume", str(run), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["steps"] == 176
    assert_same(run, whole)


def test_a_second_signal_ends_it_at_once(monkeypatch, capfd):
    ended, now = [], [0.0]
    monkeypatch.setattr(interruption.os, "_exit", ended.append)
    monkeypatch.setattr(interruption.time, "monotonic", lambda: now[0])
    with Interruption() as of, of.patiently():
        for now[0], expected in ((100.0, []), (100.1, []), (101.0, [143])):
            of.came(signal.SIGTERM)
            assert ended == expected
    assert of.number == signal.SIGTERM
    assert "stopped at once" in capfd.readouterr().err


def test_with_orbax_too(tmp_path, monkeypatch, capfd):
    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        signal_at_report(patch, signal.SIGINT, 2)
        assert main(["train", *OPTIONS, "--checkpoints", "orbax", "--json", "--out", str(run)]) == 130
    assert [path.name for path in (run / "checkpoints").iterdir()] == ["step-000000022.orbax"]
    assert main(["train", "--resume", str(run), "--json"]) == 0
    assert json.loads(capfd.readouterr().out.splitlines()[-1])["steps"] == 176


def test_a_long_call_of_the_program_is_interrupted_too(tmp_path, monkeypatch, capfd):
    """Reports are far apart, and no row numbers are made for all the steps between them."""
    alarm = signal.signal(signal.SIGALRM, lambda number, frame: os.kill(os.getpid(), signal.SIGTERM))
    try:
        signal.setitimer(signal.ITIMER_REAL, 5)
        options = ["--hidden", "4", "--report-every", "20000000", "--steps", "20000000", "--json"]
        began = time.monotonic()
        assert main(["train", *options, "--out", str(tmp_path / "run")]) == 143
    finally:
        signal.signal(signal.SIGALRM, alarm)
    assert time.monotonic() - began < 60
    assert "continue with" in capfd.readouterr().err


def test_handlers_are_as_before(tmp_path):
    before = [signal.getsignal(number) for number in NUMBERS]
    assert main(["train", "--steps", "2", "--hidden", "4", "--json", "--out", str(tmp_path / "run")]) == 0
    assert [signal.getsignal(number) for number in NUMBERS] == before


def test_a_resume_without_a_checkpoint_says_that_it_starts_again(whole, tmp_path, capsys):
    run = tmp_path / "run"
    run.mkdir()
    (run / "config.json").write_bytes((whole / "config.json").read_bytes())
    assert main(["train", "--resume", str(run), "--json"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"functional-bp train: {run} has no checkpoint: it starts again at step 0"


@pytest.mark.slow
def test_signals_and_kills_at_random_moments(whole, tmp_path, interruptions):
    """Also while it starts. Each time it ends with the code of the signal, and every run ends as it would have.

    A run that ends before its signal makes room for another; checkpoints come only from the signals.
    """
    luck = random.Random(interruptions)
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "JAX_PLATFORMS": "cpu"}

    def begin(run):
        how = ["--resume", str(run)] if (run / "config.json").exists() else [*OPTIONS, "--out", str(run)]
        command = [sys.executable, "-m", "functional_bp", "train", "--json", *how]
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    began = time.monotonic()
    warm = begin(tmp_path / "warm")
    warm.communicate()
    assert warm.returncode == 0
    usual = time.monotonic() - began
    kinds = [signal.SIGINT, signal.SIGTERM, *[signal.SIGKILL] * 5][: 2 + min(5, interruptions // 3)]
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as of a job in the background: then a run ignores it too
        kinds = kinds[1:]
    count, number_of_run = 0, 0
    while count < interruptions or not is_over(run):
        run = tmp_path / str(number_of_run)
        began, process, number = time.monotonic(), begin(run), kinds[count % len(kinds)]
        if count < interruptions:
            time.sleep(luck.uniform(0.1, 1.1 * usual))
            process.send_signal(number)
        _, said = process.communicate(timeout=120)
        assert "Traceback" not in said or process.returncode == -signal.SIGINT, said  # Python itself was starting
        if process.returncode == 0:
            assert_same(run, whole)
            assert not [path for path in run.rglob("*") if path.name.endswith((".partial", ".lock"))]
            number_of_run += 1
            usual = min(usual, time.monotonic() - began)  # the machine may have been busier
        else:
            assert process.returncode in (-number, 128 + number), said
            count += 1


def is_over(run):
    return (run / "result.json").exists()
