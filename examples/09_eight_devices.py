"""Eight virtual devices on one CPU: four ways to lay a run out on them, and the gradients of one device each time."""

import os

os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=8"

import jax
import numpy as np
import optax

import functional_bp as bp
from functional_bp.training import digits, fit
from functional_bp.training.devices.sharding import LAYOUTS, layout

jax.config.update("jax_enable_x64", True)
data = digits()
x, d = data.x[:1792].astype(float), np.eye(10)[data.labels[:1792]]
network = bp.chain(
    bp.affine_layer(64, 128, "he"), bp.relu, bp.affine_layer(128, 64, "he"), bp.relu, bp.affine_layer(64, 10)
)
params = network.init(jax.random.key(0))
_, expected = jax.jit(bp.value_and_grad(network, bp.softmax_nll))(params, x, d)

for name in LAYOUTS:
    on_mesh = layout(name, 8)
    placed = jax.device_put(params, on_mesh.shardings(params))
    _, gradients = jax.jit(on_mesh.value_and_grad(network, bp.softmax_nll))(placed, x, d)
    differences = jax.tree.map(lambda a, b: abs(a - b).max(), on_mesh.gather(gradients), expected)
    largest = max(jax.tree.leaves(differences))
    held = [gradient.addressable_data(0).shape for gradient in jax.tree.leaves(gradients)]
    print(f"{name:9} a device holds {held}, largest difference from one device {largest:.0e}")
    assert largest < 1e-12

fitted = fit(network, bp.softmax_nll, (x, d), optimizer=optax.adam(1e-3), steps=300, batch=64, layout=layout("data", 8))
print(f"300 steps on eight devices: loss {fitted.reports[0]['loss']:.3f} → {fitted.reports[-1]['loss']:.3f}")
assert fitted.reports[-1]["loss"] < 0.2
