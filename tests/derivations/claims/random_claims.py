"""Random claims at edges: a formula, and the same one after a few steps of a person, right ones and rash ones.

A rash step is right in the middle of a range, for a positive number, off a kink … and wrong at the edge. Whether a
claim is true is for `decide` to say, not for the steps.
"""

from collections.abc import Callable, Iterator
from random import Random

from sympy import (
    Abs,
    Add,
    Derivative,
    Expr,
    Heaviside,
    I,
    Integer,
    Max,
    Min,
    Mul,
    Ne,
    Piecewise,
    Pow,
    Product,
    Rational,
    Sum,
    exp,
    log,
    nan,
    oo,
    sign,
    sqrt,
    tanh,
    zoo,
)

from claims.decide import Claim
from claims.judging import Maximum, equation, product, sigmoid, softplus, step, total
from claims.letters import A, D, a, c, f, h, i, j, k, l, n, o, o2, p, p2, positive, q, q2, r, r2, theta, x, y, z
from claims.random_attacks import random_attack

DUMMIES = (k, l, p, p2, q, q2, r, r2, o, o2, a)
TWINS = {k: l, l: k, p: p2, p2: p, q: q2, q2: q, r: r2, r2: r, o: o2, o2: o}
ARRAYS = (x, x, y, z, positive)


def formula(rng: Random, depth: int, scope: tuple) -> Expr:
    """A formula in whose indices are in scope."""

    def part(inner=scope) -> Expr:
        return formula(rng, depth - 1, inner)

    def entry() -> Expr:
        k = rng.choice(scope)
        return rng.choice(ARRAYS)[k + rng.choice((0, 0, 0, 0, 1, -1))]

    if depth <= 0 or rng.random() < 0.1:
        leaves: list[Callable[[], Expr]] = [entry] * 5 + [
            lambda: A[rng.choice(scope), rng.choice(scope)],
            lambda: c,
            lambda: theta,
            lambda: Integer(rng.choice((-2, -1, 1, 2, 3))),
            lambda: D(rng.choice(scope), rng.choice(scope) + rng.choice((0, 0, 1))),
            lambda: rng.choice(scope) + Integer(0),
            lambda: n + Integer(0),
            lambda: h,
        ]
        return rng.choice(leaves)()
    free = [d for d in DUMMIES if d not in scope]
    d = rng.choice(free)
    inner = (*scope, d)
    makers: list[Callable[[], Expr]] = [
        lambda: part() + part(),
        lambda: part() * part(),
        lambda: part() - part(),
        lambda: total(part(inner), d),
        lambda: total(part(inner), d),
        lambda: total(D(rng.choice(scope), d) * part(inner), d),
        lambda: total(Piecewise((part(inner), _compared(rng, inner)), (Integer(0), True)), d),
        lambda: product(part(inner), d),
        lambda: Maximum(part(inner), d),
        lambda: sqrt(part() ** 2),
        lambda: part() ** 2,
        lambda: Abs(part()),
        lambda: rng.choice((step, sign, Heaviside, sigmoid, tanh, softplus))(part()),
        lambda: Max(part(), part()),
        lambda: exp(part()),
        lambda: log(rng.choice((part() ** 2, positive[rng.choice(scope)], part()))),
        lambda: part() / rng.choice((1 + part() ** 2, positive[rng.choice(scope)], part())),
        lambda: Piecewise((part(), part() > part()), (part(), True)),
        lambda: f(part()),
        lambda: Derivative(part(inner) if rng.random() < 0.1 else part(), rng.choice((x, x, y))[rng.choice(scope)]),
    ]
    return rng.choice(makers)()


def _compared(rng: Random, scope: tuple):
    one, other = rng.sample(scope, 2) if len(scope) > 1 else (scope[0], Integer(1))
    return rng.choice((one <= other, one < other, one >= other, Ne(one, other), one < n, one > 1))


# steps: from a node to what may stand in its place


def _of_a_sum(e: Sum, rng: Random) -> Iterator[Expr]:
    (d, lower, upper), *rest = e.limits
    body = e.function
    if rest:
        yield Sum(body, *rest, (d, lower, upper))
        return
    twin, new = TWINS.get(d, k), rng.choice(DUMMIES)
    yield total(body.xreplace({d: twin}), twin)
    yield total(body.xreplace({d: new}), new)
    if lower == 1 and upper == n and q not in body.atoms(type(q)):
        yield body.xreplace({d: Integer(1)}) + total(body.xreplace({d: q}), q)
        yield total(body.xreplace({d: p}), p) + total(D(d, n) * body, d)
    if lower == 2 and upper == n:
        yield body.xreplace({d: Integer(2)}) + total(body.xreplace({d: r}), r)
        yield total(body.xreplace({d: p + 1}), p)
        yield total(body.xreplace({d: k}), k) - body.xreplace({d: Integer(1)})
    if lower == 3 and upper == n:
        yield total(body.xreplace({d: q}), q) - body.xreplace({d: Integer(2)})
    if upper == n - 1 and lower == 1:
        yield total(body.xreplace({d: q - 1}), q)
        yield total(body.xreplace({d: k}), k) - total(D(k, n) * body.xreplace({d: k}), k)
    if not body.has(d):
        yield rng.choice((upper - lower + 1, n, n - 1, n - 2)) * body
    for factor in Mul.make_args(body):
        if isinstance(factor, type(D(i, j))) and d in factor.args:
            other = factor.args[1] if factor.args[0] == d else factor.args[0]
            yield (body / factor).xreplace({d: other})
        elif not factor.has(d) and body != factor:
            yield factor * Sum(body / factor, *e.limits)
        elif isinstance(factor, Piecewise) and rng.random() < 0.5:
            yield Sum(body.xreplace({factor: factor.args[0][0]}), *e.limits)
    if isinstance(body, Add):
        yield Add(*(Sum(term, *e.limits) for term in body.args))
    if isinstance(body, Mul):
        yield Mul(*(Sum(factor, *e.limits) for factor in body.args))


def _of_a_product(e: Product, rng: Random) -> Iterator[Expr]:
    d, lower, upper = e.limits[0]
    body = e.function
    yield exp(Sum(log(body), *e.limits))
    yield Product(body.xreplace({d: p}), (p, p.lower, p.upper))
    yield Mul(*(Product(factor, *e.limits) for factor in Mul.make_args(body)))
    if not body.has(d):
        yield body ** rng.choice((upper - lower + 1, n, n - 1))


def _of_a_power(e: Pow, rng: Random) -> Iterator[Expr]:
    if e.exp == Rational(1, 2) and isinstance(e.base, Pow) and e.base.exp == 2:
        yield e.base.base
        yield Abs(e.base.base)
    if e.exp == 2 and isinstance(e.base, Sum) and len(e.base.limits) == 1:
        d = e.base.limits[0][0]
        if d in TWINS:
            yield total(e.base.function * e.base.function.xreplace({d: TWINS[d]}), d, TWINS[d])
        yield Sum(e.base.function**2, *e.base.limits)
    if e.exp == 2 and isinstance(e.base, Add):
        yield e.expand()
        yield Add(*(term**2 for term in e.base.args))
    if e.exp == 2 and isinstance(e.base, (step, Heaviside)):
        yield e.base
    if e.exp == 2 and isinstance(e.base, (sign, Abs)):
        yield e.base.args[0] ** 2 if isinstance(e.base, Abs) else Integer(1)
    if e.exp == -1 and isinstance(e.base, Add):
        yield Add(*(1 / term for term in e.base.args))


def _of_a_case(e: Piecewise, rng: Random) -> Iterator[Expr]:
    (value, condition), *others = e.args
    yield value
    if len(others) == 1:
        yield Piecewise((others[0][0], condition), (value, True))
        yield Piecewise((others[0][0], ~condition), (value, True))
    if condition.is_Relational and condition.rel_op in (">", ">=", "<", "<="):
        strict = {">": ">=", ">=": ">", "<": "<=", "<=": "<"}[condition.rel_op]
        yield Piecewise((value, type(condition).ValidRelationOperator[strict](*condition.args)), *others)


def _of_a_derivative(e: Derivative, rng: Random) -> Iterator[Expr]:
    (variable,) = e.variables[:1]
    inner = e.expr
    if isinstance(inner, Add):
        yield Add(*(Derivative(term, variable) for term in inner.args))
    if isinstance(inner, Mul):
        args = inner.args
        yield Add(*(Mul(*args[:m], Derivative(g, variable), *args[m + 1 :]) for m, g in enumerate(args)))
    if isinstance(inner, Sum):
        yield Sum(Derivative(inner.function, variable), *inner.limits)
        d = inner.limits[0][0]
        if variable.base[d] in inner.atoms(type(variable)) and variable.indices[0] in (i, j):
            yield Derivative(inner.function.xreplace({d: variable.indices[0]}), variable)
    if isinstance(inner, type(variable)) and inner.base == variable.base:
        yield Mul(*(D(one, other) for one, other in zip(inner.indices, variable.indices, strict=True)))
    if isinstance(inner, (exp, tanh, sigmoid, softplus)):
        yield inner.fdiff() * Derivative(inner.args[0], variable)
        yield inner.fdiff()
    if isinstance(inner, Pow) and inner.exp.is_number:
        yield inner.exp * inner.base ** (inner.exp - 1) * Derivative(inner.base, variable)
    if isinstance(inner, Abs):
        yield sign(inner.args[0]) * Derivative(inner.args[0], variable)


def _of_a_word(e: Expr, rng: Random) -> Iterator[Expr]:
    v = e.args[0]
    if isinstance(e, Abs):
        yield from (v, -v, v * sign(v), Max(v, -v), sqrt(v**2))
    if isinstance(e, step):
        yield from (Heaviside(v), Heaviside(v, 1), 1 - step(-v), (1 + sign(v)) / 2, Piecewise((1, v > 0), (0, True)))
        yield Piecewise((1, v >= 0), (0, True))
    if isinstance(e, Heaviside):
        yield from (step(v), (1 + sign(v)) / 2, 1 - Heaviside(-v))
    if isinstance(e, sign):
        yield from (2 * step(v) - 1, step(v) - step(-v), v / Abs(v), 2 * Heaviside(v) - 1)
    if isinstance(e, Max) and len(e.args) == 2:
        w = e.args[1]
        yield from (v, (v + w + Abs(v - w)) / 2, v * step(v - w) + w * step(w - v), -Min(-v, -w))
        yield v * step(v - w) + w * (1 - step(v - w))
    if isinstance(e, exp) and isinstance(v, Add):
        yield Mul(*(exp(term) for term in v.args))
    if isinstance(e, exp) and isinstance(v, Sum):
        yield Product(exp(v.function), *v.limits)
    if isinstance(e, log):
        if isinstance(v, Mul):
            yield Add(*(log(factor) for factor in v.args))
        if isinstance(v, Pow):
            yield from (v.exp * log(v.base), v.exp * log(Abs(v.base)))
        if isinstance(v, Product):
            yield Sum(log(v.function), *v.limits)
    if isinstance(e, sigmoid):
        yield from (1 - sigmoid(-v), exp(v) / (1 + exp(v)), (1 + tanh(v / 2)) / 2)
    if isinstance(e, Maximum) and isinstance(e.args[0], Add):
        d = next(iter(e.args[0].atoms(type(k)) & set(DUMMIES)), None)
        if d is not None and f"{d}," in str(e.args[-1]).replace(")", ","):
            fixed = [term for term in e.args[0].args if not term.has(d)]
            yield Add(*fixed) + e.func(Add(*(t for t in e.args[0].args if t.has(d))), *e.args[1:])


def steps(e: Expr, rng: Random) -> Iterator[Expr]:
    """What a person may write instead of this node."""
    kinds = ((Sum, _of_a_sum), (Product, _of_a_product), (Pow, _of_a_power), (Piecewise, _of_a_case))
    for kind, rule in (*kinds, (Derivative, _of_a_derivative)):
        if isinstance(e, kind):
            yield from rule(e, rng)
            return
    if isinstance(e, (Abs, step, Heaviside, sign, Max, exp, log, sigmoid, Maximum)):
        yield from _of_a_word(e, rng)
    if isinstance(e, Mul):
        yield e.expand()
        deltas = [g for g in e.args if isinstance(g, type(D(i, j)))]
        for g in deltas:
            one, other = g.args[:2]
            if one.is_Atom:
                yield g * (e / g).xreplace({one: other})
    if isinstance(e, Add) and rng.random() < 0.3:
        yield e - 2 * e.args[0]
    if isinstance(e, type(x[i])) and rng.random() < 0.2:
        yield e.base[tuple(g + 1 for g in e.indices)]


def changed(e: Expr, rng: Random) -> Expr | None:
    """One step at one random place."""
    places = []

    def walk(node, path):
        for new in steps(node, rng):
            places.append((path, new))
        if node.is_Atom or isinstance(node, (type(x[i]), type(D(i, j)), Derivative)):
            return
        for m, g in enumerate(node.args):
            if isinstance(g, Expr):
                walk(g, (*path, m))
            elif isinstance(node, Piecewise):
                walk(g.args[0], (*path, m, 0))

    walk(e, ())
    if not places:
        return None
    path, new = rng.choice(places)
    return _put(e, path, new)


def _put(e, path: tuple, new):
    if not path:
        return new
    args = list(e.args)
    args[path[0]] = _put(args[path[0]], path[1:], new)
    return e.func(*args)


GIVEN = (
    (),
    (),
    (),
    (x[i] > 0,),
    (x[p] > 0,),
    (x[q] > 0, y[i] < 0),
    (x[r] > 0,),
    (Ne(i, j),),
    (theta > 0,),
    (c > 0, y[i] > 0),
    (equation(h, c * theta),),
    (equation(h, total(x[k], k)),),
    (equation(y[i], x[i] ** 2),),
    (equation(y[i], total(A[i, k] * x[k], k)),),
    (equation(y[p], x[p]),),
    (equation(total(y[k], k), 1),),
    (equation(y[i] ** 2, y[i]),),
    (Ne(x[i], 0),),
    (x[i] >= 0,),
    (A[i, j] > 0, Ne(i, j)),
)


def random_claim(seed: int) -> Claim | None:
    """The claim of this seed; None where SymPy refuses to write it, or nothing could be changed.

    An even seed changes a formula step by step, an odd one is an attack.
    """
    found = random_attack(seed) if seed % 2 else changed_formula(seed)
    return None if found is None or any(e.has(*NOT_REAL) for e in (found.left, found.right)) else found


def changed_formula(seed: int) -> Claim | None:
    """A formula, and the same one after a few steps."""
    rng = Random(seed)
    try:
        left = right = formula(rng, rng.choice((2, 2, 3, 3, 4)), (i, j) if rng.random() < 0.5 else (i,))
        for _ in range(rng.choice((1, 1, 2, 3))):
            right = changed(right, rng)
            if right is None:
                return None
    except (TypeError, ValueError, RecursionError, AttributeError, ZeroDivisionError):
        return None
    return None if left == right else Claim(left, right, rng.choice(GIVEN))


NOT_REAL = (I, nan, oo, -oo, zoo)
