"""Where three or four hypotheses or conditions contradict each other nothing is proven; where they almost do, it is."""

from random import Random
from typing import Any

import pytest
from sympy import IndexedBase, Ne, Rational, Symbol, log, sqrt

from derivations import dimension, index, judge, step, total

n = dimension("n")
i, j, k = index("i", n), index("j", n), index("k", n)
ARRAYS: Any = [IndexedBase(name, real=True) for name in "xyzw"]
x, y, z, w = ARRAYS
SCALARS: Any = [Symbol(name, real=True) for name in "abcd"]
ENTRIES = [x[i], y[i], z[i], w[i]]


def forms(rng: Random, count: int, unknowns: list, rest: Any) -> list:
    """Linear forms f of which some positive combination is `rest`: all can be > 0 only where that is."""
    rows = [
        unknowns[row] * rng.choice((1, 2, 3)) + sum(rng.randint(-2, 2) * u for u in unknowns[:row]) + rng.randint(-2, 2)
        for row in range(count - 1)
    ]
    return [*rows, (rest - sum(rng.choice((1, 2)) * row for row in rows)).expand()]


@pytest.mark.parametrize("unknowns", [SCALARS, ENTRIES], ids=["scalars", "entries"])
@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("seed", range(4))
def test_hypotheses(unknowns, count, seed):
    rng = Random(100 * count + seed)
    state = rng.getstate()
    empty = forms(rng, count, unknowns, Rational(-(seed % 2)))
    verdict = judge(step(empty[0]), 1, given=[f > 0 for f in empty], diagnose=False)
    assert verdict.status == "undecided"
    assert "no numbers meet" in verdict.evidence
    assert verdict.evidence.count(">") + verdict.evidence.count("<") == count, verdict.evidence
    rng.setstate(state)
    tight = forms(rng, count, unknowns, Rational(1, 1000))
    assert judge(step(tight[0]), 1, given=[f > 0 for f in tight], diagnose=False), tight


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("function", [log, sqrt])
def test_conditions(count, function):
    """Each side asks for a > b, b > c, …; at ties √ has a value, log has none."""
    ring = list(zip(SCALARS[:count], [*SCALARS[1:count], SCALARS[0]], strict=True))
    left = sum(function(a - b) for a, b in ring)
    assert judge(left * SCALARS[0], left * SCALARS[0] + 0, diagnose=False).status == (
        "undecided" if function is log else "proven"
    )
    open_ring = sum(function(a - b) for a, b in ring[:-1])
    assert judge(SCALARS[3] * open_ring, open_ring * SCALARS[3], diagnose=False)


def test_more_than_lines():
    a, b = SCALARS[:2]
    assert "no numbers meet" in judge(a, a, given=[a**2 > 1, a**2 < 1]).evidence
    assert judge(a, a, given=[a**2 > 1, a**2 < 2])
    assert "no numbers meet" in judge(a, a, given=[a * b > 1, a + b > 0, a * b + a + b < 1]).evidence
    assert " at n = " in judge(x[i], x[i], given=[total(x[k], k) > 0, x[i] < 0]).evidence


def test_what_only_a_size_of_1_meets_is_not_proven_for_every_size():
    verdict = judge(x[i], x[i], given=[Ne(i, j), x[i] > x[j]], diagnose=False)
    assert verdict.status == "undecided"
    assert "no numbers meet x_i > x_j at n = " in verdict.evidence
    assert judge(x[i], x[i], given=[Ne(i, j), x[i] + x[j] > 0], diagnose=False)
