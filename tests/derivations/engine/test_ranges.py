"""Ranges that end at another index: their values are those of the sum as it is written, and NumPy's."""

import jax.numpy as jnp
import numpy as np
import pytest
from sympy import Idx, IndexedBase, Product, Sum, Symbol, exp

from derivations import derivative, dimension, emit, index, total
from derivations.engine.language.plain import plain
from derivations.engine.language.ranges import with_masks
from derivations.engine.numbers.arithmetic import Floats
from derivations.engine.numbers.evaluate import Evaluation

pytestmark = pytest.mark.usefixtures("float64")
n = dimension("n")
i, j, k, l = (index(name, n) for name in "ijkl")
x, g, q, s = (IndexedBase(name) for name in "xgqs")
own = Idx("o", (1, i))
FORMULAS = {
    "Σ_k≤i x_k": Sum(x[k], (k, 1, i)),
    "Σ_k≤(i − 1) x_k": Sum(x[k], (k, 1, i - 1)),
    "Σ_k≥i x_k": Sum(x[k], (k, i, n)),
    "Σ_k≥(1 + i) x_k": Sum(x[k], (k, i + 1, n)),
    "Σ_o≤i x_o": total(x[own], own),
    "Π_k≤i x_k": Product(x[k], (k, 1, i)),
    "Σ_lk≤k x_l": Sum(x[l], (l, 1, k), (k, 1, n)),
    "e^x_i/Σ_k≤i e^x_k": exp(x[i]) / Sum(exp(x[k]), (k, 1, i)),
}


@pytest.mark.parametrize(("text", "formula"), FORMULAS.items(), ids=FORMULAS)
def test_the_mask_changes_no_value(text, formula):
    assert plain(formula) == text
    masked = with_masks(formula)
    assert not any(end.has(Idx) for e in masked.atoms(Sum, Product) for limit in e.limits for end in limit[1:])
    for size in (1, 2, 3, 4):
        point = Evaluation(Floats(), {n: size}, lambda name, where: 0.3 + where[0] ** 2, lambda *_: 0)
        for value in range(1, size + 1):
            assert point(masked, {i: value}) == pytest.approx(point(formula, {i: value}))


def test_symbols_may_be_dummies():
    z, t = Symbol("z"), Symbol("t")
    point = Evaluation(Floats(), {n: 4}, lambda *_: 1.0, lambda *_: 0)
    assert point(with_masks(Sum(1, (z, 1, t), (t, 1, n))), {}) == 10


def test_a_cumulative_sum_and_its_pullback_are_emitted():
    point, cotangent = np.array([1.0, 4.0, 9.0, 16.0]), np.array([1.0, -2.0, 3.0, 5.0])
    np.testing.assert_allclose(emit(FORMULAS["Σ_k≤i x_k"], (i,))(x=jnp.asarray(point)), np.cumsum(point))
    pulled = total(g[i] * derivative(with_masks(FORMULAS["Σ_k≤i x_k"]), x[j]), i)
    np.testing.assert_allclose(emit(pulled, (j,))(g=jnp.asarray(cotangent)), np.cumsum(cotangent[::-1])[::-1])


def test_causal_attention_is_emitted():
    scores = np.random.default_rng(0).normal(size=(4, 4))
    weights = np.exp(scores) * np.tril(np.ones((4, 4)))
    found = emit(exp(s[i, k]) / Sum(exp(s[i, l]), (l, 1, i)), (i, k))(s=jnp.asarray(scores))
    np.testing.assert_allclose(np.tril(found), weights / weights.sum(1, keepdims=True))
