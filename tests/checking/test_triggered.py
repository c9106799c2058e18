"""Backward passes that are wrong only at other sizes, values, cotangents, calls: found, and the trigger said."""

import importlib
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from judging import trigger_said
from still_missed import TRIGGERED_MISSED, TRIGGERED_UNSAID

from functional_bp.checking import check_backward

pytestmark = pytest.mark.slow

TABLES = sorted(path.stem for path in (Path(__file__).parents[1] / "triggered").glob("*.py") if path.stem != "case")
ROWS = {table: importlib.import_module(f"triggered.{table}").ROWS for table in TABLES}
ALL = [row for table in ROWS.values() for row in table]
BOUNDED = [row for table in TABLES if table != "jax_rules" for row in ROWS[table] if row.at is not None]


@pytest.fixture(autouse=True)
def ordinary_promotion():
    with jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard"):
        yield


def test_there_are_a_hundred_of_many_kinds():
    assert len({row.name for row in ALL}) == len(ALL) >= 100
    assert len({row.trigger for row in ALL}) >= 15


def agree(claimed, true):
    for a, b in zip(jax.tree.leaves(claimed), jax.tree.leaves(true), strict=True):
        if a.shape != b.shape or not np.allclose(a, b, 2e-3, 2e-3 * np.abs(b).max(initial=0)):
            return False
    return True


def cotangents(row, primals, y_bar):
    """Claimed and true."""
    bars = [bar for bar in jax.vjp(row.forward, *primals)[1](y_bar) if bar.dtype != jax.dtypes.float0]
    return [bar for bar in row.backward(primals, y_bar) if bar is not None], bars


@pytest.mark.walk
@pytest.mark.parametrize("row", BOUNDED, ids=lambda row: row.name)
def test_each_is_right_at_its_primals_and_wrong_at_its_trigger(row):
    """For random cotangents; where the cotangent is the trigger, right for one that is one throughout."""
    rng = np.random.default_rng(0)

    def drawn(primals):
        return jax.tree.map(
            lambda y: jnp.asarray(rng.uniform(0.5, 1.5, y.shape), y.dtype), jax.eval_shape(row.forward, *primals)
        )

    if row.bars is None:
        assert agree(*cotangents(row, row.primals, drawn(row.primals)))
        assert not agree(*cotangents(row, row.at, drawn(row.at)))
    else:
        assert not agree(*cotangents(row, row.primals, row.bars))


@pytest.mark.slow
@pytest.mark.walk
@pytest.mark.parametrize("row", ALL, ids=lambda row: row.name)
def test_it_is_found_and_its_trigger_said(row):
    report = check_backward(row.forward, row.backward, *row.primals)
    assert not report.ok or row.name in TRIGGERED_MISSED, report
    if not report.ok:
        assert trigger_said(report, row.said) or row.name in TRIGGERED_UNSAID, report
