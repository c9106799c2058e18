"""The museum of real wrong backward passes: each is found, its cause and trigger named; each repaired one passes."""

import importlib.util
import runpy
import warnings
from pathlib import Path

import jax
import pytest
from judging import cause_named, trigger_said
from still_missed import MUSEUM_MISSED, MUSEUM_UNNAMED, MUSEUM_UNSAID, RIGHT_CALLED_WRONG

from functional_bp.checking import check_backward

pytestmark = pytest.mark.slow

MUSEUM = Path(__file__).parents[2] / "examples" / "museum"


def walk():
    spec = importlib.util.spec_from_file_location("museum_walk", MUSEUM / "_walk.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.pieces())


PIECES = walk()
each = pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.name)


@pytest.fixture(autouse=True)
def ordinary():
    """Written as people write, with `x @ W + b`; what overflows at extremes is what is shown."""
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def test_there_are_sixty_and_each_tells_its_story():
    assert len(PIECES) >= 60
    for piece in PIECES:
        assert piece.title.endswith(".")
        assert piece.link.startswith("https://github.com/"), piece.name
        assert piece.lived
        assert bool(piece.trigger) or not piece.said
        assert piece.kinds
    assert len({piece.title for piece in PIECES}) == len(PIECES)


def test_each_is_small():
    for path in MUSEUM.glob("[!_]*.py"):
        assert len(path.read_text().splitlines()) <= 70, path.name


def test_the_table_tells_what_others_find(monkeypatch):
    """A swapped pair is found by all; a repeated index is not among ordinary inputs."""
    monkeypatch.syspath_prepend(MUSEUM)
    table = runpy.run_path(str(MUSEUM / "__main__.py"), run_name="museum")
    pieces = {piece.name: piece for piece in PIECES}
    found, missed = pieces["layer_norm_swapped"], pieces["index_duplicates"]
    for side in ("check_grads, order 1", "check_backward"):
        assert table["verdict"](table["SIDES"][side], found) == "found"
    assert table["verdict"](table["SIDES"]["check_grads, order 1"], missed) == "missed"


@pytest.mark.slow
@pytest.mark.walk
@each
def test_the_repaired_one_passes(piece):
    report = check_backward(piece.forward, piece.backward, *piece.example_inputs())
    assert report.ok or piece.name in RIGHT_CALLED_WRONG, report


@pytest.mark.slow
@pytest.mark.walk
@each
def test_the_wrong_one_is_found_and_named(piece):
    report = check_backward(piece.forward, piece.wrong, *piece.example_inputs())
    assert not report.ok or piece.name in MUSEUM_MISSED, report
    if not report.ok:
        assert cause_named(report, piece.kinds) or piece.name in MUSEUM_UNNAMED, report
        assert not piece.trigger or trigger_said(report, piece.said) or piece.name in MUSEUM_UNSAID, report
