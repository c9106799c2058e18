"""The command's defaults reach the promised accuracy on every seed."""

import pytest

from functional_bp.runs.classification import results
from functional_bp.runs.config import Config
from functional_bp.runs.experiment import experiment
from functional_bp.training.loop import fit


@pytest.mark.slow
@pytest.mark.parametrize(("task", "least"), [("ten", 0.96), ("two", 0.99), ("eleven", 0.96)])
def test_held_out_accuracy(task, least):
    first = experiment(Config(task=task))
    for seed in range(5):
        here = experiment(Config(task=task, seed=seed))
        assert (here.batch, here.steps) == (first.batch, first.steps)
        fitted = fit(
            first.network,  # one network and one optimiser: the program is compiled once
            here.of.divergence,
            (here.of.train.x, here.of.train.labels),
            optimizer=first.update,
            steps=here.steps,
            batch=here.batch,
            seed=seed,
            report_every=here.steps,
            prepare=first.of.prepare,
        )
        found = results(here.of, here.network, fitted.params)
        assert found["test_accuracy"] >= least, f"seed {seed}"
        assert found["train_accuracy"] >= 0.99, f"seed {seed}"
