"""`train --model lstm …`, `sample`, and what they say to nonsense."""

import json

import numpy as np
import pytest

from functional_bp.cli import main
from functional_bp.training.data.texts import decoded, encoded, read_text, windows

SMALL = ["--width", "8", "--depth", "1", "--context", "16"]


@pytest.fixture(autouse=True)
def own_cache(monkeypatch):
    monkeypatch.setattr("functional_bp.runs.compilation.keep_compiled_programs", lambda: None)


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text("to be or not to be, that is the question\n" * 40)
    return path


def train(text, out, *options):
    return main(
        ["train", *SMALL, "--text", str(text), "--steps", "12", "--report-every", "4", "--out", str(out), *options]
    )


def params(run):
    with np.load(run / "params.npz") as file:
        return {name: file[name] for name in file.files}


def test_a_run_and_what_it_shows(text, tmp_path, capsys):
    run = tmp_path / "run"
    assert train(text, run, "--model", "gru") == 0
    printed = capsys.readouterr().out
    assert "layer 2 recurrent(gru(8→8))" in printed
    assert "1476 characters to learn, the last 164 held out; 15 different ones" in printed
    assert "a sample:" in printed
    result = json.loads((run / "result.json").read_text())
    assert result["max_gradient_difference"] < 1e-12
    assert f"held-out {result['test_bits']:.4f} bits per character" in printed
    reports = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert reports[-1]["validation_bits"] == pytest.approx(result["test_bits"], rel=1e-5)
    assert reports[-1]["loss"] < reports[0]["loss"]
    assert main(["evaluate", str(run), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert again == {name: result[name] for name in again}
    assert main(["summary", str(run)]) == 0
    assert "classes: '\\n', ' ', ,, a," in capsys.readouterr().out
    assert main(["sample", str(run), "--length", "300"]) == 0
    assert capsys.readouterr().out.splitlines() == result["sample"].splitlines()
    assert main(["predict", str(run), str(text)]) == 2


@pytest.mark.slow
@pytest.mark.parametrize("model", ["transformer", "gru"])
def test_a_run_made_longer_is_the_longer_run_bit_by_bit(model, text, tmp_path):
    """A checkpoint, the state of Adam and the order of the windows: nothing of it is lost."""
    for name, steps in (("whole", "12"), ("parts", "8")):
        options = ["--model", model, "--steps", steps, "--checkpoint-every", "4", "--json"]
        assert (
            main(["train", *SMALL, "--text", str(text), "--report-every", "4", "--out", str(tmp_path / name), *options])
            == 0
        )
    assert main(["train", "--resume", str(tmp_path / "parts"), "--steps", "12", "--json"]) == 0
    whole, parts = (params(tmp_path / name) for name in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    for name in whole:
        np.testing.assert_array_equal(whole[name], parts[name])
    assert (tmp_path / "whole" / "metrics.jsonl").read_bytes() == (tmp_path / "parts" / "metrics.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "rnn"], "unknown --model 'rnn': expected one of perceptron, "),
        (["--text", "x"], "--text does not go with --model perceptron"),
        (["--model", "lstm", "--hidden", "3"], "--hidden does not go with --model lstm"),
        (["--model", "gru", "--heads", "2"], "--heads does not go with --model gru"),
        (["--model", "transformer", "--width", "9"], "--heads 4 must divide --width 9"),
        (["--model", "lstm", "--tokens", "words"], "unknown --tokens 'words': expected one of characters, bytes"),
        (["--model", "lstm", "--text", "nowhere"], "cannot read nowhere: No such file or directory"),
        (
            ["--model", "lstm", "--context", "99999"],
            "a --context of 99999 takes a text of 1000000 characters, got 154469",
        ),
        (["--model", "lstm", "--width", "1000000"], "this machine has"),
        (["--model", "lstm", "--plots"], "--plots draws what classifies instances"),
    ],
)
def test_what_does_not_go_together_is_said(options, message, tmp_path, capsys):
    assert main(["train", *options, "--out", str(tmp_path / "run")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run" / "config.json").exists()


@pytest.mark.slow
def test_a_perceptron_writes_nothing(tmp_path, capsys):
    run = str(tmp_path / "run")
    assert main(["train", "--steps", "1", "--hidden", "", "--json", "--out", run]) == 0
    assert main(["sample", run]) == 2
    assert "is the run of a perceptron, which writes nothing" in capsys.readouterr().err


def test_texts(tmp_path):
    path = tmp_path / "text"
    path.write_bytes("naïve\n".encode())
    characters, as_bytes = read_text(str(path), False), read_text(str(path), True)
    assert decoded(characters.tokens, characters.alphabet, False) == "naïve\n"
    assert decoded(as_bytes.tokens, as_bytes.alphabet, True) == "naïve\n"
    assert len(as_bytes.tokens) == len(characters.tokens) + 1
    np.testing.assert_array_equal(encoded("en", characters.alphabet), characters.tokens[[4, 0]])
    with pytest.raises(ValueError, match="the character 'z' does not occur"):
        encoded("z", characters.alphabet)
    x, following = windows(np.arange(8, dtype=np.int32), 3)
    assert x.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert following.tolist() == [[1, 2, 3], [4, 5, 6]]
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="byte 0 is no UTF-8; --tokens bytes takes any file"):
        read_text(str(path), False)
    path.write_text("aaa")
    with pytest.raises(ValueError, match="expected 2 to 4096 different characters, found 1"):
        read_text(str(path), False)
