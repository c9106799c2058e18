"""The training program is the same code on every kind of device: it lowers for those that are not here."""

import jax
import jax.export
import optax
import pytest

from functional_bp.classification import problem
from functional_bp.training.loop import program
from functional_bp.training.step import start


@pytest.mark.parametrize("platform", ["cuda", "tpu"])
@pytest.mark.parametrize("task", ["ten", "two"])
def test_the_run_lowers(platform, task):
    of = problem(task, "stratified", 0, (16,), "relu")
    optimizer = optax.adam(1e-3)
    run = program(of.network, of.task.divergence, optimizer, 32, 42)
    state = start(of.network, optimizer, 0)
    data = (of.train.x, of.task.targets(of.train.labels))
    exported = jax.export.export(jax.jit(run), platforms=[platform])(state, 42, data, None)
    assert exported.platforms == (platform,)
    assert "stablehlo.dot_general" in exported.mlir_module()
    assert "stablehlo.while" in exported.mlir_module()
