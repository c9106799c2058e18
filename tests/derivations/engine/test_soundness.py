"""What the word "proven" rests on: ranges that may be empty, assumptions about these entries alone, proofs, time."""

import time

import pytest
from sympy import Abs, Derivative, Heaviside, IndexedBase, Ne, Piecewise, Symbol, exp, log, sign, sqrt, symbols

from derivations import Field, Maximum, dimension, equation, index, judge, step, total
from derivations.engine.judging.proof import NotProven, Proof
from derivations.engine.judging.statement import statement
from derivations.engine.judging.verdict import Proven

n, n3 = dimension("n"), dimension("n", least=3)
i, j, k = (index(name, n) for name in "ijk")
x, y, W, A = (IndexedBase(name) for name in ("x", "y", "W", "A"))
c, h, u, w = symbols("c h u w")
F = Field("F")
third = index("r", n, 3)

FALSE = {
    "n − 2 terms, but not at n = 1": (total(c, third), (n - 2) * c),
    "3 … n and two more": (x[1] + x[2] + total(x[third], third), total(x[k], k)),
    "x_0 was not meant": (Abs(x[0]), x[0], x[i] > 0),
    "x_2i was not meant": (Abs(x[2 * i]), x[2 * i], x[i] > 0),
    "a scalar of the name was meant": (Abs(x[i]), x[i], Symbol("x") > 0),
    "the diagonal was not meant": (total(Abs(W[k, k]), k), total(W[k, k], k), W[i, j] > 0, Ne(i, j)),
    "nothing is said of the diagonal": (A[i, i], 0, equation(A[i, j], 0), Ne(i, j)),
    "rows say nothing of the trace": (total(W[k, k], k), 1, equation(total(W[i, k], k), 1)),
    "Heaviside is not step": (Heaviside(x[i]), step(x[i])),
    "the sign is 0 at 0": (sign(x[i]) ** 2, 1),
    "a branch is reached": (Derivative(Piecewise((h, h > 0), (0, True)), w), 0, equation(h, w * u)),
    "a field is reached": (Derivative(F[i](h), w), 0, equation(h, w * u)),
    "a maximum is reached": (Maximum(h, k), 0, equation(h, w * u)),
}


@pytest.mark.parametrize("name", FALSE)
def test_false_at_an_edge(name):
    left, right, *given = FALSE[name]
    verdict = judge(left, right, given, diagnose=False)
    assert verdict.status == "refuted"
    assert verdict.overruled is None


def test_a_size_may_be_declared_larger():
    r = index("r", n3, 3)
    assert judge(total(c, r), (n3 - 2) * c)


def test_hypotheses_that_were_used_are_said():
    verdict = judge(Abs(x[i]), x[i], (x[k] > 0, y[k] > 0))
    assert [str(g) for g in verdict.hypotheses] == ["x[k] > 0"]
    assert "given x_k > 0" in str(verdict)


def test_a_condition_keeps_its_range():
    q = index("q", n, 2)
    assert "x_q > 0 for q = 2 … n" in str(judge(total(log(x[q]), q), total(log(x[q]), q)))


def test_a_piecewise_without_a_branch_has_a_condition():
    verdict = judge(Piecewise((1, c > 0)), step(c))
    assert verdict
    assert verdict.side_conditions


def test_a_symmetric_matrix():
    symmetric = equation(A[i, j], A[j, i])
    assert judge(Derivative(total(x[i] * A[i, j] * x[j], i, j), x[k]), 2 * total(A[k, j] * x[j], j), (symmetric,))
    assert judge(W[i, j], W[j, i], (symmetric,), diagnose=False).status == "refuted"


def test_a_proof_is_made_by_proving():
    with pytest.raises(NotProven):
        Proof(statement(x[i], 2 * x[i]))
    with pytest.raises(TypeError):
        Proven("proven")  # type: ignore[arg-type]
    assert judge(x[i], x[i]).proof.statement.left == x[i]


def deep(e, times, f):
    for _ in range(times):
        e = f(e)
    return e


a, b, d, s = symbols("a b d s")
HARD = {
    "a power of a sum": ((a + b + c + d) ** 40, (a + b + c - d) ** 40 + 1),
    "a huge power": (s ** (10**8), s ** (10**8) + s),
    "nested absolute values": (deep(x[i], 30, lambda e: Abs(e - 1)), deep(x[i], 30, lambda e: Abs(e - 2))),
    "a long sum": (total(x[index("z", 10**7)], index("z", 10**7)), total(x[index("z", 10**7)] ** 2, index("z", 10**7))),
    "deep": (deep(s, 400, exp), deep(s, 401, exp)),
    "many terms below": (
        1 / sum(sqrt(Symbol(f"u{t}") ** 2 + 1) for t in range(12)),
        sum(sqrt(s + t) for t in range(12)),
    ),
}


@pytest.mark.parametrize("name", HARD)
def test_it_always_ends(name):
    start = time.perf_counter()
    verdict = judge(*HARD[name], seconds=2)
    assert verdict.status in ("undecided", "refuted")
    assert time.perf_counter() - start < 30  # 3 on a quiet machine
