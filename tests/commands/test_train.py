"""`functional-bp train` and `evaluate` from end to end, and what they say to nonsense."""

import json
import os
import sys

import jax.numpy as jnp
import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import functional_bp as bp
from functional_bp.cli import main
from functional_bp.runs.classification import ACTIVATIONS

QUICK = ["train", "--epochs", "2", "--hidden", "16"]
FILES = ["config.json", "metrics.csv", "metrics.jsonl", "params.npz", "result.json"]


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """The commands point JAX's cache at the user's folder; in tests it stays off."""
    monkeypatch.setattr("functional_bp.runs.compilation.keep_compiled_programs", lambda: None)


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_main_job(tmp_path, capsys):
    """The defaults reach what is promised, and `evaluate` finds the same from the folder."""
    run = tmp_path / "deep" / "run"
    assert main(["train", "--json", "--out", str(run)]) == 0
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert printed.err == ""
    assert found["test_accuracy"] >= 0.96
    assert found["train_accuracy"] >= 0.99
    assert found["max_gradient_difference"] < 1e-13
    assert found["steps"] == 40 * 42
    assert found["seconds"] > 0
    assert sorted(file.name for file in run.iterdir()) == FILES
    reports = lines(run / "metrics.jsonl")
    assert [report["step"] for report in reports] == [42 * epoch for epoch in range(1, 41)]
    assert reports[-1]["loss"] == found["loss"]
    assert reports[-1]["validation_accuracy"] == pytest.approx(found["test_accuracy"])

    assert main(["evaluate", str(run), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert {name: again[name] for name in again} == {name: found[name] for name in again}
    assert np.trace(again["confusion"]) == round(again["test_accuracy"] * 450)


def test_what_a_person_sees(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    run = str(tmp_path / "run")
    assert main([*QUICK, "--task", "eleven", "--split", "ordered", "--out", run]) == 0
    printed = capsys.readouterr()
    assert "hand-derived gradient of the first batch against jax.grad" in printed.out
    assert "layer 1 affine(64→16)" in printed.out
    assert "layer 3 affine(16→11)" in printed.out
    assert "held-out accuracy" in printed.err
    assert main(["evaluate", run]) == 0
    tail = capsys.readouterr().out
    assert tail in printed.out
    assert tail.splitlines()[-1].startswith("test accuracy  0.")


def test_a_run_is_a_function_of_its_options(tmp_path):
    for name in ("a", "b"):
        assert main([*QUICK, "--json", "--out", str(tmp_path / name)]) == 0
    assert (tmp_path / "a" / "params.npz").read_bytes() == (tmp_path / "b" / "params.npz").read_bytes()
    assert (tmp_path / "a" / "metrics.jsonl").read_bytes() == (tmp_path / "b" / "metrics.jsonl").read_bytes()


def test_a_run_without_a_name_gets_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([*QUICK, "--json", "--task", "two", "--batch", "all", "--optimizer", "sgd"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["steps"] == 2
    assert found["run"].startswith("runs/two-")
    assert (tmp_path / found["run"] / "params.npz").exists()


def test_all_options_together(tmp_path, capsys):
    options = (
        "--activation tanh --dropout 0.1 --optimizer rmsprop --schedule cosine --clip 1 --weight-decay 1e-4 "
        "--max-norm 3 --validation 0.2 --patience 9 --report-every 10 --gradient-norms --verify-every 30 "
        "--checkpoint-every 25 --checkpoints orbax --compute bfloat16 --plots --tensorboard --json"
    )
    run = tmp_path / "run"
    assert main([*QUICK, *options.split(), "--out", str(run)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["steps"] == 2 * (1078 // 32)
    reports = lines(run / "metrics.jsonl")
    assert [report["step"] for report in reports] == [10, 20, 30, 40, 50, 60, 66]
    assert all(report["gradient_norm 1 affine(64→16)"] > 0 for report in reports)
    made = {file.name for file in run.iterdir()}
    pictures = {"confusion.png", "curves.png", "weights.png"}
    assert made == {*FILES, "checkpoints", "params.orbax", "tensorboard", *pictures} - {"params.npz"}
    board = EventAccumulator(str(run / "tensorboard" / "pictures")).Reload()
    for picture in pictures:
        (shown,) = board.Images(picture.removesuffix(".png"))
        assert (shown.step, shown.encoded_image_string) == (66, (run / picture).read_bytes())
    board = EventAccumulator(str(run / "tensorboard")).Reload()
    assert [event.step for event in board.Scalars("gradient_norm/1 affine(64→16)")] == [10, 20, 30, 40, 50, 60, 66]
    table = (run / "metrics.csv").read_text().splitlines()
    assert table[0].split(",") == list(reports[0])
    assert [float(row.split(",")[0]) for row in table[1:]] == [report["step"] for report in reports]
    assert main(["evaluate", str(run), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again == {name: found[name] for name in again}


def test_patience_keeps_the_best(tmp_path, capsys):
    options = [
        "--hidden",
        "16",
        "--optimizer",
        "sgd",
        "--rate",
        "4",
        "--validation",
        "0.2",
        "--patience",
        "4",
        "--json",
    ]
    assert main(["train", *options, "--out", str(tmp_path / "run")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["stopped"] == "no better for 4 reports"
    reports = lines(tmp_path / "run" / "metrics.jsonl")
    losses = [report["validation_loss"] for report in reports]
    best = losses.index(min(losses))
    assert best == len(losses) - 5
    assert main(["train", *options, "--steps", str(reports[best]["step"]), "--out", str(tmp_path / "short")]) == 0
    assert (tmp_path / "short" / "params.npz").read_bytes() == (tmp_path / "run" / "params.npz").read_bytes()


def test_overfitting_one_batch(tmp_path, capsys):
    options = ["--overfit", "--batch", "8", "--epochs", "200", "--rate", "0.01", "--json"]
    assert main(["train", *options, "--out", str(tmp_path / "run")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["steps"], found["stopped"]) == (200, "steps")
    assert found["loss"] < 0.01
    assert found["test_accuracy"] < 0.9


def test_a_wrong_rule_is_found_while_it_trains(tmp_path, capsys, monkeypatch):
    def slightly_wrong_tanh(z):
        y = jnp.tanh(z)
        return y, bp.Diagonal((1 - y * y) * 1.001)

    monkeypatch.setitem(ACTIVATIONS, "tanh", slightly_wrong_tanh)
    options = ["--activation", "tanh", "--verify-every", "5", "--json", "--out", str(tmp_path / "run")]
    assert main([*QUICK, *options]) == 2
    refused(capsys, "step 5: the hand-derived gradient parts from jax.grad, most in layer 1 affine(64→16)")


def test_tolerance_stops_the_run(tmp_path, capsys):
    assert main([*QUICK, "--epochs", "50", "--tolerance", "10", "--json", "--out", str(tmp_path / "run")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["stopped"] == "converged"
    assert found["steps"] == 2 * 42


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--task", "twelve"], "unknown task 'twelve': expected one of ten, two, eleven"),
        (["--optimizer", "adem"], "unknown optimizer 'adem': expected one of optax"),
        (["--activation", "gelo"], "unknown activation 'gelo': expected one of relu, "),
        (["--split", "random"], "unknown split 'random': expected one of stratified, ordered"),
        (["--schedule", "sudden"], "unknown schedule 'sudden': expected one of constant, "),
        (["--hidden", "64;32"], "--hidden must be as 64,32, got '64;32'"),
        (["--hidden", "64,0"], "every layer needs at least one unit"),
        (["--hidden", "-5"], "every layer needs at least one unit"),
        (["--batch", "0"], "--batch must be a number from 1 to 1347"),
        (["--batch", "1348"], "--batch must be a number from 1 to 1347"),
        (["--batch", "some"], "--batch must be a number from 1 to 1347"),
        (["--epochs", "0"], "--epochs must be at least 1, got 0"),
        (["--rate", "-1"], "the learning rate must be a positive number, got -1.0"),
        (["--rate", "nan"], "--rate must be a number, got nan"),
        (["--tolerance", "-1"], "--tolerance must be at least 0, got -1.0"),
        (["--seed", "-1"], "--seed must be from 0 to 4294967295, got -1"),
        (["--epochs", "many"], "--epochs must be a whole number, got 'many'"),
        (["--dropout", "1"], "--dropout must be from 0 to 0.99, got 1.0"),
        (["--compute", "float8"], "unknown --compute 'float8': expected one of float32, bfloat16"),
        (["--checkpoints", "zip"], "unknown --checkpoints 'zip': expected one of npz, orbax"),
        (["--patience", "3"], "--patience needs --validation"),
        (["--data", "/nowhere"], "/nowhere"),
        (["--layout", "round", "--devices", "2"], "unknown layout 'round'"),
    ],
)
def test_nonsense_gets_one_line_and_leaves_nothing(options, message, tmp_path, capsys):
    out = tmp_path / "run"
    assert main(["train", *options, "--out", str(out)]) == 2
    refused(capsys, message)
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "module", "message"),
    [
        (["--tensorboard"], "tensorboard.compat.proto", "--tensorboard needs TensorBoard: pip install"),
        (["--checkpoints", "orbax"], "orbax.checkpoint", "--checkpoints orbax needs orbax: pip install"),
    ],
)
def test_what_is_not_installed_is_said_before_anything_is_made(options, module, message, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "functional_bp.training.saving.shards", raising=False)
    assert main(["train", *options, "--out", str(tmp_path / "run")]) == 2
    refused(capsys, message)
    assert not (tmp_path / "run").exists()


def test_a_run_folder_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main([*QUICK, "--out", str(tmp_path / "file" / "run")]) == 2
    refused(capsys, "cannot write the run folder")
    assert main([*QUICK, "--out", str(tmp_path)]) == 2
    refused(capsys, "is not empty: choose another with --out")
    assert os.listdir(tmp_path) == ["file"]


def test_a_run_that_diverges_says_where(tmp_path, capsys):
    assert main([*QUICK, "--optimizer", "sgd", "--rate", "1e38", "--json", "--out", str(tmp_path / "run")]) == 2
    refused(capsys, "the loss is not finite at step", "layer", "affine(")
    assert not (tmp_path / "run" / "params.npz").exists()


def refused(capsys, *messages):
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    for message in messages:
        assert message in line


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "run"
    assert main([*QUICK, "--json", "--out", str(run)]) == 0
    return {file.name: file.read_bytes() for file in run.iterdir()}


def changed_config(**entries):
    return lambda content: json.dumps(json.loads(content) | entries).encode()


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("params.npz", None, "params.npz is missing: the run did not finish"),
        ("params.npz", lambda content: content[:-100], "params.npz is damaged"),
        ("params.npz", lambda content: content[:900] + b"\xff" + content[901:], "params.npz is damaged"),
        ("params.npz", lambda content: b"", "params.npz is damaged"),
        ("config.json", None, "config.json does not exist"),
        ("config.json", lambda content: content[:-20], "config.json cannot be read"),
        ("config.json", lambda content: b"\xff\xfe", "config.json cannot be read"),
        ("config.json", lambda content: b"[]", "expected an object with format 1"),
        ("config.json", changed_config(format=99), "expected an object with format 1"),
        ("config.json", changed_config(hidden=[17]), "expected 0.W to be float32[17, 64], got float32[16, 64]"),
        ("config.json", changed_config(hidden=["a"]), "--hidden must be as 64,32, got ('a',)"),
        ("config.json", changed_config(hidden=None), "--hidden must be as 64,32, got None"),
        ("config.json", changed_config(seed=-1), "--seed must be from 0 to 4294967295, got -1"),
        ("config.json", changed_config(seed=True), "--seed must be a whole number, got True"),
        ("config.json", changed_config(task="twelve"), "unknown task 'twelve'"),
        ("config.json", changed_config(colour="red"), "config.json: colour is unknown"),
    ],
)
def test_a_damaged_run_folder_is_refused(name, change, message, finished, tmp_path, capsys):
    for file, content in finished.items():
        (tmp_path / file).write_bytes(content)
    if change is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(change(finished[name]))
    assert main(["evaluate", str(tmp_path)]) == 2
    refused(capsys, message)


def test_a_run_folder_that_is_not_there(tmp_path, capsys):
    assert main(["evaluate", str(tmp_path / "nothing")]) == 2
    refused(capsys, "is no run folder: there is no such folder")
