"""The museum through the prover: a wrong backward is never proven, a repaired one never refuted.

Every eighth piece is looked at here; with --whole all of them are.
"""

import importlib.util
import sys
from pathlib import Path

import jax
import pytest

from derivations.reading import prove_backward
from functional_bp.errors import InputError

MUSEUM = Path(__file__).parents[3] / "examples" / "museum"
PIECES = sorted(MUSEUM.glob("[!_]*.py"))


@pytest.fixture(scope="module")
def walk():
    spec = importlib.util.spec_from_file_location("museum_walk", MUSEUM / "_walk.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def as_people_write():
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


def proofs_of(piece, backward):
    try:
        return prove_backward(piece.forward, backward, *piece.example_inputs(), limit=5)
    except InputError:  # a backward that the repaired code refuses
        return None


@pytest.mark.slow
def test_wrong_ones_are_not_proven_and_repaired_ones_not_refuted(request, walk):
    chosen = PIECES if request.config.getoption("--whole") else PIECES[::8]
    for path in chosen:
        piece = walk.load(path)
        wrong, repaired = proofs_of(piece, piece.wrong), proofs_of(piece, piece.backward)
        assert wrong is None or not wrong.proven or wrong.assumed, f"{piece.name}: {wrong}"
        assert repaired is not None, piece.name
        assert not repaired.refuted, f"{piece.name}: {repaired}"
