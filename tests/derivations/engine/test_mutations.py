"""Soundness: over a thousand formulas that are wrong in one place; none is both proven and refuted."""

from collections import Counter
from random import Random

import pytest
from mutants import mutants
from sympy import IndexedBase, KroneckerDelta, log, sqrt

from derivations import dimension, index, judge, sigmoid, total
from derivations.catalogue import catalogue
from derivations.engine.language.renaming import free_indices
from derivations.registry import derivations

EACH = 10


def claims():
    """(name, left, right, hypotheses) of the catalogue, and of every step of every derivation."""
    for name, c in catalogue().items():
        yield name, c.left, c.right, c.given
    for name, d in derivations().items():
        left = d.result.lhs
        for number, line in enumerate(d.lines, start=1):
            yield f"{name}, step {number}", left, line.expression, (*d.definitions, *d.given)


def chosen_mutants():
    """At most `EACH` mutants of every claim, drawn with a fixed seed."""
    for name, left, right, given in claims():
        free = tuple(sorted(free_indices(left) | free_indices(right), key=str))
        different = {mutant: kind for kind, mutant in mutants(right, free) if mutant != right}
        drawn = sorted(different, key=str)
        for mutant in Random(name).sample(drawn, min(EACH, len(drawn))):
            yield name, different[mutant], left, mutant, given, free


@pytest.mark.slow
def test_wrong_formulas_are_refuted():
    """No proof meets a counterexample, and what is wrong is refuted in 99 % at least."""
    tally, undecided = Counter(), []
    for name, kind, left, mutant, given, free in chosen_mutants():
        verdict = judge(left, mutant, given, indices=free, diagnose=False)
        tally[verdict.status] += 1
        assert getattr(verdict, "overruled", None) is None, f"{name}, {kind}: {mutant}"
        if verdict.status == "undecided":
            undecided.append(f"{name}, {kind}: {mutant}")
    wrong = tally.total() - tally["proven"]
    assert tally.total() >= 1000
    assert tally["refuted"] + tally["ill-typed"] >= 0.99 * wrong, undecided
    assert tally["proven"] <= 0.1 * tally.total()  # those are true: δ_ij x_j for δ_ij x_i, d_i² for d_i ∈ {0, 1}, …


def test_every_kind_of_mutation_is_made():
    kinds = {kind for _, kind, *_ in chosen_mutants()}
    assert kinds >= {"sign", "factor", "dropped sum", "dropped δ", "exchanged index", "exponent"}


n = dimension("n")
i, j, k, l = (index(name, n) for name in "ijkl")
x, A = IndexedBase("x"), IndexedBase("A")
positive = IndexedBase("w", positive=True)
D = KroneckerDelta(i, j)


@pytest.mark.parametrize(
    ("formula", "mutant"),
    [
        (D * x[i], D * x[j]),
        (D * x[i], D**2 * x[j]),
        (total(A[i, k] * A[k, j], k), total(A[i, l] * A[l, j], l)),
        (total(A[k, l] * x[k] * x[l], k, l), total(A[l, k] * x[k] * x[l], k, l)),
        (D * sigmoid(x[i]) * (1 - sigmoid(x[j])), D * sigmoid(x[j]) * sigmoid(-x[i])),
        (log(positive[i] ** 2), 2 * log(positive[i])),
        (sqrt(positive[i]) * sqrt(positive[j]), sqrt(positive[i] * positive[j])),
    ],
)
def test_true_mutants_are_recognised(formula, mutant):
    assert judge(formula, mutant, indices=(i, j)).status == "proven"


def test_a_counterexample_overrules_a_proof(monkeypatch):
    """If the prover ever claimed a falsehood, the counterexample would be believed, and the proof shown."""
    proof = judge(x[i], x[i]).proof
    monkeypatch.setattr("derivations.engine.judging.judge.prove", lambda *args: proof)
    verdict = judge(x[i], 2 * x[i])
    assert verdict.status == "refuted"
    assert verdict.overruled is proof
