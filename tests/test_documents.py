"""Every Python block of README and docs runs, in the order in which a reader meets it."""

from pathlib import Path

import jax
import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
sybil = Sybil(parsers=[PythonCodeBlockParser(), SkipParser()])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_block_runs(path, tmp_path, monkeypatch):
    document = sybil.parse(path)
    monkeypatch.chdir(tmp_path)
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):  # as a reader has it
        for example in document.examples():
            example.evaluate()


def test_there_are_blocks():
    assert len(list(sybil.parse(ROOT / "README.md").examples())) >= 4
