"""The notebooks run, cell by cell, and show what is written down in them."""

import jax
import pytest

from docs.generator.notebooks import cells, page, paths, run

NOTEBOOKS = paths()


SLOW = ("digits",)


def marked(path):
    return pytest.param(path, marks=[pytest.mark.slow] if path.stem in SLOW else [], id=path.stem)


@pytest.mark.parametrize("path", [marked(path) for path in NOTEBOOKS])
def test_it_runs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):  # as a reader has it
        outputs = run(path)
    kept = [cell["outputs"] for cell in cells(path) if cell["cell_type"] == "code"]
    assert [list(map(kind, cell)) for cell in outputs] == [list(map(kind, cell)) for cell in kept]
    assert page(path).startswith("# ")


def kind(output):
    return output["output_type"], sorted(output.get("data", []))


def test_there_are_notebooks():
    assert len(NOTEBOOKS) == 4
