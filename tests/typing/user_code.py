"""What a user writes, as a type checker sees it: no Any where a type is known; `test_user_code.py` has pyright look."""

from typing import assert_type

import jax
import jax.numpy as jnp
import optax

import functional_bp as bp
from functional_bp import Chain, Diagonal, DiagonalMinusOuter, Jacobian, RowVector
from functional_bp.training import digits, fit
from functional_bp.training.loop import Fit

y, J = bp.softmax(jnp.ones(3))
assert_type(y, jax.Array)
assert_type(J, DiagonalMinusOuter)
assert_type(jnp.ones(3) @ J, jax.Array)
assert_type(J @ jnp.ones(3), jax.Array)
assert_type(2 * J, Jacobian[jax.Array])
assert_type(J.T, Jacobian)
assert_type(Diagonal(jnp.ones(3)) @ J, Jacobian[jax.Array])

network = bp.chain(bp.affine_layer(64, 10))
params = network.init(jax.random.key(0))
x, d = jnp.ones((4, 64)), jnp.ones((4, 10))
z, J_network = network.apply(params, x)
assert_type(z, jax.Array)
assert_type(J_network, Chain)

D, J_D = bp.softmax_nll(z, d)
assert_type(D, jax.Array)
assert_type(J_D, RowVector)
gradients, x_bar = jnp.ones(4) @ J_D @ J_network
first: bp.AffineParams = gradients[0]
assert_type(J_D @ J_network, Chain)

layer = bp.affine_layer(3, 2)
theta = layer.init(jax.random.key(0))
assert_type(theta, bp.AffineParams)
of_layer, J_layer = layer.apply(theta, jnp.ones(3))
theta_bar, input_bar = jnp.ones(2) @ J_layer
assert_type(theta_bar, bp.AffineParams)
assert_type(input_bar, jax.Array)

loss, params_bar = bp.value_and_grad(layer, bp.squared_error)(theta, jnp.ones((1, 3)), jnp.ones((1, 2)))
assert_type(loss, jax.Array)
assert_type(params_bar, bp.AffineParams)

data = digits()
fitted = fit(layer, bp.squared_error, (data.x, data.labels), optimizer=optax.adam(1e-3), steps=1, batch=1)
assert_type(fitted, Fit[bp.AffineParams])
assert_type(fitted.params, bp.AffineParams)
assert_type(bp.check_backward(jnp.tanh, lambda primals, y_bar: y_bar, x).ok, bool)
