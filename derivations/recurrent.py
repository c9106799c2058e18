"""Recurrent cells: the cotangent of the state, of x and of each parameter follow from those of the pre-activations.

The derivations are per gate: W_i, U_i, b_i are the rows of W_x, W_h and b that belong to the gate i.
"""

from sympy import Derivative, Expr, IndexedBase, tanh

from derivations import Derivation, Step, dimension, equation, index, sigmoid, total

n, p = dimension("n"), dimension("p")
i, j, k, l, q = (index(name, n) for name in "ijklq")
a, b = index("a", p), index("b", p)
x, h, c, C, H, C_bar, H_bar, c_bar = (
    IndexedBase(name) for name in ("x", "h", "c", "C", "H", "C_bar", "H_bar", "c_bar")
)


def weights_of(gate: str) -> tuple[IndexedBase, IndexedBase, IndexedBase]:
    return IndexedBase(f"W_{gate}"), IndexedBase(f"U_{gate}"), IndexedBase(f"b_{gate}")


def z(gate: str, e) -> Expr:
    return IndexedBase(f"z_{gate}")[e]


def z_bar(gate: str, e) -> Expr:
    return IndexedBase(f"z_{gate}_bar")[e]


def affine(gate: str):
    W, U, bias = weights_of(gate)
    return equation(z(gate, i), total(W[i, a] * x[a], a) + total(U[i, k] * h[k], k) + bias[i])


def pulled(name: str, definition, outputs, wrt, result) -> Derivation:
    """Σ_q (H̄_q ∂H_q/∂… + C̄_q ∂C_q/∂…), by the chain rule through the pre-activations."""
    left = total(sum(bar[q] * Derivative(out[q], wrt) for out, bar in outputs), q)
    return Derivation(name, definition, equation(left, result), (Step(result, "chain rule through z"),))


def by_parameters(cell: str, gates: str, definition, outputs, hidden=lambda gate, e, f: h[f]):
    for gate in gates:
        W, U, bias = weights_of(gate)
        bar = z_bar(gate, j)
        yield pulled(f"{cell}.W_{gate}", definition, outputs, W[j, b], bar * x[b])
        yield pulled(f"{cell}.U_{gate}", definition, outputs, U[j, l], bar * hidden(gate, j, l))
        yield pulled(f"{cell}.b_{gate}", definition, outputs, bias[j], bar)
    from_x = total(sum(z_bar(gate, j) * weights_of(gate)[0][j, b] for gate in gates), j)
    yield pulled(f"{cell}.x", definition, outputs, x[b], from_x)


simple = (affine("h"), equation(H[i], tanh(z("h", i))), equation(z_bar("h", i), H_bar[i] * (1 - H[i] ** 2)))
simple_outputs = [(H, H_bar)]


def gate(name: str, e) -> Expr:
    return tanh(z(name, e)) if name == "g" else sigmoid(z(name, e))


lstm = (
    *map(affine, "ifgo"),
    equation(C[i], gate("f", i) * c[i] + gate("i", i) * gate("g", i)),
    equation(H[i], gate("o", i) * tanh(C[i])),
    equation(c_bar[i], C_bar[i] + H_bar[i] * gate("o", i) * (1 - tanh(C[i]) ** 2)),
    equation(z_bar("i", i), c_bar[i] * gate("g", i) * gate("i", i) * (1 - gate("i", i))),
    equation(z_bar("f", i), c_bar[i] * c[i] * gate("f", i) * (1 - gate("f", i))),
    equation(z_bar("g", i), c_bar[i] * gate("i", i) * (1 - gate("g", i) ** 2)),
    equation(z_bar("o", i), H_bar[i] * tanh(C[i]) * gate("o", i) * (1 - gate("o", i))),
)
lstm_outputs = [(H, H_bar), (C, C_bar)]

inner = IndexedBase("m")
W_g, U_g, b_g = weights_of("g")
gru = (
    affine("r"),
    affine("u"),
    equation(inner[i], total(U_g[i, k] * h[k], k)),
    equation(z("g", i), total(W_g[i, a] * x[a], a) + gate("r", i) * inner[i] + b_g[i]),
    equation(H[i], gate("u", i) * h[i] + (1 - gate("u", i)) * gate("g", i)),
    equation(z_bar("g", i), H_bar[i] * (1 - gate("u", i)) * (1 - gate("g", i) ** 2)),
    equation(z_bar("u", i), H_bar[i] * (h[i] - gate("g", i)) * gate("u", i) * (1 - gate("u", i))),
    equation(z_bar("r", i), z_bar("g", i) * inner[i] * gate("r", i) * (1 - gate("r", i))),
)
gru_h = H_bar[l] * gate("u", l) + total(
    z_bar("g", j) * gate("r", j) * U_g[j, l] + sum(z_bar(name, j) * weights_of(name)[1][j, l] for name in "ru"), j
)

DERIVATIONS = (
    *by_parameters("simple_rnn", "h", simple, simple_outputs),
    pulled("simple_rnn.h", simple, simple_outputs, h[l], total(z_bar("h", j) * weights_of("h")[1][j, l], j)),
    *by_parameters("lstm", "ifgo", lstm, lstm_outputs),
    pulled(
        "lstm.h",
        lstm,
        lstm_outputs,
        h[l],
        total(sum(z_bar(name, j) * weights_of(name)[1][j, l] for name in "ifgo"), j),
    ),
    pulled("lstm.c", lstm, lstm_outputs, c[j], c_bar[j] * gate("f", j)),
    *by_parameters("gru", "rug", gru, simple_outputs, lambda name, e, f: h[f] * (gate("r", e) if name == "g" else 1)),
    pulled("gru.h", gru, simple_outputs, h[l], gru_h),
)
