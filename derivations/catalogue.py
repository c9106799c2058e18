"""Claims about whole layers: norms, attention, recurrent cells, their backward passes written out and proven.

Each is an equality with the definitions it is about; every `*_bar` is a cotangent, and the left side is what it
becomes by the definitions alone: Σ output_bar ∂output/∂input. `functional_bp` need not contain the layer.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sympy import Derivative, Expr, Function, IndexedBase, Symbol, exp, sqrt, tanh
from sympy.core.relational import Relational

from derivations.engine.judging.judge import judge
from derivations.engine.judging.verdict import Verdict
from derivations.engine.language.indices import dimension
from derivations.engine.language.vocabulary import equation, index, prime, sigmoid, total


@dataclass(frozen=True)
class Claim:
    """left = right under `given`."""

    name: str
    left: Expr
    right: Expr
    given: tuple[Relational, ...] = ()

    def judge(self, diagnose: bool = False) -> Verdict:
        return judge(self.left, self.right, self.given, diagnose=diagnose)


n, m, p, T = (dimension(name) for name in ("n", "m", "p", "T"))
epsilon = Symbol("epsilon", positive=True)
i, j, k, l, q = (index(name, n) for name in "ijklq")
a, b, c = (index(name, m) for name in "abc")
r, s, t, u, v = (index(name, T) for name in "rstuv")
x, y, g, w, mean, variance, y_bar = (IndexedBase(name) for name in ("x", "y", "g", "w", "mu", "v", "y_bar"))


def two_layers() -> Iterator[Claim]:
    """y = V f(W x + b): the gradient by the lower weights, for any activation f."""
    f = Function("f")
    W, V, bias, z = (IndexedBase(name) for name in ("W", "V", "b", "z"))
    given = (equation(z[a], total(W[a, j] * x[j], j) + bias[a]), equation(y[r], total(V[r, c] * f(z[c]), c)))
    back = total(y_bar[t] * V[t, b], t) * prime(f)(z[b])
    for name, wrt, right in (("W", W[b, i], back * x[i]), ("b", bias[b], back)):
        yield Claim(f"two_layers.{name}", total(y_bar[t] * Derivative(y[t], wrt), t), right, given)
    yield Claim("two_layers.x", total(y_bar[t] * Derivative(y[t], x[i]), t), total(back * W[b, i], b), given)


def layer_norm() -> Iterator[Claim]:
    """y_i = g_i h_i + w_i with h_i = (x_i − μ)/√(v + ε)."""
    h, deviation, h_bar = IndexedBase("h"), Symbol("d"), IndexedBase("h_bar")
    mu, var = Symbol("mu"), Symbol("v")
    given = (
        equation(mu, total(x[k], k) / n),
        equation(var, total((x[k] - mu) ** 2, k) / n),
        equation(deviation, sqrt(var + epsilon)),
        equation(h[i], (x[i] - mu) / deviation),
        equation(y[i], g[i] * h[i] + w[i]),
        equation(h_bar[i], y_bar[i] * g[i]),
    )
    back = (h_bar[j] - total(h_bar[k], k) / n - h[j] * total(h_bar[k] * h[k], k) / n) / deviation
    yield Claim("layer_norm.x", total(y_bar[i] * Derivative(y[i], x[j]), i), back, given)
    yield Claim("layer_norm.gain", total(y_bar[i] * Derivative(y[i], g[j]), i), y_bar[j] * h[j], given)
    yield Claim("layer_norm.offset", total(y_bar[i] * Derivative(y[i], w[j]), i), y_bar[j], given)


def rms_norm() -> Iterator[Claim]:
    """y_i = g_i x_i / √(Σ x²/n + ε)."""
    root = Symbol("r")
    given = (equation(root, sqrt(total(x[k] ** 2, k) / n + epsilon)), equation(y[i], g[i] * x[i] / root))
    back = y_bar[j] * g[j] / root - x[j] * total(y_bar[k] * g[k] * x[k], k) / (n * root**3)
    yield Claim("rms_norm.x", total(y_bar[i] * Derivative(y[i], x[j]), i), back, given)
    yield Claim("rms_norm.gain", total(y_bar[i] * Derivative(y[i], g[j]), i), y_bar[j] * x[j] / root, given)


def batch_norm() -> Iterator[Claim]:
    """Over the batch t, for each feature a: y_ta = g_a h_ta + w_a with h_ta = (x_ta − μ_a)/√(v_a + ε)."""
    h, deviation, h_bar = IndexedBase("h"), IndexedBase("d"), IndexedBase("h_bar")
    given = (
        equation(mean[a], total(x[u, a], u) / T),
        equation(variance[a], total((x[u, a] - mean[a]) ** 2, u) / T),
        equation(deviation[a], sqrt(variance[a] + epsilon)),
        equation(h[t, a], (x[t, a] - mean[a]) / deviation[a]),
        equation(y[t, a], g[a] * h[t, a] + w[a]),
        equation(h_bar[t, a], y_bar[t, a] * g[a]),
    )
    back = (h_bar[s, b] - total(h_bar[u, b], u) / T - h[s, b] * total(h_bar[u, b] * h[u, b], u) / T) / deviation[b]
    for name, wrt, right in (
        ("x", x[s, b], back),
        ("gain", g[b], total(y_bar[u, b] * h[u, b], u)),
        ("offset", w[b], total(y_bar[u, b], u)),
    ):
        yield Claim(f"batch_norm.{name}", total(y_bar[t, a] * Derivative(y[t, a], wrt), t, a), right, given)


def attention() -> Iterator[Claim]:
    """O = A V, A = softmax by rows of Q Kᵀ/√n."""
    Q, K, V, S, A, O, O_bar, A_bar, S_bar = (
        IndexedBase(name) for name in ("Q", "K", "V", "S", "A", "O", "O_bar", "A_bar", "S_bar")
    )
    given = (
        equation(S[t, s], total(Q[t, k] * K[s, k], k) / sqrt(n)),
        equation(A[t, s], exp(S[t, s]) / total(exp(S[t, u]), u)),
        equation(O[t, a], total(A[t, s] * V[s, a], s)),
        equation(A_bar[t, s], total(O_bar[t, a] * V[s, a], a)),
        equation(S_bar[t, s], A[t, s] * (A_bar[t, s] - total(A_bar[t, u] * A[t, u], u))),
    )
    for name, wrt, right in (
        ("Q", Q[r, i], total(S_bar[r, s] * K[s, i], s) / sqrt(n)),
        ("K", K[r, i], total(S_bar[t, r] * Q[t, i], t) / sqrt(n)),
        ("V", V[r, b], total(A[t, r] * O_bar[t, b], t)),
    ):
        yield Claim(f"attention.{name}", total(O_bar[v, c] * Derivative(O[v, c], wrt), v, c), right, given)


def _gates(names: str) -> tuple[dict, dict, list]:
    """Weights and pre-activations z = W x + U h + b of several gates."""
    weights = {gate: tuple(IndexedBase(f"{kind}_{gate}") for kind in ("W", "U", "b")) for gate in names}
    z = {gate: IndexedBase(f"z_{gate}") for gate in names}
    h = IndexedBase("h")
    given = [
        equation(z[gate][i], total(W[i, a] * x[a], a) + total(U[i, k] * h[k], k) + bias[i])
        for gate, (W, U, bias) in weights.items()
    ]
    return weights, z, given


def _by_every_input(
    name: str, outputs: list, z_bar: dict, weights: dict, h_bar, given: tuple, hidden
) -> Iterator[Claim]:
    """The claims that follow from the cotangents of the gates' pre-activations."""
    h = IndexedBase("h")

    def pulled(wrt):
        return total(sum(bar[q] * Derivative(out[q], wrt) for out, bar in outputs), q)

    for gate, (W, U, bias) in weights.items():
        bar = z_bar[gate]
        yield Claim(f"{name}.W_{gate}", pulled(W[j, b]), bar[j] * x[b], given)
        yield Claim(f"{name}.U_{gate}", pulled(U[j, l]), bar[j] * hidden(gate, j, l), given)
        yield Claim(f"{name}.b_{gate}", pulled(bias[j]), bar[j], given)
    yield Claim(
        f"{name}.x", pulled(x[b]), total(sum(z_bar[gate][j] * W[j, b] for gate, (W, _, _) in weights.items()), j), given
    )
    yield Claim(f"{name}.h", pulled(h[l]), h_bar, given)


def lstm() -> Iterator[Claim]:
    """c′ = f c + i g, h′ = o tanh c′; the gates i, f, o by σ, the candidate g by tanh."""
    old, new, out, new_bar, out_bar, total_bar = (
        IndexedBase(name) for name in ("c", "C", "H", "C_bar", "H_bar", "c_bar")
    )
    weights, z, given = _gates("ifog")
    gate = {name: lambda e, name=name: (tanh if name == "g" else sigmoid)(z[name][e]) for name in "ifog"}
    given += [
        equation(new[i], gate["f"](i) * old[i] + gate["i"](i) * gate["g"](i)),
        equation(out[i], gate["o"](i) * tanh(new[i])),
        equation(total_bar[i], new_bar[i] + out_bar[i] * gate["o"](i) * (1 - tanh(new[i]) ** 2)),
    ]
    z_bar = {name: IndexedBase(f"z_{name}_bar") for name in "ifog"}
    slope = {name: lambda e, name=name: gate[name](e) * (1 - gate[name](e)) for name in "ifo"}
    given += [
        equation(z_bar["i"][i], total_bar[i] * gate["g"](i) * slope["i"](i)),
        equation(z_bar["f"][i], total_bar[i] * old[i] * slope["f"](i)),
        equation(z_bar["o"][i], out_bar[i] * tanh(new[i]) * slope["o"](i)),
        equation(z_bar["g"][i], total_bar[i] * gate["i"](i) * (1 - gate["g"](i) ** 2)),
    ]
    h_bar = total(sum(z_bar[name][j] * U[j, l] for name, (_, U, _) in weights.items()), j)
    outputs = [(out, out_bar), (new, new_bar)]
    yield from _by_every_input(
        "lstm", outputs, z_bar, weights, h_bar, tuple(given), lambda gate, e, f: IndexedBase("h")[f]
    )
    yield Claim(
        "lstm.c",
        total(sum(bar[q] * Derivative(o[q], old[j]) for o, bar in outputs), q),
        total_bar[j] * gate["f"](j),
        tuple(given),
    )


def gru() -> Iterator[Claim]:
    """h′ = (1 − u) c + u h, c = tanh(W x + r (U h) + b); the gates r and u by σ."""
    h, out, out_bar, inner = IndexedBase("h"), IndexedBase("H"), IndexedBase("H_bar"), IndexedBase("m")
    weights, z, given = _gates("ru")
    W, U, bias = (IndexedBase(f"{kind}_c") for kind in ("W", "U", "b"))
    z["c"] = IndexedBase("z_c")
    reset, update = (lambda e, gate=gate: sigmoid(z[gate][e]) for gate in "ru")

    def candidate(e):
        return tanh(z["c"][e])

    z_bar = {name: IndexedBase(f"z_{name}_bar") for name in "ruc"}
    given += [
        equation(inner[i], total(U[i, k] * h[k], k)),
        equation(z["c"][i], total(W[i, a] * x[a], a) + reset(i) * inner[i] + bias[i]),
        equation(out[i], (1 - update(i)) * candidate(i) + update(i) * h[i]),
        equation(z_bar["c"][i], out_bar[i] * (1 - update(i)) * (1 - candidate(i) ** 2)),
        equation(z_bar["u"][i], out_bar[i] * (h[i] - candidate(i)) * update(i) * (1 - update(i))),
        equation(z_bar["r"][i], z_bar["c"][i] * inner[i] * reset(i) * (1 - reset(i))),
    ]
    h_bar = out_bar[l] * update(l) + total(
        z_bar["c"][j] * reset(j) * U[j, l] + sum(z_bar[gate][j] * weights[gate][1][j, l] for gate in "ru"), j
    )
    weights["c"] = (W, U, bias)
    yield from _by_every_input(
        "gru",
        [(out, out_bar)],
        z_bar,
        weights,
        h_bar,
        tuple(given),
        lambda gate, e, f: h[f] * (reset(e) if gate == "c" else 1),
    )


def catalogue() -> dict[str, Claim]:
    """Every claim by its name."""
    families = (two_layers, layer_norm, rms_norm, batch_norm, attention, lstm, gru)
    return {claim.name: claim for family in families for claim in family()}
