"""What is right passes: backward passes in the styles in which people write them, one file a family."""

import importlib
import warnings
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from still_missed import RIGHT_CALLED_WRONG

from functional_bp.checking import check_backward
from functional_bp.errors import InputError

pytestmark = pytest.mark.slow

FAMILIES = sorted(path.stem for path in (Path(__file__).parents[1] / "right").glob("*.py") if path.stem != "case")
CASES = [case for family in FAMILIES for case in importlib.import_module(f"right.{family}").CASES]


@pytest.fixture(autouse=True)
def ordinary():
    """The cases are written as people write them, with `x @ W + b`, and their NumPy may overflow at extremes."""
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def test_there_are_many_and_each_has_its_name():
    assert len(CASES) >= 100
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.slow
@pytest.mark.walk
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_alarm(case):
    try:
        report = case.report()
    except InputError:
        assert case.name in RIGHT_CALLED_WRONG
        return
    assert report.ok or case.name in RIGHT_CALLED_WRONG, report


PAIRS = [case for case in CASES if case.check is check_backward and not case.name.startswith("homework")]


@pytest.mark.walk
@pytest.mark.parametrize("case", PAIRS[::4], ids=lambda case: case.name)
def test_with_one_number_off_it_is_wrong(case):
    """The walk would be worth nothing if everything passed."""
    forward, right = case.parts

    def backward(primals, y_bar):
        bars, tree = jax.tree.flatten(right(primals, y_bar))
        first = jnp.asarray(bars[0])
        off = first.ravel().at[jnp.argmax(jnp.abs(first))].multiply(1.01).reshape(first.shape)
        return jax.tree.unflatten(tree, [off, *bars[1:]])

    assert not check_backward(forward, backward, *case.example()).ok
