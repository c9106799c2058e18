"""The command's defaults reach the promised accuracy on every seed."""

import jax
import numpy as np
import optax
import pytest

from functional_bp.classification import problem, results
from functional_bp.cli import parser
from functional_bp.training.loop import fit

DEFAULTS = parser().parse_args(["train"])


@pytest.mark.slow
@pytest.mark.parametrize(("task", "least"), [("ten", 0.96), ("two", 0.99), ("eleven", 0.96)])
def test_held_out_accuracy(task, least):
    hidden, batch = [int(units) for units in DEFAULTS.hidden.split(",")], int(DEFAULTS.batch)
    optimizer = getattr(optax, DEFAULTS.optimizer)(DEFAULTS.rate)
    network = problem(task, DEFAULTS.split, 0, hidden, DEFAULTS.activation).network
    for seed in range(5):
        of = problem(task, DEFAULTS.split, seed, hidden, DEFAULTS.activation)._replace(network=network)
        data = (of.train.x, of.task.targets(of.train.labels))
        steps = DEFAULTS.epochs * (len(of.train.x) // batch)
        fitted = fit(
            network,
            of.task.divergence,
            data,
            optimizer=optimizer,
            steps=steps,
            batch=batch,
            seed=seed,
            report_every=steps,
        )
        found = results(of, jax.tree.map(np.asarray, fitted.params))
        assert found["test_accuracy"] >= least, f"seed {seed}"
        assert found["train_accuracy"] >= 0.99, f"seed {seed}"
