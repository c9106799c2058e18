"""A run that was interrupted goes on as if it never had been: the same parameters and the same metrics, bit by bit."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import jax
import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from functional_bp.cli import main
from functional_bp.runs.experiment import experiment
from functional_bp.runs.run_folder import RunFolder
from functional_bp.training.saving.checkpoints import remove
from functional_bp.training.saving.stores import STORES, store

OPTIONS = ["--hidden", "16", "--epochs", "4", "--dropout", "0.1", "--batch", "30", "--report-every", "11"]
WITH_CHECKPOINTS = [*OPTIONS, "--checkpoint-every", "13", "--keep", "2", "--tensorboard"]


@pytest.fixture(autouse=True)
def own_cache(monkeypatch):
    monkeypatch.setattr("functional_bp.runs.compilation.keep_compiled_programs", lambda: None)


@pytest.fixture(scope="module", params=STORES)
def whole(request, tmp_path_factory):
    """The run that nothing interrupted."""
    run = tmp_path_factory.mktemp("runs") / "whole"
    assert main(["train", *WITH_CHECKPOINTS, "--checkpoints", request.param, "--json", "--out", str(run)]) == 0
    return run


def interrupted(whole, tmp_path, checkpoints):
    """What a run leaves that was killed after the newest of these checkpoints."""
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    for path in [run / "result.json", run / "metrics.csv", *run.glob("params.*"), *(run / "checkpoints").iterdir()]:
        if path.stem not in checkpoints:
            remove(path)
    return run


def assert_same_end(run, whole):
    for name in ("metrics.jsonl", "metrics.csv", "config.json"):
        assert (run / name).read_bytes() == (whole / name).read_bytes(), name
    for a, b in zip(params(run), params(whole), strict=True):
        np.testing.assert_array_equal(a, b)


def params(run):
    """The arrays of the result: of npz the bytes of its file, too, are a function of the run, of orbax they are not."""
    of = experiment(RunFolder(run).load_config())
    return jax.tree.leaves(RunFolder(run).load_params(of.shapes().params, store(of.config.checkpoints)))


def names(run):
    return sorted(path.stem for path in (run / "checkpoints").iterdir())


def test_the_newest_checkpoints_stay(whole):
    assert names(whole) == ["step-000000169", "step-000000176"]


def test_resume_is_bitwise(whole, tmp_path, capsys):
    run = interrupted(whole, tmp_path, ["step-000000169"])
    with open(run / "metrics.jsonl", "a") as file:
        file.write('{"step": 176, "ep')  # a line that the kill cut
    assert main(["train", "--resume", str(run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == 176
    assert_same_end(run, whole)
    expected = [json.loads(line) for line in (whole / "metrics.jsonl").read_text().splitlines()]
    for folder in (whole, run):
        board = EventAccumulator(str(folder / "tensorboard")).Reload()
        assert board.Tags()["scalars"] == sorted(expected[0].keys() - {"step"})
        for name in board.Tags()["scalars"]:
            shown = [(event.step, event.value) for event in board.Scalars(name)]
            assert shown == [(report["step"], np.float32(report[name])) for report in expected]


def test_without_a_checkpoint_it_begins_again(whole, tmp_path):
    run = interrupted(whole, tmp_path, [])
    assert main(["train", "--resume", str(run), "--json"]) == 0
    assert_same_end(run, whole)


def test_a_finished_run_is_shown_again(whole, capsys):
    before = {path: path.stat().st_mtime_ns for path in whole.iterdir()}
    assert main(["train", "--resume", str(whole), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((whole / "result.json").read_text())
    assert {path: path.stat().st_mtime_ns for path in whole.iterdir()} == before


def damage(path):
    """Cuts off every file of it."""
    for file in [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]:
        file.write_bytes(file.read_bytes()[:-50])


def test_a_damaged_newest_is_passed_over(whole, tmp_path, capsys):
    run = interrupted(whole, tmp_path, names(whole))
    (newest,) = (run / "checkpoints").glob("step-000000176.*")
    damage(newest)
    assert main(["train", "--resume", str(run), "--json"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{newest} is damaged" in line
    assert line.endswith("going on from the one before")
    assert_same_end(run, whole)


def test_what_cannot_be_gone_on_with(whole, tmp_path, capsys):
    run = interrupted(whole, tmp_path, names(whole))
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(config | {"rate": 0.1}))
    assert main(["train", "--resume", str(run)]) == 2
    assert "is of another run: its rate is 0.001, that of the folder is 0.1" in capsys.readouterr().err
    (run / "config.json").write_text(json.dumps(config))
    for path in (run / "checkpoints").iterdir():
        damage(path)
    assert main(["train", "--resume", str(run)]) == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith("every checkpoint is damaged")
    (run / "result.json").write_text("{}")
    assert main(["train", "--resume", str(run)]) == 2
    assert "result.json: expected an object with stopped, " in capsys.readouterr().err
    (run / "result.json").unlink()
    assert main(["train", "--resume", str(tmp_path / "no")]) == 2
    assert "there is no such folder" in capsys.readouterr().err
    assert main(["train", "--resume", str(run), "--rate", "1", "--overfit"]) == 2
    assert "leave out --rate, --overfit" in capsys.readouterr().err


@pytest.mark.parametrize("length", [pytest.param(["--epochs", "2"], marks=pytest.mark.slow), ["--steps", "100"]])
def test_a_run_is_made_longer(whole, tmp_path, length, capsys):
    """As if it had been asked to be so from the start, also where it made a last report between those that are due."""
    kind, run = json.loads((whole / "config.json").read_text())["checkpoints"], tmp_path / "run"
    options = [*WITH_CHECKPOINTS, *length, "--checkpoints", kind, "--json"]
    assert main(["train", *options, "--out", str(run)]) == 0
    ended = json.loads(capsys.readouterr().out)["steps"]
    assert ended == (100 if "100" in length else 88)
    assert names(run)[-1] == f"step-0000000{91 if '100' in length else 88}"
    assert main(["train", "--resume", str(run), "--json", "--epochs", "4"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == 176
    assert_same_end(run, whole)
    assert main(["train", "--resume", str(run), "--json", "--epochs", "4"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((run / "result.json").read_text())
    (run / "result.json").write_text(json.dumps(json.loads((run / "result.json").read_text()) | {"steps": ended}))
    assert main(["train", "--resume", str(run), "--json"]) == 0  # killed when the options were changed, and no more
    assert_same_end(run, whole)


@pytest.mark.parametrize(
    ("options", "more", "message"),
    [
        (["--epochs", "2"], ["--steps", "87"], "the run has 88 steps: --resume can make it longer, and 87 are fewer"),
        (["--epochs", "2", "--schedule", "cosine"], ["--epochs", "3"], "the schedule of η, cosine, ends with the 88"),
        (["--tolerance", "10"], ["--epochs", "9"], "the run ended at step 88, converged: it would again"),
        (["--epochs", "2"], ["--epochs", "3", "--rate", "1"], "leave out --rate"),
    ],
)
def test_what_cannot_be_made_longer(tmp_path, capsys, options, more, message):
    run = tmp_path / "run"
    assert main(["train", *OPTIONS, *options, "--json", "--out", str(run)]) == 0
    config = (run / "config.json").read_bytes()
    capsys.readouterr()
    assert main(["train", "--resume", str(run), *more]) == 2
    assert message in capsys.readouterr().err
    assert (run / "config.json").read_bytes() == config


def test_reports_of_a_longer_run_stay_as_often_as_they_were(tmp_path):
    options = ["--hidden", "16", "--batch", "all", "--json"]
    run, whole = tmp_path / "run", tmp_path / "whole"
    assert main(["train", *options, "--epochs", "5", "--out", str(run)]) == 0
    assert main(["train", "--resume", str(run), "--epochs", "250", "--json"]) == 0
    assert main(["train", *options, "--epochs", "250", "--report-every", "1", "--out", str(whole)]) == 0
    assert_same_end(run, whole)


@pytest.mark.parametrize("kind", STORES)
def test_a_time_limit_can_be_gone_on_from(kind, tmp_path, capsys):
    run = tmp_path / "run"
    assert main(["train", *OPTIONS, "--time-limit", "0", "--checkpoints", kind, "--json", "--out", str(run)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["stopped"], found["steps"]) == ("time limit of 0 s", 11)
    assert main(["train", "--resume", str(run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == 22
    assert len((run / "metrics.jsonl").read_text().splitlines()) == 2


def test_early_stopping_goes_on_with_its_best(tmp_path, capsys):
    options = [
        *OPTIONS,
        "--optimizer",
        "sgd",
        "--rate",
        "2",
        "--validation",
        "0.2",
        "--patience",
        "4",
        "--epochs",
        "40",
    ]
    whole = tmp_path / "whole"
    assert main(["train", *options, "--checkpoint-every", "13", "--keep", "99", "--json", "--out", str(whole)]) == 0
    assert json.loads(capsys.readouterr().out)["stopped"] == "no better for 4 reports"
    for number, checkpoint in enumerate([names(whole)[1], names(whole)[-1]]):
        run = interrupted(whole, tmp_path / str(number), [checkpoint])
        assert main(["train", "--resume", str(run), "--json"]) == 0
        assert_same_end(run, whole)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "most", "epochs"), [("npz", 20, 60), ("orbax", 8, 3)])
def test_killed_at_random_moments(tmp_path, kind, most, epochs):
    """SIGKILL many times, most of them while a checkpoint is written: one is due every step."""
    options = [*OPTIONS, "--checkpoints", kind, "--checkpoint-every", "1", "--epochs", str(epochs)]
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    whole, run = tmp_path / "whole", tmp_path / "run"

    def begin(*arguments):
        command = [sys.executable, "-m", "functional_bp.cli", "train", "--json", *arguments]
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)

    def kill_after_a_checkpoint(process):
        before = newest_step(run)
        while newest_step(run) == before and process.poll() is None:
            time.sleep(0.005)
        time.sleep(luck.uniform(0, 0.1))
        process.kill()
        return process.wait() == -signal.SIGKILL

    assert begin(*options, "--out", str(whole)).wait() == 0
    luck = random.Random(0)
    process, kills = begin(*options, "--out", str(run)), 0
    while kills < most and kill_after_a_checkpoint(process):
        process, kills = begin("--resume", str(run)), kills + 1
    assert process.wait() == 0
    assert kills == most
    assert_same_end(run, whole)


def newest_step(run):
    found = [path.name for path in (run / "checkpoints").glob("step-*") if path.suffix in (".npz", ".orbax")]
    return max((int(name[5:14]) for name in found), default=0)
