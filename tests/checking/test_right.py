"""What is right passes: backward passes in the styles in which people write them, one file a family."""

import importlib
import warnings
from pathlib import Path

import jax
import pytest
from still_missed import RIGHT_CALLED_WRONG

from functional_bp.errors import InputError

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
