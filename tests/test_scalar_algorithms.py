"""The vector form against the lectures' own scalar algorithms, which know neither JAX nor NumPy."""

from random import Random
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from oracles import four_parameters, overdot, sgd_neural_net
from oracles.functions import ACTIVATIONS, DIVERGENCES, Divergence

import functional_bp as bp

pytestmark = pytest.mark.usefixtures("float64")

OUTPUTS = [("identity", "squared_error"), ("sigmoid", "binary_nll"), ("softmax", "kl")]


class Setting(NamedTuple):
    """A network by widths and names of rules, which the oracle and the library have in common."""

    widths: tuple[int, ...]
    hidden: str
    output: str
    divergence: str

    @property
    def activations(self) -> list[str]:
        return [self.hidden] * (len(self.widths) - 2) + [self.output]


SETTINGS = [
    *(Setting((3, 4, 3, 2), hidden, *output) for hidden in ACTIVATIONS for output in OUTPUTS),
    *(Setting(widths, "tanh", *OUTPUTS[2]) for widths in [(3, 2), (1, 1, 1), (2, 1, 5, 3), (2, 3, 4, 3, 2, 3)]),
]
every_setting = pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: "-".join(map(str, s)))


class Sides(NamedTuple):
    """One problem twice: what the oracle takes, and the same numbers for the library."""

    oracle: overdot.Network
    divergence: Divergence
    w: overdot.Weights
    X: list
    d: list
    network: bp.Layer
    rule: Any
    params: tuple


def sides(setting: Setting, instances: int = 3) -> Sides:
    random = Random(repr(setting))
    D, names = setting.widths, setting.activations
    w = {
        (i, j, k): random.gauss(0, 1) for k in range(1, len(D)) for i in range(D[k - 1] + 1) for j in range(1, D[k] + 1)
    }
    X = [[random.gauss(0, 1) for _ in range(D[0])] for _ in range(instances)]
    d = [target(random, setting, D[-1]) for _ in range(instances)]
    oracle = overdot.Network(D, {k: ACTIVATIONS[name] for k, name in enumerate(names, start=1)})
    links = [
        link
        for n_in, n_out, name in zip(D, D[1:], names, strict=False)
        for link in (bp.affine_layer(n_in, n_out), getattr(bp, name))
    ]
    rule = getattr(bp, setting.divergence)
    params = params_of(w, D)
    return Sides(oracle, DIVERGENCES[setting.divergence], w, X, d, bp.chain(*links), rule, params)


def target(random: Random, setting: Setting, n: int) -> list[float]:
    shares = [random.uniform(0.1, 0.9) for _ in range(n)]
    return [share / sum(shares) for share in shares] if setting.divergence == "kl" else shares


def params_of(w: overdot.Weights, D: tuple[int, ...]) -> tuple:
    """W[out, in] and b of every layer; w[0, j, k] is the bias."""
    params = []
    for k in range(1, len(D)):
        W = [[w[i, j, k] for i in range(1, D[k - 1] + 1)] for j in range(1, D[k] + 1)]
        b = [w[0, j, k] for j in range(1, D[k] + 1)]
        params += [bp.AffineParams(jnp.array(W), jnp.array(b)), ()]
    return tuple(params)


def nodes_of(units: overdot.Units, letter: str, D: tuple[int, ...]) -> dict[str, list[float]]:
    """The oracle's z or y of every layer, under the names that the library gives the nodes."""
    layers = sorted({k for _, k in units})
    name = {k: f"{letter}{k}" if k else "x" for k in layers}
    return {name[k]: overdot.layer(units, k, D[k]) for k in layers}


def assert_equal(got, expected):
    """Trees of one structure and shapes, equal to 1e-12."""
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13, strict=True), got, expected)


@every_setting
def test_the_forward_pass_at_every_node(setting):
    """F9: the double loop; B2: the bias as weight w_0j of a unit y_0 = 1."""
    s = sides(setting)
    node = jnp.array(s.X)
    values = {"x": node}
    _, J = s.network.apply(s.params, node)
    for part, theta, name in zip(s.network.parts, s.params, J.nodes[1:], strict=True):
        node, _ = part.apply(theta, node)
        values[name] = node
    for t, x in enumerate(s.X):
        z, y = overdot.forward(s.oracle, s.w, x)
        expected = nodes_of(z, "z", setting.widths) | nodes_of(y, "y", setting.widths)
        assert_equal({name: value[t] for name, value in values.items()}, as_arrays(expected))


@every_setting
def test_the_cotangent_at_every_node(setting):
    """F9: ẏ and ż of every unit, for every instance of a batch."""
    s = sides(setting)
    Y, J = s.network.apply(s.params, jnp.array(s.X))
    D, J_D = s.rule(Y, jnp.array(s.d))
    cotangents = J.cotangents(jnp.ones_like(D) @ J_D)
    for t, (x, d) in enumerate(zip(s.X, s.d, strict=True)):
        one = overdot.instance(s.oracle, s.divergence, s.w, x, d)
        assert_equal(D[t], s.divergence.value(one.Y, d))
        expected = nodes_of(one.z_dot, "z", setting.widths) | nodes_of(one.y_dot, "y", setting.widths)
        assert_equal({name: value[t] for name, value in cotangents.items()}, as_arrays(expected))


@every_setting
def test_the_gradient_of_every_weight(setting):
    """F9 and B2: ∂Div/∂w_ji = y_j ż_i, the bias among them, summed over the batch by `y_bar @ J`."""
    s = sides(setting)
    Y, J = s.network.apply(s.params, jnp.array(s.X))
    D, J_D = s.rule(Y, jnp.array(s.d))
    params_bar, _ = jnp.ones_like(D) @ J_D @ J
    passes = [overdot.instance(s.oracle, s.divergence, s.w, x, d) for x, d in zip(s.X, s.d, strict=True)]
    total = {ijk: sum(one.w_dot[ijk] for one in passes) for ijk in s.w}
    assert_equal(params_bar, params_of(total, setting.widths))


@pytest.mark.parametrize("setting", [Setting((3, 4, 2), "tanh", *output) for output in OUTPUTS], ids=str)
def test_training_by_accumulation_over_instances(setting):
    """G4: Σ_t over instances, then one step of η/T, is gradient descent on the mean loss."""
    s = sides(setting, instances=4)
    step = bp.value_and_grad(s.network, s.rule)
    params, eta = s.params, 0.1
    history = overdot.train(s.oracle, s.divergence, s.w, s.X, s.d, eta, iterations=5)
    for loss, w in history:
        mean_loss, gradients = step(params, jnp.array(s.X), jnp.array(s.d))
        params = jax.tree.map(lambda p, g: p - eta * g, params, gradients)
        assert_equal(mean_loss, loss)
        assert_equal(params, params_of(w, setting.widths))
    assert history[-1][0] < history[0][0]


@pytest.mark.parametrize("fused", ["softmax_nll", "sigmoid_binary_nll"])
def test_the_fused_divergences_on_logits(fused):
    """E9: the output layer and its divergence in one step, against the two of them in scalars."""
    output = {"softmax_nll": ("softmax", "kl"), "sigmoid_binary_nll": ("sigmoid", "binary_nll")}[fused]
    s = sides(Setting((3, 4, 3), "tanh", *output))
    logits = bp.chain(*s.network.parts[:-1])
    z, J = logits.apply(s.params[:-1], jnp.array(s.X))
    D, J_D = getattr(bp, fused)(z, jnp.array(s.d))
    params_bar, _ = jnp.ones_like(D) @ J_D @ J
    passes = [overdot.instance(s.oracle, s.divergence, s.w, x, d) for x, d in zip(s.X, s.d, strict=True)]
    total = {ijk: sum(one.w_dot[ijk] for one in passes) for ijk in s.w}
    assert_equal((*params_bar, ()), params_of(total, (3, 4, 3)))


def test_the_bias_is_a_weight():
    """B2: with W′ = [b W] and y′ = (1, y) the affine rule gives the same z, and W̄′ = [b̄ W̄]."""
    random = Random(0)
    W, b, y, z_bar = (
        jnp.array([[random.gauss(0, 1) for _ in range(columns)] for _ in range(rows)])
        for rows, columns in [(2, 3), (1, 2), (5, 3), (5, 2)]
    )
    with_bias = bp.AffineParams(jnp.concatenate([b.T, W], 1), jnp.zeros(2))
    z, J = bp.affine(bp.AffineParams(W, b[0]), y)
    same_z, same_J = bp.affine(with_bias, jnp.concatenate([jnp.ones((5, 1)), y], 1))
    params_bar, y_bar = z_bar @ J
    same_bar, same_y_bar = z_bar @ same_J
    assert_equal(same_z, z)
    assert_equal(same_bar.W, jnp.concatenate([params_bar.b[:, None], params_bar.W], 1))
    assert_equal(same_y_bar[:, 1:], y_bar)


@pytest.mark.parametrize("seed", range(3))
def test_the_network_of_four_parameters(seed):
    """F1-F3: the whole network and its chain rule in one line each."""
    random = Random(seed)
    theta = four_parameters.FourParameters(*(random.gauss(0, 1) for _ in range(4)))
    x, y = random.gauss(0, 1), random.random()
    network = bp.chain(*[link for _ in range(3) for link in (bp.affine_layer(1, 1), bp.sigmoid)])
    number = {name: jnp.array([[value]]) for name, value in theta._asdict().items()}
    zero = jnp.zeros(1)
    params = (
        *(bp.AffineParams(number["w1"], number["b"][0]), ()),
        *(bp.AffineParams(number["w2"], zero), ()),
        *(bp.AffineParams(number["w3"], zero), ()),
    )
    f3, J = network.apply(params, jnp.array([x]))
    L, J_L = bp.squared_error(f3, jnp.array([y]))
    (first, _, second, _, third, _), _ = jnp.ones_like(L) @ J_L @ J
    expected = four_parameters.gradient(theta, x, y)
    assert_equal(f3[0], four_parameters.outputs(theta, x)[-1])
    assert_equal([first.W[0, 0], first.b[0]], [expected.w1, expected.b])
    assert_equal([second.W[0, 0], third.W[0, 0]], [expected.w2, expected.w3])


def run_sgd_neural_net(s: Sides, order: list[int], eta: float, **how):
    """The pseudo-code's history, its W m×n and column W0 turned to the library's W[out, in] and b."""
    layers = [sgd_neural_net.Layer(theta.W.T.tolist(), theta.b[:, None].tolist()) for theta in s.params[::2]]
    data = list(zip(s.X, s.d, strict=True))
    history = sgd_neural_net.sgd_neural_net(layers, list(s.oracle.f.values()), s.divergence, data, order, eta, **how)
    return [
        [bp.AffineParams(jnp.array(layer.W).T, jnp.array(layer.W0)[:, 0]) for layer in layers] for layers in history
    ]


@pytest.mark.parametrize("setting", [Setting((3, 4, 3, 2), "tanh", *output) for output in OUTPUTS], ids=str)
def test_sgd_neural_net_in_its_own_layout(setting):
    """F10: a step for each random data point."""
    s = sides(setting)
    order, eta = [2, 0, 1, 1, 2], 0.1
    step = bp.value_and_grad(s.network, s.rule)
    params = s.params
    for i, expected in zip(order, run_sgd_neural_net(s, order, eta), strict=True):
        _, gradients = step(params, jnp.array(s.X[i]), jnp.array(s.d[i]))
        params = jax.tree.map(lambda p, g: p - eta * g, params, gradients)
        assert_equal(list(params[::2]), expected)


def test_a_step_inside_the_loop_over_the_layers_is_no_gradient_step():
    """Read as it is indented, lines 37-42 spoil W^(l+1) before line 24 uses it: only the last layer's step is right."""
    s = sides(Setting((3, 4, 2), "tanh", *OUTPUTS[0]))
    (right,) = run_sgd_neural_net(s, [0], 0.1)
    (spoilt,) = run_sgd_neural_net(s, [0], 0.1, step_inside_the_loop=True)
    assert_equal(spoilt[-1], right[-1])
    assert not np.allclose(spoilt[0].W, right[0].W, rtol=1e-3)


def as_arrays(tree: dict[str, list[float]]) -> dict[str, np.ndarray]:
    return {name: np.array(vector) for name, vector in tree.items()}
