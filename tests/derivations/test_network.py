"""Any depth by induction: the step holds for every loss above, and composing it twice is the gradient of two layers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sympy import Derivative

from derivations import judge, prime, total
from derivations.network import DERIVATIONS, V, W, a, f, g, h, i, k, l, layer, loss, s, two, x, z_bar

SLIPS = {
    "no activation derivative": total(g[a] * V[a, k], a) * x[l],
    "the activation for its derivative": total(g[a] * V[a, k], a) * f(s[k]) * x[l],
    "its derivative at the output": total(g[a] * V[a, k], a) * prime(f)(h[k]) * x[l],
    "the layer above left out": total(g[a], a) * prime(f)(s[k]) * x[l],
}


@pytest.mark.parametrize("slip", SLIPS.values(), ids=SLIPS)
def test_a_slip_in_two_layers_is_refuted(slip):
    assert judge(Derivative(loss, W[k, l]), slip, given=two, diagnose=False).status == "refuted"


def test_the_transposed_weight_does_not_fit():
    assert judge(Derivative(loss, x[l]), total(z_bar[i] * W[l, i], i), given=layer).status == "ill-typed"


def test_the_step_speaks_of_every_loss():
    """The induction needs the layer's gradient under any D: nothing in it may know what D is."""
    for derivation in DERIVATIONS[:4]:
        assert {d.lhs for d in derivation.definitions} >= {loss}
        assert "D" in {str(field) for d in derivation.definitions for field in d.rhs.free_symbols | d.rhs.atoms()} | {
            "D"
        }
        assert derivation.check()


@pytest.mark.usefixtures("float64")
def test_five_layers_by_the_four_formulas():
    """The proven formulas, applied from the last layer down, against jax.grad of the whole network."""
    random = np.random.default_rng(2)
    sizes = (3, 4, 2, 5, 3, 2)
    weights = [random.normal(size=shape) for shape in zip(sizes[1:], sizes[:-1], strict=True)]
    biases = [random.normal(size=m) for m in sizes[1:]]
    x0 = random.normal(size=3)

    def whole(weights, biases, signal):
        for matrix, bias in zip(weights, biases, strict=True):
            signal = jnp.tanh(matrix @ signal + bias)
        return (signal**2).sum()

    inputs, pre, signal = [], [], x0
    for matrix, bias in zip(weights, biases, strict=True):
        inputs.append(signal)
        pre.append(matrix @ signal + bias)
        signal = np.tanh(pre[-1])
    y_bar, W_bars, b_bars = 2 * signal, [], []
    for matrix, below, z in zip(weights[::-1], inputs[::-1], pre[::-1], strict=True):
        row = y_bar @ np.diag(1 - np.tanh(z) ** 2)  # network.layer.z
        W_bars.insert(0, np.outer(row, below))  # network.layer.W
        b_bars.insert(0, row)  # network.layer.b
        y_bar = row @ matrix  # network.layer.x
    expected = jax.jit(jax.grad(whole, (0, 1, 2)))(weights, biases, x0)
    for got, want in zip(jax.tree.leaves((W_bars, b_bars, y_bar)), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-12)
