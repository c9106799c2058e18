"""The training program is the same code on every kind of device: it lowers for those that are not here."""

import jax
import jax.export
import pytest

from functional_bp.runs.config import Config
from functional_bp.runs.experiment import experiment
from functional_bp.training.loop import program


@pytest.mark.parametrize("platform", ["cuda", "tpu"])
@pytest.mark.parametrize("config", [Config(), Config(task="two", dropout=0.2, clip=1.0, max_norm=2.0)])
def test_the_run_lowers(platform, config):
    of = experiment(config)
    run = program(of.network, of.of.divergence, of.update, of.batch, of.epoch, of.epoch, prepare=of.of.prepare)
    exported = jax.export.export(jax.jit(run), platforms=[platform])(of.start(), 42, 0, (of.seen.x, of.seen.labels))
    assert exported.platforms == (platform,)
    assert "stablehlo.dot_general" in exported.mlir_module()
    assert "stablehlo.while" in exported.mlir_module()
