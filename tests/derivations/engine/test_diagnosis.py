"""Wrong claims of every kind: the proven repair is the true formula."""

import pytest
from sympy import Derivative, Function, IndexedBase, KroneckerDelta, Max, Rational, exp, log, sqrt, tanh

from derivations import dimension, equation, index, judge, prime, sigmoid, step, total
from derivations.engine.language.plain import plain

n, m = dimension("n"), dimension("m")
i, j, k, l = (index(name, n) for name in "ijkl")
a, b, c = (index(name, m) for name in "abc")
T = dimension("T")
s, t = index("s", T), index("t", T)
x, y, z, d, g, W, V, bias = (IndexedBase(name) for name in ("x", "y", "z", "d", "g", "W", "V", "b"))
f = Function("f")


def D(p, q):
    return KroneckerDelta(p, q)


softmax = (equation(y[i], exp(z[i]) / total(exp(z[k]), k)),)
one_hot = (*softmax, equation(total(d[k], k), 1))
affine = (equation(z[a], total(W[a, j] * x[j], j) + bias[a]),)
layer = (*affine, equation(y[a], f(z[a])))
square = (equation(y[i], total(V[i, k] * z[k], k)),)
cross_entropy = -total(d[k] * log(y[k]), k)

JACOBIAN, VJP = Derivative(y[j], z[i]), total(g[j] * Derivative(y[j], z[i]), j)
TRUE = y[j] * (D(i, j) - y[i])
TRUE_VJP = y[i] * (g[i] - total(g[j] * y[j], j))
BY_W, BY_X, BY_B = (total(g[a] * Derivative(y[a], wrt), a) for wrt in (W[b, i], x[i], bias[b]))
TRUE_W, TRUE_X, TRUE_B = g[b] * prime(f)(z[b]) * x[i], total(g[a] * prime(f)(z[a]) * W[a, i], a), g[b] * prime(f)(z[b])
AFFINE_X, AFFINE_W = (total(g[a] * Derivative(z[a], wrt), a) for wrt in (x[i], W[b, i]))
SQUARE = total(g[i] * Derivative(y[i], z[j]), i)
MSE = total((y[k] - d[k]) ** 2, k) / n
BATCHED = total(g[t, a] * Derivative(z[t, a], W[b, i]), t, a)
batched = (equation(z[t, a], total(W[a, j] * x[t, j], j)),)

# kind: (left side, right formula, hypotheses, wrong formulas)
CLAIMS = {
    "sign of the whole": [
        (JACOBIAN, TRUE, softmax, [-TRUE]),
        (VJP, TRUE_VJP, softmax, [-TRUE_VJP]),
        (BY_W, TRUE_W, layer, [-TRUE_W]),
        (Derivative(cross_entropy, z[i]), y[i] - d[i], one_hot, [d[i] - y[i]]),
        (Derivative(MSE, y[i]), 2 * (y[i] - d[i]) / n, (), [2 * (d[i] - y[i]) / n]),
    ],
    "sign of a term": [
        (JACOBIAN, TRUE, softmax, [y[j] * (D(i, j) + y[i]), -y[j] * (D(i, j) + y[i])]),
        (VJP, TRUE_VJP, softmax, [y[i] * (g[i] + total(g[j] * y[j], j))]),
        (Derivative(cross_entropy, z[i]), y[i] - d[i], one_hot, [y[i] + d[i]]),
        (
            Derivative(sigmoid(z[j]), z[i]),
            D(i, j) * sigmoid(z[i]) * (1 - sigmoid(z[i])),
            (),
            [D(i, j) * sigmoid(z[i]) * (1 + sigmoid(z[i]))],
        ),
        (Derivative(tanh(z[j]), z[i]), D(i, j) * (1 - tanh(z[i]) ** 2), (), [D(i, j) * (1 + tanh(z[i]) ** 2)]),
        (Derivative(MSE, y[i]), 2 * (y[i] - d[i]) / n, (), [2 * (y[i] + d[i]) / n]),
    ],
    "constant or 1/n factor": [
        (
            Derivative(MSE, y[i]),
            2 * (y[i] - d[i]) / n,
            (),
            [2 * (y[i] - d[i]), (y[i] - d[i]) / n, y[i] - d[i], (y[i] - d[i]) / (2 * n), 4 * (y[i] - d[i]) / n],
        ),
        (JACOBIAN, TRUE, softmax, [TRUE / n, 2 * TRUE, TRUE * n]),
        (BY_X, TRUE_X, layer, [TRUE_X / m, TRUE_X / 2]),
        (Derivative(z[j] ** 3, z[i]), 3 * z[i] ** 2 * D(i, j), (), [z[i] ** 2 * D(i, j), 2 * z[i] ** 2 * D(i, j)]),
    ],
    "missing or superfluous δ": [
        (JACOBIAN, TRUE, softmax, [y[j] * (1 - y[i]), -y[j] * y[i], D(i, j) * TRUE, D(i, j) * y[j] * (1 - y[j])]),
        (Derivative(tanh(z[j]), z[i]), D(i, j) * (1 - tanh(z[i]) ** 2), (), [1 - tanh(z[i]) ** 2]),
        (Derivative(Max(z[j], 0), z[i]), D(i, j) * step(z[i]), (), [step(z[i])]),
        (Derivative(z[j] ** 2, z[i]), 2 * z[i] * D(i, j), (), [2 * z[i]]),
        (SQUARE, total(g[i] * V[i, j], i), square, [total(g[i] * V[i, j] * D(i, j), i)]),
    ],
    "exchanged indices": [
        (JACOBIAN, TRUE, softmax, [y[i] * (D(i, j) - y[i]), y[j] * (D(i, j) - y[j])]),
        (
            VJP,
            TRUE_VJP,
            softmax,
            [
                y[i] * (g[i] - total(g[i] * y[j], j)),
                total(g[j] * y[i] * (D(i, j) - y[i]), j),
                total(g[i] * y[j] * (D(i, j) - y[i]), j),
            ],
        ),
        (Derivative(total(V[j, k] * z[k], k), z[i]), V[j, i], (), [V[i, j]]),
        (Derivative(total(z[k] * V[k, l] * x[l], k, l), V[i, j]), z[i] * x[j], (), [z[j] * x[i]]),
    ],
    "transposed matrix": [
        (AFFINE_X, total(g[a] * W[a, i], a), affine, [total(g[a] * W[i, a], a)]),
        (SQUARE, total(g[i] * V[i, j], i), square, [total(g[i] * V[j, i], i)]),
        (BY_X, TRUE_X, layer, [total(g[a] * prime(f)(z[a]) * W[i, a], a)]),
    ],
    "missing activation derivative": [
        (BY_W, TRUE_W, layer, [g[b] * x[i]]),
        (BY_X, TRUE_X, layer, [total(g[a] * W[a, i], a)]),
        (BY_B, TRUE_B, layer, [g[b]]),
        (Derivative(tanh(2 * z[j]), z[i]), 2 * D(i, j) * (1 - tanh(2 * z[i]) ** 2), (), [2 * D(i, j)]),
    ],
    "missing factor of the chain": [
        (BY_W, TRUE_W, layer, [g[b] * prime(f)(z[b]), prime(f)(z[b]) * x[i]]),
        (BY_X, TRUE_X, layer, [total(g[a] * prime(f)(z[a]), a), total(prime(f)(z[a]) * W[a, i], a)]),
        (BATCHED, total(g[t, b] * x[t, i], t), batched, [total(g[t, b], t), total(x[t, i], t)]),
        (Derivative((y[i] - d[i]) ** 2, y[i]), 2 * (y[i] - d[i]), (), [2]),
    ],
    "evaluated at y instead of z": [
        (BY_W, TRUE_W, layer, [g[b] * prime(f)(y[b]) * x[i]]),
        (BY_X, TRUE_X, layer, [total(g[a] * prime(f)(y[a]) * W[a, i], a)]),
        (BY_B, TRUE_B, layer, [g[b] * prime(f)(y[b])]),
    ],
    "layout": [
        (AFFINE_W, g[b] * x[i], affine, [g[i] * x[b]]),
        (BY_W, TRUE_W, layer, [g[i] * prime(f)(z[i]) * x[b]]),
        (BATCHED, total(g[t, b] * x[t, i], t), batched, [total(g[t, i] * x[t, b], t)]),
        (Derivative(y[i], z[j]), V[i, j], square, [V[j, i]]),
    ],
    "wrong exponent": [
        (Derivative(tanh(z[j]), z[i]), D(i, j) * (1 - tanh(z[i]) ** 2), (), [D(i, j) * (1 - tanh(z[i]))]),
        (Derivative(z[j] ** 3, z[i]), 3 * z[i] ** 2 * D(i, j), (), [3 * z[i] ** 3 * D(i, j)]),
        (Derivative(1 / z[j], z[i]), -D(i, j) / z[i] ** 2, (), [-D(i, j) / z[i]]),
    ],
    "missing sum": [
        (AFFINE_X, total(g[a] * W[a, i], a), affine, [g[b] * W[b, i]]),
        (BATCHED, total(g[t, b] * x[t, i], t), batched, [g[s, b] * x[s, i]]),
        (VJP, TRUE_VJP, softmax, [y[i] * (g[i] - g[j] * y[j])]),
    ],
}
WRONG = [
    (kind, left, right, given, wrong)
    for kind, claims in CLAIMS.items()
    for left, right, given, wrongs in claims
    for wrong in wrongs
]


@pytest.fixture(scope="module")
def verdicts():
    return [judge(left, wrong, given) for _, left, _, given, wrong in WRONG]


def test_there_are_enough():
    assert len(WRONG) >= 60
    assert len({(left, wrong) for _, left, _, _, wrong in WRONG}) == len(WRONG)


@pytest.mark.slow
def test_none_is_taken_for_right(verdicts):
    assert {v.status for v in verdicts} <= {"refuted", "ill-typed"}


def test_the_repair_is_the_true_formula(verdicts):
    """In at least 95 %; a repair was proven against the left side, and must be the formula that we know to be right."""
    mended = [
        v.repair is not None and judge(v.repair, right, given, indices=(i, j)).status == "proven"
        for v, (_, _, right, given, _) in zip(verdicts, WRONG, strict=True)
    ]
    assert sum(mended) >= 0.95 * len(WRONG), [str(w) for ok, (*_, w) in zip(mended, WRONG, strict=True) if not ok]
    assert all(v.diagnosis for v, ok in zip(verdicts, mended, strict=True) if ok)


def test_the_diagnosis_names_the_kind():
    cases = {
        "the sign of the whole": (JACOBIAN, -TRUE, softmax),
        "a constant factor 1/n": (JACOBIAN, n * TRUE, softmax),
        "a missing δ": (JACOBIAN, y[j] * (1 - y[i]), softmax),
        "a transposed matrix": (SQUARE, total(g[i] * V[j, i], i), square),
        "a missing activation derivative": (BY_B, g[b], layer),
        "the sign of a term": (JACOBIAN, y[j] * (D(i, j) + y[i]), softmax),
        "evaluated at the wrong place": (BY_B, g[b] * prime(f)(y[b]), layer),
    }
    for name, claim in cases.items():
        assert (judge(*claim).diagnosis or "").startswith(name), name


def test_a_student_reads_what_is_wrong():
    """The author's names, dummies and order; one sum; what should stand where."""
    p, q = index("p", n), index("q", n)
    A = IndexedBase("A")
    quadratic = Derivative(total(A[p, q] * x[p] * x[q], p, q), x[i])
    norm = total(x[k] ** 2, k)
    cases = {
        "a missing term Σ_j A_ji x_j; Σ_j x_j (A_ij + A_ji)": (quadratic, total(A[i, j] * x[j], j)),
        "Σ_j A_ji x_j is missing, Σ_j A_ij x_j is too much; Σ_j x_j (A_ij + A_ji)": (
            quadratic,
            2 * total(A[i, j] * x[j], j),
        ),
        "δ_ij − y_i where δ_ij stands; y_j (δ_ij − y_i)": (JACOBIAN, D(i, j) * y[j], softmax),
        "δ_ij − y_i where 1 − y_j stands; y_j (δ_ij − y_i)": (JACOBIAN, y[j] * (1 - y[j]), softmax),
        "y_i Σ_k d_k is missing, y_i is too much; y_i Σ_k d_k − d_i": (
            Derivative(cross_entropy, z[i]),
            y[i] - d[i],
            softmax,
        ),
        "a missing factor 1/(Σ_k e^x_k); e^x_i/Σ_k e^x_k": (Derivative(log(total(exp(x[k]), k)), x[i]), exp(x[i])),
        "a transposed matrix: V_ki where V_ik stands; Σ_k V_ki g_k": (
            Derivative(total(g[k] * total(V[k, l] * x[l], l), k), x[i]),
            total(V[i, k] * g[k], k),
        ),
        "a wrong exponent: 1/(Σ_k x_k)^2 where 1/(Σ_k x_k) stands; δ_ij/Σ_k x_k − x_j/(Σ_k x_k)^2": (
            Derivative(x[j] / total(x[k], k), x[i]),
            D(i, j) / total(x[k], k) - x[j] / total(x[k], k),
        ),
        "x_i − (Σ_k x_k)/n where x_i stands; 2 (x_i − (Σ_k x_k)/n)/n": (
            Derivative(total((x[k] - total(x[l], l) / n) ** 2, k) / n, x[i]),
            2 * x[i] / n,
        ),
        "a missing term f(x_i); x_i f′(x_i) + f(x_i)": (
            Derivative(total(x[k] * f(x[k]), k), x[i]),
            x[i] * prime(f)(x[i]),
        ),
        "a wrong exponent: 1/sqrt(Σ_k x_k^2) where 1/(Σ_k x_k^2) stands; x_i/sqrt(Σ_k x_k^2)": (
            Derivative(sqrt(norm), x[i]),
            x[i] / norm,
        ),
    }
    found = {text: judge(*claim) for text, claim in cases.items()}
    assert {text: f"{v.diagnosis}; {plain(v.repair)}" for text, v in found.items()} == {text: text for text in cases}


def test_no_repair_is_invented():
    """A claim about unknown arrays has no derivation; what can't be mended by one change is the left side itself."""
    verdict = judge(x[i], Rational(7, 3) * y[i] + 5)
    assert verdict.status == "refuted"
    assert verdict.repair is None or judge(x[i], verdict.repair)


def test_a_repair_keeps_the_hypotheses():
    assert judge(Derivative(cross_entropy, z[i]), d[i] - y[i], one_hot).repair == y[i] - d[i]
    without = judge(Derivative(cross_entropy, z[i]), d[i] - y[i], softmax)
    assert without.repair is not None
    assert judge(Derivative(cross_entropy, z[i]), without.repair, softmax)
    assert not judge(Derivative(cross_entropy, z[i]), y[i] - d[i], softmax, diagnose=False)
