"""A run in two processes, one of which is killed and later stopped, ends where a run in one process does."""

import json
import os
import signal
import subprocess
import sys
import time

import jax
import numpy as np
import pytest

from functional_bp import cli
from functional_bp.commands import launch
from functional_bp.runs.experiment import experiment
from functional_bp.runs.run_folder import RunFolder
from functional_bp.training.saving.stores import store

STEPS, EVERY = 600, 20
OPTIONS = ["--hidden", "16", "--activation", "tanh", "--optimizer", "sgd", "--rate", "0.1", "--json"]
OPTIONS += ["--steps", str(STEPS), "--report-every", str(EVERY)]


def command(*arguments):
    return [sys.executable, "-m", "functional_bp.cli", *arguments]


def wait_for(condition, process, seconds=120):
    deadline = time.time() + seconds
    while not condition():
        assert process.poll() is None, f"ended early with exit code {process.returncode}"
        assert time.time() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_with_slots_four_processes_make_the_run_of_one(tmp_path):
    """Bit by bit, with norms of gradients and weights too."""
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "JAX_COMPILATION_CACHE_DIR": str(tmp_path / "cache")}
    how = ["--steps", "60", "--hidden", "16", "--slots", "8", "--clip", "0.5", "--max-norm", "1.5", "--json"]
    four = ["launch", "--processes", "4", "--", "train", *how, "--devices", "8", "--out", str(tmp_path / "four")]
    for given in (four, ["train", *how, "--out", str(tmp_path / "one")]):
        done = subprocess.run(command(*given), env=environment, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr
    for name in ("params.npz", "metrics.jsonl"):
        assert (tmp_path / "four" / name).read_bytes() == (tmp_path / "one" / name).read_bytes(), name


@pytest.mark.slow
def test_the_run_goes_on_when_a_process_is_killed_or_stopped(tmp_path):
    out, log = tmp_path / "two", tmp_path / "two-processes" / "launch.log"
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "JAX_COMPILATION_CACHE_DIR": str(tmp_path / "cache")}
    train = ["train", *OPTIONS, "--checkpoint-every", str(EVERY), "--checkpoints", "orbax", "--out", str(out)]
    train += ["--devices", "4", "--layout", "full", "--plots"]
    supervised = command("launch", "--processes", "2", "--stall", "30", "--restarts", "5", "--", *train)
    process = subprocess.Popen(
        supervised, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )

    def checkpoint():
        return max((path.name for path in (out / "checkpoints").glob("step-*.orbax")), default="")

    def second(attempt):
        """The number of the second process of an attempt, once there is one."""
        started = [line for line in log.read_text().splitlines() if f"attempt {attempt}:" in line]
        return int(started[0].split(", ")[-1]) if started else None

    try:
        for attempt, number in [(1, signal.SIGKILL), (2, signal.SIGSTOP)]:
            wait_for(lambda attempt=attempt: log.exists() and second(attempt), process)
            before = checkpoint()
            wait_for(lambda before=before: checkpoint() > before, process)
            os.kill(second(attempt), number)
        printed, _ = process.communicate(timeout=240)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, log.read_text()
    said = log.read_text()
    assert "process 1 was ended by SIGKILL; all are stopped" in said
    assert "has given no sign of life for 30 s; all are stopped" in said
    assert said.endswith("all processes have ended well\n")
    assert json.loads(printed)["steps"] == STEPS

    alone = command("train", *OPTIONS, "--out", str(tmp_path / "one"))
    done = subprocess.run(alone, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert (out / "weights.png").exists()
    shapes = experiment(RunFolder(out).load_config()).shapes().params
    ours = RunFolder(out).load_params(shapes, store("orbax"))
    expected = RunFolder(tmp_path / "one").load_params(shapes, store("npz"))
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=2e-5)
    ours, expected = (
        [json.loads(line) for line in (tmp_path / name / "metrics.jsonl").read_text().splitlines()]
        for name in ("two", "one")
    )
    assert [report["step"] for report in ours] == list(range(EVERY, STEPS + 1, EVERY))
    for report, other in zip(ours, expected, strict=True):
        assert report == pytest.approx(other, rel=1e-4, abs=1e-4)


def test_a_run_goes_on_with_what_it_was_told(tmp_path):
    given = ["--", "train", "--steps", "9", "--devices", "4", "--layout", "full", "--plots"]
    options, told = launch.train_options(cli.parser().parse_args(["launch", *given]))
    assert told == given[2:]
    again = launch.going_on(options, tmp_path)
    assert again == ["--resume", str(tmp_path), "--devices", "4", "--layout", "full", "--plots"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--processes", "0", "--", "train"], "--processes must be from 1 to 256, got 0"),
        (["--stall", "0", "--", "train"], "--stall must be positive and --restarts not negative, got 0.0 and 3"),
        (["--restarts", "-1", "--", "train"], "--stall must be positive and --restarts not negative, got 600.0 and -1"),
        ([], 'expected "-- train" and its options after those of launch, got nothing'),
        (["--", "evaluate", "run"], "expected \"-- train\" and its options after those of launch, got 'evaluate'"),
        (["--", "train", "--process", "1"], "launch gives --coordinator, --process and --processes: leave them out"),
        (["--", "train", "--cluster"], "launch gives --coordinator, --process and --processes: leave them out"),
    ],
)
def test_what_cannot_be_launched(arguments, error, capsys):
    assert cli.main(["launch", *arguments]) == 2
    assert capsys.readouterr().err == f"functional-bp launch: {error}\n"


def test_another_run_is_not_gone_on_with(tmp_path, capsys):
    (tmp_path / "config.json").touch()
    assert cli.main(["launch", "--", "train", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"functional-bp launch: the run folder {tmp_path} is not empty: choose another with --out\n"
    )
    assert not list(tmp_path.parent.glob("*-processes"))
