"""What a REPL shows of values: what they are, and neither closures nor all their arrays."""

import jax
import numpy as np
import optax
import pytest

import functional_bp as bp
from functional_bp.runs.config import Config
from functional_bp.runs.facts import Facts
from functional_bp.runs.loading import Trained
from functional_bp.training import fit
from functional_bp.training.data.rows import Rows

NETWORK = bp.chain(bp.affine_layer(3, 4), bp.tanh, bp.affine_layer(4, 2))
X = np.zeros((4, 3), np.float32)
FITTED = fit(NETWORK, bp.squared_error, (X, X[:, :2]), optimizer=optax.sgd(0.1), steps=2, batch=4)
TRAINED = Trained(
    NETWORK,
    FITTED.params,
    Config(),
    Facts("0" * 64, 3, ("ant", "bee"), 1.0),
    {"train_accuracy": 1.0, "test_accuracy": 0.9, "confusion": [[3, 1], [0, 6]]},
    [{"step": 2, "epoch": 2.0, "loss": 0.5, "validation_loss": 0.6, "validation_accuracy": 0.9}],
)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (NETWORK, "chain: affine(3→4) → tanh → affine(4→2)"),
        (bp.affine_layer(3, 4), "affine(3→4)"),
        (bp.residual(bp.tanh), "residual(tanh)"),
        (FITTED, "Fit(2 steps, steps, loss 0)"),
        (FITTED.state, "State(step 2, 26 parameters)"),
        (Rows([X]), "Rows(4 × 3, float32)"),
        (TRAINED, "Trained(chain: 3 → 2 classes; train accuracy 1.0000, test accuracy 0.9000)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values(value, shown):
    assert repr(value) == shown


def test_a_state_is_shown_inside_of_a_program_too():
    jax.eval_shape(lambda state: (repr(state), state.step)[1], FITTED.state)


def test_a_notebook_shows_pictures():
    html = TRAINED._repr_html_()
    assert html.count("data:image/png;base64,") == 2
    assert "test accuracy 0.9000" in html
