"""Run folders whose files say what they should not: one line, exit code 2, no traceback, nothing waits."""

import json
import os
import shutil

import numpy as np
import pytest

from functional_bp.cli import main
from functional_bp.training.data.files import open_dataset
from functional_bp.training.saving.archive import load_arrays, save_tree

OPTIONS = ["--hidden", "4", "--steps", "6", "--checkpoint-every", "2", "--json"]
NASTY = [None, "x", "", -1, 10**400, 1.5, float("nan"), float("inf"), True, [], {}, [[]], [[1, 2]], {"a": {}}]


@pytest.fixture(autouse=True)
def own_cache(monkeypatch):
    monkeypatch.setattr("functional_bp.runs.compilation.keep_compiled_programs", lambda: None)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "run"
    assert main(["train", *OPTIONS, "--out", str(run)]) == 0
    return run


@pytest.fixture
def run(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


def refused(capsys, *arguments):
    assert main([*map(str, arguments)]) == 2
    return in_one_line(capsys)


def in_one_line(capsys):
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert "should not happen" not in line
    assert len(line) < 700
    return line


def test_result_json(run, capsys):
    whole = json.loads((run / "result.json").read_text())
    for name in ("stopped", "steps", "seconds", "confusion", "train_accuracy", "test_accuracy", "run"):
        for value in NASTY:
            (run / "result.json").write_text(json.dumps(whole | {name: value}))
            if main(["train", "--resume", str(run)]):
                assert "result.json: expected" in in_one_line(capsys), (name, value)
            else:
                assert type(value) in (type(whole[name]), int, float, str), (name, value)
                capsys.readouterr()
            (run / "result.json").write_text(json.dumps(whole))
    for text in ("[" * 100_000, "1" * 5000, '"\ud800"', "null", "[]"):
        (run / "result.json").write_bytes(text.encode(errors="surrogatepass"))
        assert "result.json" in refused(capsys, "train", "--resume", run)


def test_config_json(run, capsys):
    whole = json.loads((run / "config.json").read_text())
    for name in whole:
        for value in NASTY:
            if type(value) is type(whole[name]) or name == "data":
                continue
            (run / "config.json").write_text(json.dumps(whole | {name: value}))
            if main(["evaluate", str(run), "--json"]):
                in_one_line(capsys)
            capsys.readouterr()
    for change in (
        {"hidden": [2**40]},
        {"hidden": [10**400]},
        {"data": "\0"},
        {"data": "\x1b[31mred"},
        {"facts": {"content": 3}},
    ):
        (run / "config.json").write_text(json.dumps(whole | change))
        assert "\x1b" not in refused(capsys, "evaluate", run)


def test_metrics_jsonl(run, capsys):
    for line in (
        "[]",
        "{}",
        '{"step": 1}',
        '{"step": "a", "loss": 1}',
        "[" * 100_000,
        "1" * 5000,
        '{"step": 1, "loss": null}',
    ):
        (run / "metrics.jsonl").write_text(line + "\n")
        assert "metrics.jsonl cannot be read" in refused(capsys, "train", "--resume", run, "--plots")


def about(run, **changes):
    """The newest checkpoint with other words about it, and a right hash."""
    (path, *_) = sorted((run / "checkpoints").iterdir(), reverse=True)
    arrays = load_arrays(path)
    said = json.loads(arrays["about"].tobytes())
    said = changes.pop("instead") if "instead" in changes else said | changes
    save_tree(path, arrays | {"about": np.frombuffer(json.dumps(said).encode(), np.uint8)})
    return path


@pytest.mark.parametrize(
    "changes",
    [
        *({"instead": value} for value in ([], None, "x", 3)),
        *({"format": value} for value in (None, "2", [], 10**400)),
        *({"config": value} for value in (None, [], "x")),
        *({"reports": value} for value in (None, {}, ["x"], [{"step": 1}], [{"step": -1, "loss": 1.0}])),
        {"reports": [{"step": 9, "loss": 1.0}]},
        {"reports": [{"step": 2, "loss": 1.0}, {"step": 1, "loss": 1.0}]},
        {"reports": [{"step": 1, "loss": "\x1b[2J" * 9999}]},
    ],
    ids=str,
)
def test_what_a_checkpoint_says_of_itself(run, capsys, changes):
    (run / "result.json").unlink()
    path = about(run, **changes)
    code = main(["train", "--resume", str(run), "--json"])
    line = in_one_line(capsys)
    assert path.name in line
    assert "\x1b" not in line
    assert code == (0 if line.endswith("going on from the one before") else 2)


def test_a_step_that_the_run_does_not_have(run, capsys):
    (run / "result.json").unlink()
    (path, *_) = sorted((run / "checkpoints").iterdir(), reverse=True)
    arrays = load_arrays(path)
    save_tree(path, arrays | {"state.step": np.int32(1000)})
    assert "the newest is of step 1000, the run has 6" in refused(capsys, "train", "--resume", run)


@pytest.mark.parametrize("name", ["config.json", "result.json", "params.npz"])
def test_a_pipe_is_not_waited_for(run, capsys, name):
    (run / name).unlink()
    os.mkfifo(run / name)
    command = ["evaluate"] if name == "params.npz" else ["train", "--resume"]
    assert "expected a regular file, got a pipe" in refused(capsys, *command, run)


def test_what_is_compressed_was_not_written_by_a_run(run, capsys):
    """A few kilobytes that would fill the memory."""
    np.savez_compressed(run / "params.npz", **{"0.W": np.zeros((4, 64_000_000 // 4), np.float32)})
    assert "params.npz is damaged: an array in it is compressed" in refused(capsys, "evaluate", run)


def test_a_folder_that_was_never_begun(tmp_path, capsys):
    """What a kill leaves between making the folder and writing into it: it can be begun, and says so."""
    run = tmp_path / "run"
    run.mkdir()
    (run / ".lock").write_text("{}")
    (run / ".config.json.1-2.partial").write_text("{")
    assert "the run had not begun, start it again with --out" in refused(capsys, "train", "--resume", run)
    assert main(["train", *OPTIONS, "--out", str(run)]) == 0
    assert not [path for path in run.iterdir() if path.name.startswith(".")]
    (run / "checkpoints" / ".step-000000002.npz.1-2.partial").write_text("half")
    assert main(["train", "--resume", str(run), "--steps", "8", "--json"]) == 0
    assert not list((run / "checkpoints").glob(".*"))


def test_other_data_in_the_place_of_the_run_s(tmp_path, capsys):
    """Of the same shape and size: nothing but its content tells."""
    random = np.random.default_rng(0)
    x, labels = random.normal(size=(40, 3)), np.arange(40) % 3
    np.savez(tmp_path / "data.npz", x=x, y=labels)
    options = ["--data", str(tmp_path / "data.npz"), "--batch", "8", *OPTIONS]
    run = tmp_path / "run"
    assert main(["train", *options, "--out", str(run)]) == 0
    (run / "result.json").unlink()
    for changed in ({"x": x + np.eye(40, 3) * 1e-6}, {"y": labels[::-1]}):
        np.savez(tmp_path / "data.npz", **{"x": x, "y": labels} | changed)
        capsys.readouterr()
        assert "is not that of the run" in refused(capsys, "train", "--resume", run)
        assert "is not that of the run" in refused(capsys, "evaluate", run)
    np.savez(tmp_path / "data.npz", x=x[:20], y=labels[:20], more=np.zeros(9))
    np.savez(tmp_path / "data.npz", x=x, y=labels, more=np.zeros(9))
    assert main(["train", "--resume", str(run), "--json"]) == 0
    (run / "result.json").unlink()
    config = json.loads((run / "config.json").read_text())
    np.savez(tmp_path / "other.npz", x=x + 1, y=labels)
    config["facts"]["content"] = open_dataset(tmp_path / "other.npz").content
    (run / "config.json").write_text(json.dumps(config))
    np.savez(tmp_path / "data.npz", x=x + 1, y=labels)
    capsys.readouterr()
    assert "is of another run: its content is" in refused(capsys, "train", "--resume", run)
