"""Every rule is the same code on every kind of device: forward and backward lower for those that are not here."""

import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest

from functional_bp.rules.catalogue import CATALOGUE


@pytest.mark.walk
@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_a_rule_and_its_jacobian_lower_for_cuda_and_tpu(entry):
    drawn = entry.draw(np.random.default_rng(0), (3,), entry.sizes[0])
    inputs = jax.tree.map(lambda a: jnp.asarray(a, "float32" if a.dtype == float else None), drawn)

    def both_ways(*inputs):
        y, J = entry.rule(*inputs)
        return y, y @ J

    exported = jax.export.export(jax.jit(both_ways), platforms=["cuda", "tpu"])(*inputs)
    assert exported.platforms == ("cuda", "tpu")
    assert "custom_call" not in exported.mlir_module() or entry.stem in ("linear_algebra", "delta", "experts")
