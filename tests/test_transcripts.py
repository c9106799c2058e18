"""What a newcomer is shown is what a newcomer gets: the transcripts of docs/start, typed again in an empty folder.

Numbers and the cells of a confusion matrix may differ from machine to machine; all else is the same, line by line.
"""

import csv
import re
import shlex
from pathlib import Path

import jax
import numpy as np
import pytest

from functional_bp.cli import main

START = Path(__file__).parents[1] / "docs" / "start"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?")
FLOWERS = {
    "setosa": (5.0, 3.4, 1.5, 0.2),
    "versicolor": (5.9, 2.8, 4.3, 1.3),
    "virginica": (6.6, 3.0, 5.6, 2.0),
}


def write_flowers():
    rng = np.random.default_rng(0)
    with open("flowers.csv", "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["sepal length", "sepal width", "petal length", "petal width", "species"])
        for name, means in FLOWERS.items():
            for _ in range(50):
                out.writerow([*(round(float(v), 1) for v in rng.normal(means, (0.4, 0.3, 0.4, 0.15))), name])


def commands(text):
    """(the command's words, the lines below it) for every line that begins with a dollar."""
    for part in text.split("$ ")[1:]:
        command, _, output = part.partition("\n")
        yield shlex.split(command), output.splitlines()


def alike(line):
    return " ".join(NUMBER.sub("#", line).split())


def shown(lines):
    """The lines that do not depend on the machine."""
    return [alike(line) for line in lines if line.strip() and "|" not in line]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["check", "train"])
def test_the_transcript_is_what_is_printed(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("functional_bp.runs.compilation.keep_compiled_programs", lambda: None)
    write_flowers()
    typed = 0
    for language, text in BLOCK.findall((START / f"{name}.md").read_text(encoding="utf-8")):
        if language == "python" and "def " in text:
            with open("mine.py", "a", encoding="utf-8") as file:
                file.write(text)
        for words, expected in commands(text) if language == "" else ():
            if words[0] == "cat":
                Path(words[1]).write_text("\n".join(expected) + "\n")
                continue
            main(words[1:])
            found, typed = shown(capsys.readouterr().out.splitlines()), typed + 1
            if expected[0] == "…":  # what was shown before
                expected = expected[1:]
                found = found[-len(expected) :]
            assert found == shown(expected), words
    assert typed >= 4


def test_numbers_alone_may_differ():
    assert shown(["a 1.5e-3 b", "1 | 2"]) == shown(["a 7 b"])
    assert shown(["right"]) != shown(["wrong"])


@pytest.mark.slow
def test_what_python_shows_is_what_is_printed(capsys):
    """In open.md a block without a language is what the one before it prints."""
    blocks, namespace, compared = BLOCK.findall((START / "open.md").read_text(encoding="utf-8")), {}, 0
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        for language, text in blocks:
            if language == "python":
                capsys.readouterr()
                exec(text, namespace)
            else:
                assert capsys.readouterr().out == text
                compared += 1
    assert compared == 2
