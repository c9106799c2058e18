import jax.numpy as jnp
import optax
import pytest

import functional_bp as bp
from functional_bp.training import stopping
from functional_bp.training.step import start
from functional_bp.training.stopping import Patience, TimeLimit

STATE = start(bp.affine_layer(1, 1), optax.sgd(1.0), 0)


def answers(rule, losses):
    """What the rule says to each loss; the parameters are the number of the report."""
    return [rule({"validation_loss": loss}, STATE._replace(params=jnp.float32(i))) for i, loss in enumerate(losses)]


@pytest.mark.parametrize(
    ("losses", "stops", "best"),
    [
        ([5, 4, 3, 2, 1], None, 4),
        ([5, 4, 4, 4], 3, 1),
        ([5, 1, 2, 0.5, 3, 3], 5, 3),
        ([5, float("nan"), 4, 9, 9], 4, 2),
    ],
)
def test_patience(losses, stops, best):
    rule = Patience(2)
    expected = [None if i != stops else "no better for 2 reports" for i in range(len(losses))]
    assert answers(rule, map(float, losses)) == expected
    assert rule.params == best


def test_patience_goes_on_where_it_was():
    past = [{"validation_loss": loss} for loss in (3.0, 1.0, 2.0)]
    rule = Patience(3, past, params="best of the past")
    assert answers(rule, [2.0, 1.0]) == [None, "no better for 3 reports"]
    assert rule.params == "best of the past"


def test_time_limit(monkeypatch):
    now = iter([100.0, 101.0, 103.0])
    monkeypatch.setattr(stopping.time, "monotonic", lambda: next(now))
    rule = TimeLimit(2.0)
    assert answers(rule, [1.0, 1.0]) == [None, "time limit of 2 s"]
    assert rule.reached
    assert answers(TimeLimit(None), [1.0]) == [None]
