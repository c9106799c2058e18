"""Terminals that lack a character: everything is printed, spelled in ASCII where it must be."""

import io
import sys

import pytest

from functional_bp import cli
from functional_bp.terminal import SPELLED, spelled

COMMANDS = [["derive", "softmax"], ["derive", "--list"], ["lectures", "B13", "D8"], ["derive", "nothing’s Σ"]]


def printed(arguments, encoding, monkeypatch):
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    cli.main(arguments)
    for stream in streams:
        stream.flush()
    return "".join(stream.buffer.getvalue().decode(encoding) for stream in streams)  # type: ignore[attr-defined]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_every_encoding_prints(arguments, encoding, monkeypatch):
    text = printed(arguments, encoding, monkeypatch)
    assert text
    assert "?" not in text.replace("?=", "")
    if encoding == "ascii":
        assert text.isascii()


def test_formulas_are_spelled(monkeypatch):
    text = printed(["derive", "softmax"], "ascii", monkeypatch)
    assert "y_j = e^z_j/sum_k e^z_k" in text
    assert "delta_ij y_j - y_i y_j" in text


def test_what_has_no_spelling_is_a_question_mark():
    assert spelled(UnicodeEncodeError("ascii", "x字é", 1, 3, "")) == ("?e", 3)
    assert all(text.isascii() and text for text in SPELLED.values())
