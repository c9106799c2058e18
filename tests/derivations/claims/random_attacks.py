"""Random attacks: what people write of roots, logarithms, ties, ranges, names and hypotheses, of random formulas.

A row is two formulas that are equal for numbers in the middle; whether they are at 0, at a tie, for negative numbers
and at the ends of ranges is for `decide` to say. Both may be put into the same surroundings.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from sympy import (
    Abs,
    Add,
    Derivative,
    Eq,
    Expr,
    Heaviside,
    Integer,
    Max,
    Min,
    Ne,
    Piecewise,
    Rational,
    Sum,
    Symbol,
    exp,
    log,
    sign,
    sqrt,
)

from claims.decide import Claim
from claims.judging import Field, Maximum, dimension, equation, index, product, step, total
from claims.letters import A, D, a, c, f, h, i, j, k, l, n, o, p, positive, q, r, theta, x, y, z

large = dimension("large", least=2)
wide, late = index("wide", large), index("late", large, 3)
G = Field("G")
half, three_halves = Rational(1, 2), Rational(3, 2)
DUMMIES = (k, l, p, q, r, o)


class Parts:
    """Small random formulas: u, v, w at the free indices, and of a dummy."""

    def __init__(self, rng: Random):
        self.rng = rng
        self.d = rng.choice(DUMMIES)
        self.e = rng.choice([k for k in DUMMIES if k != self.d])
        self.by = rng.choice((x[i], x[j], x[1], y[i], theta, x[i + 1]))

    def __call__(self, *scope: Any) -> Expr:
        r = self.rng
        at = r.choice(scope or (i, i, j))
        entry = r.choice((x, x, x, y, z))[at + r.choice((0, 0, 0, 0, 1, -1))]
        return r.choice(
            (
                *[entry] * 6,
                theta,
                c,
                h,
                Integer(r.choice((-1, 0, 1, 2))),
                -entry,
                entry - r.choice((x[at], y[at], theta, 1)),
                entry * r.choice((y[at], theta, x[at])),
                A[at, r.choice(scope or (i, j))],
                positive[at],
                n + 0,
                at + Integer(0),
                entry**2,
                f(entry),
                total(x[k] * A[i, k], k),
                Max(entry, 0),
                Abs(entry),
                step(entry),
                D(i, j),
            )
        )


def slope(e: Expr, t: Parts) -> Expr:
    return Derivative(e, t.by)


Row = Callable[[Expr, Expr, Expr, Parts], tuple[Any, Any]]
UNITS: tuple[Row, ...] = (
    # roots, logarithms, powers
    lambda u, v, w, t: (sqrt(u * v), sqrt(u) * sqrt(v)),
    lambda u, v, w, t: (sqrt(u * v) * sqrt(u * w), u * sqrt(v * w)),
    lambda u, v, w, t: (sqrt(u**2), t.rng.choice((u, Abs(u), -u))),
    lambda u, v, w, t: ((u**2) ** three_halves, t.rng.choice((u**3, Abs(u) ** 3))),
    lambda u, v, w, t: ((u**2) ** (n / 2), t.rng.choice((u**n, Abs(u) ** n))),
    lambda u, v, w, t: (sqrt(u**2 * v), t.rng.choice((u, Abs(u))) * sqrt(v)),
    lambda u, v, w, t: ((-u) ** n, t.rng.choice((u**n, (-1) ** n * u**n, -(u**n)))),
    lambda u, v, w, t: ((u * v) ** n, u**n * v**n),
    lambda u, v, w, t: (u ** (n - 1) * u, u**n),
    lambda u, v, w, t: (u ** (2 * n), t.rng.choice((Abs(u) ** (2 * n), (u**n) ** 2, (-u) ** (2 * n)))),
    lambda u, v, w, t: (exp(n * log(u)), u**n),
    lambda u, v, w, t: (exp(log(u) + log(v)), u * v),
    lambda u, v, w, t: (exp(log(u * v)), t.rng.choice((u * v, Abs(u) * Abs(v), Abs(u * v)))),
    lambda u, v, w, t: (exp(log(u * v) / 2), sqrt(u) * sqrt(v)),
    lambda u, v, w, t: (exp(log(u**2) / 2), t.rng.choice((u, Abs(u)))),
    lambda u, v, w, t: (log(u * v), t.rng.choice((log(u) + log(v), log(Abs(u)) + log(Abs(v)), log(-u) + log(-v)))),
    lambda u, v, w, t: (log(u * v) - log(v * w), log(u) - log(w)),
    lambda u, v, w, t: (log(u**2), t.rng.choice((2 * log(u), 2 * log(Abs(u)), 2 * log(-u)))),
    lambda u, v, w, t: (u / v * v, u),
    lambda u, v, w, t: (u / Abs(u), t.rng.choice((sign(u), 2 * step(u) - 1, 1))),
    lambda u, v, w, t: (1 / (u * Abs(v)), Abs(v) / (u * v**2)),
    lambda u, v, w, t: ((u**2 - v**2) / (u - v), u + v),
    lambda u, v, w, t: (sqrt(Abs(u)) ** 2, t.rng.choice((u, Abs(u)))),
    lambda u, v, w, t: (Abs(u) ** three_halves * sqrt(Abs(u)), u**2),
    # ties
    lambda u, v, w, t: (step(u - v) + step(v - u), t.rng.choice((1, 2 - sign(u - v) ** 2))),
    lambda u, v, w, t: (Heaviside(u) + Heaviside(-u), 1),
    lambda u, v, w, t: (Heaviside(u, 0) + step(-u), 1),
    lambda u, v, w, t: (sign(u) * sign(v), t.rng.choice((sign(u * v), 2 * step(u * v) - 1))),
    lambda u, v, w, t: (step(u) * step(v), step(u * v)),
    lambda u, v, w, t: (sign(u) ** 2, t.rng.choice((1, step(u) + step(-u) - 1, sign(Abs(u))))),
    lambda u, v, w, t: (sign(u) ** 3, sign(u)),
    lambda u, v, w, t: (u * sign(u), t.rng.choice((Abs(u), u * (2 * step(u) - 1), sqrt(u**2)))),
    lambda u, v, w, t: (Max(u, v) + Min(u, v), u + v),
    lambda u, v, w, t: (Max(u, v) - Min(u, v), Abs(u - v)),
    lambda u, v, w, t: (Max(u, v), t.rng.choice((u * step(u - v) + v * step(v - u), (u + v + Abs(u - v)) / 2))),
    lambda u, v, w, t: (Max(u, v, w), Max(u, v) + Max(w - Max(u, v), 0)),
    lambda u, v, w, t: (Max(u, v) * Max(u, w), u * Max(u, v, w)),
    lambda u, v, w, t: (Abs(u) * Abs(v), Abs(u * v)),
    lambda u, v, w, t: (Abs(u) + Abs(v), t.rng.choice((Abs(u + v), Max(Abs(u + v), Abs(u - v))))),
    lambda u, v, w, t: (Piecewise((u, Eq(u, v)), (w, True)), t.rng.choice((w, Piecewise((v, Eq(v, u)), (w, True))))),
    lambda u, v, w, t: (Piecewise((1, Eq(u, 0)), (0, True)), t.rng.choice((0, 1 - sign(u) ** 2))),
    lambda u, v, w, t: (
        Piecewise((u, w > 0), (v, True)),
        t.rng.choice((Piecewise((v, w < 0), (u, True)), Piecewise((v, w <= 0), (u, True)))),
    ),
    lambda u, v, w, t: (Piecewise((u, v > w), (0, v < w), (u, True)), Piecewise((u, v >= w), (0, True))),
    # derivatives at ties, and beside what has no value
    lambda u, v, w, t: (slope(Abs(u), t), t.rng.choice((sign(u), 2 * step(u) - 1, 1 - 2 * step(-u))) * slope(u, t)),
    lambda u, v, w, t: (slope(Max(u, v), t), step(u - v) * slope(u, t) + step(v - u) * slope(v, t)),
    lambda u, v, w, t: (slope(Max(u, v), t), slope(v, t) + (1 - step(v - u)) * (slope(u, t) - slope(v, t))),
    lambda u, v, w, t: (slope(Piecewise((u, u > 0), (0, True)), t), step(u) * slope(u, t)),
    lambda u, v, w, t: (slope(sqrt(u**2), t), u / sqrt(u**2) * slope(u, t)),
    lambda u, v, w, t: (slope(log(u), t), slope(u, t) / u),
    lambda u, v, w, t: (slope(u * v, t), slope(u, t) * v + u * slope(v, t)),
    lambda u, v, w, t: (slope(u**n, t), n * u ** (n - 1) * slope(u, t)),
    lambda u, v, w, t: (
        Piecewise((slope(Abs(u), t), w > 0), (step(u) + step(-u), True)),
        Piecewise((sign(u) * slope(u, t), w > 0), (t.rng.choice((Integer(1), 2 - sign(u) ** 2)), True)),
    ),
    lambda u, v, w, t: (
        Piecewise((1 / u, w > 0), (step(u) + step(-u), True)),
        Piecewise((1 / u, w > 0), (Integer(1), True)),
    ),
    lambda u, v, w, t: (D(i, j) * slope(Abs(u), t) + step(u) + step(-u), D(i, j) * sign(u) * slope(u, t) + 1),
    lambda u, v, w, t: (log(u) * 0 + step(-v), t.rng.choice((step(-v), 1 - step(v)))),
    lambda u, v, w, t: (log(u) * (step(u) - 1), 0),
    lambda u, v, w, t: (sqrt(u) * (step(u) + step(-u)), t.rng.choice((sqrt(u), sqrt(u) * (2 - sign(u) ** 2)))),
    lambda u, v, w, t: (sqrt(u) + step(u) + step(-u), sqrt(u) + 1),
)


def bodies(t: Parts) -> tuple[Expr, Expr, Any]:
    return t(t.d, t.d, i), t(t.d, t.d, i), t.d


OVER: tuple[Row, ...] = (
    # products, maxima and sums of what depends on a dummy
    lambda u, v, d, t: (product(u * v, d), product(u, d) * product(v, d)),
    lambda u, v, d, t: (product(-u, d), t.rng.choice(((-1) ** n, -1, (-1) ** (d.upper - d.lower + 1))) * product(u, d)),
    lambda u, v, d, t: (product(u, d) ** 2, product(u**2, d)),
    lambda u, v, d, t: (sqrt(product(u**2, d)), t.rng.choice((product(u, d), Abs(product(u, d)), product(Abs(u), d)))),
    lambda u, v, d, t: (log(product(u, d)), total(log(u), d)),
    lambda u, v, d, t: (log(product(u**2, d)), t.rng.choice((2 * total(log(Abs(u)), d), 2 * log(product(u, d))))),
    lambda u, v, d, t: (product(u, d), exp(total(log(u), d))),
    lambda u, v, d, t: (Abs(product(u, d)), t.rng.choice((product(u, d), product(Abs(u), d)))),
    lambda u, v, d, t: (slope(product(u, d), t), product(u, d) * total(slope(u, t) / u, d)),
    lambda u, v, d, t: (product(u, d) / product(v, d), product(u / v, d)),
    lambda u, v, d, t: (Maximum(u + theta, d), Maximum(u, d) + theta),
    lambda u, v, d, t: (Maximum(theta * u, d), theta * Maximum(u, d)),
    lambda u, v, d, t: (Maximum(Max(u, v), d), Max(Maximum(u, d), Maximum(v, d))),
    lambda u, v, d, t: (Maximum(-u, d), -Maximum(u, d)),
    lambda u, v, d, t: (total(step(u - Maximum(u, d)), d) + 0 * x[i], t.rng.choice((1, Maximum(step(u - u), d)))),
    lambda u, v, d, t: (total(Max(u, 0), d), t.rng.choice((Max(total(u, d), 0), total(u * step(u), d)))),
    lambda u, v, d, t: (total(sign(u) * u, d), total(Abs(u), d)),
    lambda u, v, d, t: (total(step(u) + step(-u), d), d.upper - d.lower + 1),
    lambda u, v, d, t: (total(u, d) * total(v, d), total(u * v, d)),
    lambda u, v, d, t: (total(u + v, d), total(u, d) + total(v, d)),
    lambda u, v, d, t: (total(D(d, j) * u, d), u.xreplace({d: j})),
    lambda u, v, d, t: (total(D(d + 1, j) * u, d), u.xreplace({d: j - 1})),
    lambda u, v, d, t: (slope(total(u**2, d), t), total(2 * u * slope(u, t), d)),
    lambda u, v, d, t: (total(u, d), total(u.xreplace({d: k}), k) - (u.xreplace({d: Integer(1)}) if d != k else 0)),
    lambda u, v, d, t: (total(u, d), total(u.xreplace({d: d + 1}), d)),
    lambda u, v, d, t: (
        Sum(Sum(u, (l, 1, k)), (k, 1, n)) if d == k else total(u, d),
        Sum(Sum(u, (k, l, n)), (l, 1, n)) if d == k else total(u, d) + 0,
    ),
    lambda u, v, d, t: (
        total(u * Piecewise((1, d <= j), (0, True)), d),
        Sum(u.xreplace({d: Symbol("m_", integer=True)}), (Symbol("m_", integer=True), 1, j)),
    ),
    lambda u, v, d, t: (
        total(u * Piecewise((1, d < j), (0, True)), d),
        total(u * Piecewise((1, d <= j - 1), (0, True)), d),
    ),
    lambda u, v, d, t: (total(theta, late), (large - 2) * theta),
    lambda u, v, d, t: (total(theta, wide) - total(theta, late), 2 * theta),
    lambda u, v, d, t: (total(total(A[d, t.e] * u, d), t.e), total(total(A[t.e, d] * u, t.e), d)),
    lambda u, v, d, t: (slope(total(x[d + 1] * u, d), t), total(D(d + 1, i) * u + x[d + 1] * slope(u, t), d)),
    lambda u, v, d, t: (G[i](u, d) if d == k else total(u, d), G[i](u + 0 * v, d) if d == k else total(u + 0, d)),
)

GIVEN: tuple[tuple, ...] = (
    *[()] * 10,
    (x[i] > 0,),
    (x[q] > 0,),
    (x[i] >= 0,),
    (x[i] < 0,),
    (Ne(x[i], 0),),
    (x[2 * i] > 0,),
    (x[0] > 0,),
    (Symbol("x") > 0,),
    (theta > 0,),
    (theta >= 0, c < 0),
    (x[i] > y[i],),
    (x[i] - y[i] >= 1,),
    (x[i] > 0, x[i] < -1),
    (x[i] >= 0, x[i] <= 0),
    (Ne(i, j),),
    (A[i, j] > 0, Ne(i, j)),
    (equation(A[i, j], 0), Ne(i, j)),
    (equation(A[i, j], A[j, i]),),
    (equation(A[i, j], -A[j, i]),),
    (equation(h, x[1] - y[1]),),
    (equation(y[i], -x[i]),),
    (equation(y[p], x[p + 1]),),
    (equation(x[i] ** 2, 1),),
    (equation(total(x[k], k), 0),),
    (total(x[k] ** 2, k) > 0,),
    (equation(theta * c, 1),),
)

AROUND: tuple[Callable[[Expr, Expr], Expr], ...] = (
    *[lambda e, w: e] * 6,
    lambda e, w: e + w,
    lambda e, w: e * w,
    lambda e, w: f(e),
    lambda e, w: exp(e),
    lambda e, w: Max(e, w),
    lambda e, w: step(e - w),
    lambda e, w: Abs(e + w),
    lambda e, w: total(e * x[a], a),
    lambda e, w: total(e * w, k) if not e.atoms(type(k)) & {k} else e,
    lambda e, w: Piecewise((e, w > 0), (w, True)),
    lambda e, w: Derivative(e, x[j]),
)


def random_attack(seed: int) -> Claim | None:
    """The attack of this seed; None where SymPy refuses to write it, or makes both sides the same."""
    rng = Random(seed)
    parts = Parts(rng)
    try:
        if rng.random() < 0.6:
            left, right = rng.choice(UNITS)(parts(), parts(), parts(), parts)
        else:
            left, right = rng.choice(OVER)(*bodies(parts), parts)
        around, w = rng.choice(AROUND), parts()
        left, right = around(Add(left), w), around(Add(right), w)
    except (TypeError, ValueError, RecursionError, AttributeError, ZeroDivisionError):
        return None
    return Claim(left, right, rng.choice(GIVEN)) if left != right else None
