"""Formulas on one line, as they are written by hand."""

import pytest
from sympy import Abs, Derivative, Eq, Function, IndexedBase, KroneckerDelta, Max, Ne, Piecewise, Symbol, exp, log, oo

from derivations import Field, Maximum, dimension, index, prime, product, sigmoid, total
from derivations.engine.language.plain import plain, width

n = dimension("n")
i, j, k = (index(name, n) for name in "ijk")
k0 = index("k", n, lower=0)
W, S, y, z, y_bar, alpha = (IndexedBase(name) for name in ("W", "S", "y", "z", "y_bar", "alpha"))
x, eta = Symbol("x"), Symbol("eta")
F = Field("F")
LINES = {
    "W_ij y_j": W[i, j] * y[j],
    "b + Σ_j W_ij y_j": Symbol("b") + total(W[i, j] * y[j], j),
    "∂y_j/∂z_i": Derivative(y[j], z[i]),
    "∂D/∂y_j ∂y_j/∂z_i ∂z_i/∂x": Derivative(z[i], x) * Derivative(Symbol("D"), y[j]) * Derivative(y[j], z[i]),
    "∂(e^z_j)/∂z_i": Derivative(exp(z[j]), z[i]),
    "y_j (δ_ij − y_i)": y[j] * (KroneckerDelta(i, j) - y[i]),
    "−x": -x,
    "(Σ_k z_k)/x": total(z[k], k) / x,
    "x/(η Σ_k z_k)": x / (eta * total(z[k], k)),
    "−2/(3 x)": -2 / (3 * x),
    "x/2": x / 2,
    "1/x^2": x**-2,
    "δ_ij x y_i log(x)": x * y[i] * KroneckerDelta(i, j) * log(x),
    "1 − x": 1 - x,
    "−η − x": -x - eta,
    "z_(2 i − 1)": z[2 * i - 1],
    "y_0": y[0],
    "ȳ_i": y_bar[i],
    "Π_k z_k^α_ki": product(z[k] ** alpha[k, i], k),
    "Σ_k≥0 z_k": total(z[k0], k0),
    "x Σ_k z_k": x * total(z[k], k),
    "e^(−x)": exp(-x),
    "log(|x|)": log(Abs(x)),
    "σ(x)": sigmoid(x),
    "max(0, x)": Max(x, 0),
    "max(z_k over k: S_jk = 1)": Maximum(z[k], k, where=S[j, k]),
    "(1 if x ≥ 0; else 0)": Piecewise((1, x >= 0), (0, True)),
    "F_j(z_·)": F[j](z[k], k),
    "F′_ji(z_·)": prime(F)[j, i](z[k], k),
    "f′(x)": prime(Function("f"))(x),
    "i ≠ j": Ne(i, j),
    "x = y_i": Eq(x, y[i]),
    "∞": oo,
}


@pytest.mark.parametrize(("line", "formula"), LINES.items(), ids=LINES)
def test_it_is_written_as_by_hand(line, formula):
    assert plain(formula) == line.replace("ȳ", "y\N{COMBINING MACRON}")


def test_a_bar_takes_no_column():
    assert width(plain(y_bar[i])) == 3
