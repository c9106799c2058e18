"""Recurrent cells scanned over time: the scan stacks the step Jacobians, a reverse scan multiplies them.

The weight gradient is one matrix product after the reverse scan: stacked, the steps are one more axis of the batch.
"""

from operator import matmul

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp

T, BATCH, N, N_IN = 6, 3, 4, 2
GATES = {"i": bp.sigmoid, "f": bp.sigmoid, "o": bp.sigmoid, "g": bp.tanh}

pytestmark = pytest.mark.usefixtures("float64")


def assert_trees_close(got, expected):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12, strict=True), got, expected)


def data(*gates):
    """Parameters of each gate, inputs x_1 … x_T, an initial state, and a cotangent for every h_t."""
    keys = iter(jax.random.split(jax.random.key(0), 2 * len(gates) + 4))
    params = {
        gate: bp.AffineParams(jax.random.normal(next(keys), (N, N + N_IN)), jax.random.normal(next(keys), (N,)))
        for gate in gates
    }
    x, h_bar = (jax.random.normal(next(keys), (T, BATCH, n)) for n in (N_IN, N))
    h, c = (jax.random.normal(next(keys), (BATCH, N)) for _ in range(2))
    return params, x, h_bar, h, c


def joined(h, x):
    return jnp.concatenate([h, x], -1)


# --- h_t = tanh(W (h_t−1, x_t) + b) ---


def scanned(params, x, h):
    """All h_t with the stacked Jacobians of tanh and of the parameters; ∂z/∂(h, x) = W is the same at every step."""

    def step(h, x_t):
        z, J_z = bp.affine(params, joined(h, x_t))
        h, J_h = bp.tanh(z)
        return h, (h, J_h, bp.BlockRow(J_z.blocks[0]))

    return jax.lax.scan(step, h, x)[1]


def backward(W, J_h, J_params, h_bar):
    """(θ̄, x̄_1 … x̄_T, h̄_0) from the cotangents of all h_t."""

    def step(later, stacked):
        J_h, from_above = stacked
        z_bar = (later + from_above) @ J_h
        y_bar = z_bar @ bp.Dense(W)
        return y_bar[:, :N], (z_bar, y_bar[:, N:])

    first, (z_bar, x_bar) = jax.lax.scan(step, jnp.zeros((BATCH, N)), (J_h, h_bar), reverse=True)
    return z_bar @ J_params, x_bar, first


def plain(params, x, h):
    def step(h, x_t):
        W, b = params
        h = jnp.tanh(jnp.einsum("mn,bn->bm", W, joined(h, x_t)) + b[None])
        return h, h

    return jax.lax.scan(step, h, x)[1]


def test_a_recurrent_cell_against_jax_grad():
    params, x, h_bar, h, _ = data("h")

    @jax.jit
    def by_jacobians(theta, x, h):
        outputs, J_h, J_params = scanned(theta, x, h)
        return outputs, backward(theta.W, J_h, J_params, h_bar)

    outputs, pullback = jax.vjp(plain, params["h"], x, h)
    assert_trees_close(by_jacobians(params["h"], x, h), (outputs, pullback(h_bar)))


def test_the_weight_gradient_is_one_product_after_the_scan():
    params, x, h_bar, h, _ = data("h")
    _, J_h, J_params = scanned(params["h"], x, h)
    assert J_params.blocks.W.y.shape == (T, BATCH, N + N_IN)
    program = jax.make_jaxpr(backward)(params["h"].W, J_h, J_params, h_bar)
    outside = [equation for equation in program.eqns if equation.primitive.name == "dot_general"]
    assert [out.aval.shape for equation in outside for out in equation.outvars] == [(N, N + N_IN)]


def test_the_steps_multiply_to_the_jacobian_of_the_whole():
    """∂h_T/∂h_0 = J_T … J_1, each step taken out of the stack."""
    params, x, _, h, _ = data("h")
    theta = params["h"]
    _, J_h, _ = scanned(theta, x, h)
    steps = [jax.tree.map(lambda leaf, t=t: leaf[t], J_h) @ bp.Dense(theta.W[:, :N]) for t in range(T)]
    product = steps[0]
    for J in steps[1:]:
        product = matmul(J, product)
    last = jax.vmap(jax.jacrev(lambda h, x: plain(theta, x[:, None], h[None])[-1, 0]), in_axes=(0, 1))
    assert_trees_close(product.to_dense(), last(h, x))


# --- the LSTM: c_t = f c_t−1 + i g,  h_t = o tanh c_t ---


def lstm_step(params, state, x_t):
    """(h, c), the Jacobian of (h, c) with respect to (z_i … z_g, c_t−1), and those of each z to its parameters."""
    h, c = state
    affine = {gate: bp.affine(theta, joined(h, x_t)) for gate, theta in params.items()}
    v, slope = {}, {}
    for gate, rule in GATES.items():
        v[gate], slope[gate] = rule(affine[gate][0])
    c_next = v["f"] * c + v["i"] * v["g"]
    y, J_y = bp.tanh(c_next)
    to_c = {"i": v["g"], "f": c, "g": v["i"]}
    J_c = bp.BlockRow((by_gate({gate: bp.Diagonal(d) @ slope[gate] for gate, d in to_c.items()}), bp.Diagonal(v["f"])))
    J_o = bp.BlockRow((by_gate({"o": bp.Diagonal(y) @ slope["o"]}), None))
    J_state = bp.BlockColumn((bp.Diagonal(v["o"]) @ J_y @ J_c + J_o, J_c))
    J_params = {gate: bp.BlockRow(J.blocks[0]) for gate, (_, J) in affine.items()}
    return (v["o"] * y, c_next), J_state, J_params


def by_gate(blocks):
    return {gate: blocks.get(gate) for gate in GATES}


def lstm_scanned(params, x, state):
    def step(state, x_t):
        state, J_state, J_params = lstm_step(params, state, x_t)
        return state, (state[0], J_state, J_params)

    return jax.lax.scan(step, state, x)[1]


def lstm_backward(params, J_state, J_params, h_bar):
    def step(later, stacked):
        J_state, from_above = stacked
        h_bar, c_bar = later
        z_bar, c_bar = (h_bar + from_above, c_bar) @ J_state
        y_bar = jnp.stack([z_bar[gate] @ bp.Dense(theta.W) for gate, theta in params.items()]).sum(0)
        return (y_bar[:, :N], c_bar), (z_bar, y_bar[:, N:])

    nothing = jnp.zeros((BATCH, N))
    first, (z_bar, x_bar) = jax.lax.scan(step, (nothing, nothing), (J_state, h_bar), reverse=True)
    return {gate: z_bar[gate] @ J_params[gate] for gate in GATES}, x_bar, first


def plain_lstm(params, x, state):
    def step(state, x_t):
        h, c = state
        z = {gate: jnp.einsum("mn,bn->bm", W, joined(h, x_t)) + b[None] for gate, (W, b) in params.items()}
        c = jax.nn.sigmoid(z["f"]) * c + jax.nn.sigmoid(z["i"]) * jnp.tanh(z["g"])
        h = jax.nn.sigmoid(z["o"]) * jnp.tanh(c)
        return (h, c), h

    return jax.lax.scan(step, state, x)[1]


def test_an_lstm_against_jax_grad():
    params, x, h_bar, h, c = data(*GATES)

    @jax.jit
    def by_jacobians(params, x, state):
        outputs, J_state, J_params = lstm_scanned(params, x, state)
        return outputs, lstm_backward(params, J_state, J_params, h_bar)

    outputs, pullback = jax.vjp(plain_lstm, params, x, (h, c))
    assert_trees_close(by_jacobians(params, x, (h, c)), (outputs, pullback(h_bar)))


def test_one_step_of_an_lstm_forward_and_dense():
    """The same blocks push a tangent forward and write themselves out."""
    params, x, _, h, c = data(*GATES)
    _, J_state, _ = lstm_step(params, (h, c), x[0])
    z = {gate: bp.affine(theta, joined(h, x[0]))[0] for gate, theta in params.items()}

    def state(z, c):
        c = jax.nn.sigmoid(z["f"]) * c + jax.nn.sigmoid(z["i"]) * jnp.tanh(z["g"])
        return jax.nn.sigmoid(z["o"]) * jnp.tanh(c), c

    tangents = jax.tree.map(lambda leaf: jnp.cos(leaf), (z, c))
    assert_trees_close(J_state @ tangents, jax.jvp(state, (z, c), tangents)[1])
    dense = J_state.to_dense()
    expected = jax.vmap(jax.jacrev(state, argnums=(0, 1)))(z, c)
    np.testing.assert_allclose(expected[1][0]["o"], 0)  # c does not depend on the output gate, and has no block there
    expected[1][0]["o"] = None
    assert_trees_close(dense, expected)
