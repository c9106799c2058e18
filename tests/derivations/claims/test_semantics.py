"""Each sentence of docs/semantics.md: claims that are worth what it says, and what the prover may say of them."""

import re
from pathlib import Path

import pytest
from sympy import (
    Abs,
    Derivative,
    Heaviside,
    IndexedBase,
    Max,
    Ne,
    Piecewise,
    Sum,
    Symbol,
    exp,
    log,
    oo,
    sign,
    sqrt,
)

from claims.decide import Claim, claim, decide, uncovered
from claims.judging import Field, Maximum, answer, dimension, equation, index, prime, product, step, total
from claims.letters import A, D, W, below, beta, c, f, h, i, j, k, l, n, p, positive, q, r, theta, x, y, z
from claims.tables import ALLOWED

SEMANTICS = Path(__file__).parents[3] / "docs" / "semantics.md"
Z, t = Symbol("z"), Symbol("t_real", real=True)
Hh, Ww = (Symbol(name, integer=True, positive=True) for name in ("Hh", "Ww"))
pixel = index("pixel", Hh * Ww)
H = IndexedBase("H")
s = index("s", dimension("T"))
F = Field("F")
bare = Symbol("kk", integer=True)
imaginary = Symbol("iota", imaginary=True)
one_branch = Piecewise((1, x[i] > 0))

# id: claims and what each of them is worth
SENTENCES: dict[str, list[tuple[str, Claim]]] = {
    "S1": [("true", claim(Max(n, 1), n)), ("false", claim(Max(n, 2), n))],
    "S3": [("false", claim(total(c, r), (n - 2) * c)), ("true", claim(total(c, q), (n - 1) * c))],
    "S4": [("false", claim(Derivative(total(x[p] ** 2, p), x[i]), 2 * x[i])), ("false", claim(D(i, j), 0))],
    "S5": [("true", claim(total(D(r, k) * x[k], k), x[r])), ("false", claim(total(D(i, r) * x[r], r), x[i]))],
    "S6": [("true", claim(total(x[q], q) * Piecewise((1, n < 2), (0, True)), 0))],
    "S7": [("true", claim((product(x[q], q) - 1) * Piecewise((1, n < 2), (0, True)), 0))],
    "S8": [
        (
            "true",
            claim(
                Sum(Sum(A[i, below], (below, 1, i)), (i, 1, n)),
                total(A[k, l] * Piecewise((1, l <= k), (0, True)), k, l),
            ),
        ),
        ("false", claim(Sum(Sum(A[i, below], (below, 1, i)), (i, 1, n)), total(A[i, k], i, k))),
    ],
    "S9": [
        ("true", claim(Sum(Sum(x[k], (k, 1, n)), (k, 1, n)), n * total(x[k], k))),
        ("false", claim(total(x[k], k) ** 2, total(x[k] ** 2, k))),
    ],
    "S10": [("true", claim(total(c, pixel), Hh * Ww * c)), ("false", claim(total(c, pixel), (Hh + Ww) * c))],
    "S11": [("true", claim(total(D(k, 0), k), 0)), ("false", claim(total(D(k, i + 1), k), 1))],
    "S12": [("refused", claim(Sum(1, (bare, 1, t)), t)), ("refused", claim(x[t], x[t] + 0 * y[i]))],
    "N1": [("true", claim(step(x[i] ** 2), 1)), ("false", claim(Abs(x[i]), x[i]))],
    "N2": [("true", claim(Abs(positive[0]), positive[0])), ("true", claim(sqrt(beta**2), beta))],
    "N3": [("false", claim(Abs(Z) + z[i], Z + z[i], z[i] > 0)), ("false", claim(sqrt(z[i] ** 2), z[i], Z > 0))],
    "N4": [("false", claim(x[0], x[1])), ("false", claim(total(x[k + 1], k), total(x[q], q)))],
    "N5": [("refused", claim(imaginary**2, -(Abs(imaginary) ** 2)))],
    "N6": [("refused", claim(x[i] + oo, oo)), ("refused", claim(0.5 * x[i], x[i] / 2))],
    "H1": [
        (word, claim(Abs(x[g]), x[g], x[i] > 0))
        for word, g in (("true", j), ("false", 0), ("false", i + 1), ("false", 2 * i))
    ],
    "H2": [("true", claim(total(Abs(x[k]), k), total(x[k], k), x[i] > 0)), ("empty", claim(x[i], x[j], x[i] < x[j]))],
    "H3": [("true", claim(D(i, j), 0, Ne(i, j))), ("false", claim(D(i, k), 0, Ne(i, j)))],
    "H4": [
        ("false", claim(Abs(W[i, i]), W[i, i], W[i, j] > 0, Ne(i, j))),
        ("true", claim(Abs(W[i, j]), W[i, j], W[i, j] > 0, Ne(i, j))),
    ],
    "H5": [
        ("false", claim(Derivative(Piecewise((h, h > 0), (0, True)), theta), 0, equation(h, c * theta))),
        ("false", claim(Derivative(F[i](h), theta), 0, equation(h, c * theta))),
        ("false", claim(Derivative(Maximum(h, k), theta), 0, equation(h, c * theta))),
        ("false", claim(y[0], x[0], equation(y[i], x[i]))),
        ("true", claim(y[1], x[1], equation(y[i], x[i]))),
    ],
    "H6": [
        ("true", claim(A[k, l], A[l, k], equation(A[i, j], A[j, i]))),
        ("true", claim(H[2], f(H[1]), equation(H[s + 1], f(H[s])))),
        ("false", claim(H[3], f(f(H[1])), equation(H[s + 1], f(H[s])))),
    ],
    "H7": [
        ("empty", claim(x[i], y[i], x[i] > 0, x[i] < -1)),
        ("empty", claim(x[i], 0, equation(x[i] ** 2, -1))),
        ("empty", claim(step(x[i] - y[i]), 1, x[i] > y[i], y[i] > z[i], z[i] > x[i])),
        ("empty", claim(x[i], x[i], x[i] + y[i] > 1, z[i] - x[i] > 1, y[i] + z[i] < 1)),
    ],
    "U1": [("empty", claim(log(-(x[i] ** 2) - 1), 0)), ("true", claim(exp(log(x[i]) + log(y[i])), x[i] * y[i]))],
    "U2": [("true", claim((x[i] ** 2 - y[i] ** 2) / (x[i] - y[i]), x[i] + y[i]))],
    "U3": [("empty", claim(sqrt(-1 - x[i] ** 2), x[i])), ("false", claim((x[i] ** 2) ** (n / 2), x[i] ** n))],
    "U4": [("true", claim(x[i] ** (n - 1) * total(x[i], k), n * x[i] ** n))],
    "U5": [
        ("true", claim(one_branch, step(x[i]))),
        ("false", claim(Piecewise((1, x[i] > 0), (2, x[i] > 1), (0, True)), Piecewise((2, x[i] > 1), (0, True)))),
    ],
    "U6": [("empty", claim(Maximum(x[k], k, where=0), 1))],
    "U7": [("true", claim(log(x[i] * y[i]), log(-x[i]) + log(-y[i])))],
    "U8": [
        ("true", claim(one_branch, step(x[i]))),
        ("true", claim(Derivative(log(x[i]), y[i]), 0)),
        ("true", claim(log(product(y[i] ** 2, k)), 2 * log(product(Abs(y[i]), k)))),
    ],
    "U9": [
        ("false", claim(step(x[i]) + step(-x[i]), 1)),
        ("false", claim(x[i] * step(x[i] - y[i]) + y[i] * step(y[i] - x[i]), Max(x[i], y[i]))),
    ],
    "K1": [
        ("true", claim(step(x[i] - x[i] + 0), 1)),
        ("false", claim(step(x[i]), Piecewise((1, x[i] > 0), (0, True)))),
    ],
    "K2": [("false", claim(Heaviside(x[i]), step(x[i]))), ("true", claim(Heaviside(x[i], 1), step(x[i])))],
    "K3": [("true", claim(sign(x[i]), step(x[i]) - step(-x[i]))), ("false", claim(sign(x[i]) ** 2, 1))],
    "K4": [("true", claim(sqrt(x[i] ** 2), Abs(x[i]))), ("false", claim(sqrt(x[i] ** 2), x[i]))],
    "K5": [
        ("false", claim(total(step(x[k] - Maximum(x[l], l)), k), 1)),
        ("true", claim(Max(x[i], y[i]), Max(y[i], x[i]))),
    ],
    "D1": [
        ("true", claim(Derivative(total(x[k] ** 2, k), x[0]), 0)),
        ("false", claim(Derivative(total(x[k] ** 2, k), x[i + 1]), 2 * x[i + 1])),
    ],
    "D2": [
        ("true", claim(Derivative(total(y[k] ** 2, k), y[i]), 2 * y[i], equation(y[i], exp(z[i])))),
        ("true", claim(Derivative(total(y[k], k), z[i]), y[i], equation(y[i], exp(z[i])))),
    ],
    "D3": [("true", claim(Derivative(Abs(x[i]), x[i]), sign(x[i]))), ("false", claim(Derivative(Abs(x[i]), x[i]), 1))],
    "D4": [
        ("true", claim(Derivative(f(x[i] ** 2), x[i]), 2 * x[i] * prime(f)(x[i] ** 2))),
        ("false", claim(Derivative(F[i](x[k], k), x[j]), prime(F)[j, i](x[k], k))),
    ],
    "D5": [
        ("refused", claim(Derivative(n**2, n), 2 * n)),
        ("refused", claim(Derivative(i**2 * x[j], i), 2 * i * x[j])),
    ],
}


def sentences() -> list[str]:
    return re.findall(r"^- \*\*(\w+)\*\*", SEMANTICS.read_text(), re.MULTILINE)


def test_each_sentence_has_a_test():
    assert sorted({*SENTENCES, "S2"}) == sorted(sentences())
    assert len(sentences()) == len(set(sentences()))


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_evaluator_reads_it_so(sentence):
    for word, said in SENTENCES[sentence]:
        assert decide(said, most=3 if word == "empty" else 4).word == word, str(said)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_prover_reads_it_so(sentence):
    for word, said in SENTENCES[sentence]:
        verdict = answer(said.left, said.right, said.given)
        assert verdict.word in ALLOWED[word], f"{said} is {word}: {verdict.text}"
        if word == "true" and verdict.word == "proven":
            assert uncovered(said, verdict) == ""


def test_s2_a_size_may_be_larger():
    large = dimension("large", least=2)
    q3, r3 = index("q3", large, 2), index("r3", large, 3)
    at_two = claim(total(c, r3), (large - 2) * c)
    assert decide(at_two).word == "true"
    assert decide(claim(total(c, q3), (large - 2) * c)).word == "false"
    assert answer(at_two.left, at_two.right).word == "proven"
