"""What orders or rounds: sorted entries by an unknown permutation, running maxima, rounding without a slope."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from sympy import Expr, Idx, Indexed, Integer, exp, log

from derivations import Maximum, equation, total
from derivations.reading.arrays import Array, Outside, constant, size_of
from derivations.reading.reading import in_order
from derivations.reading.rows.choice import hits, index_step
from derivations.reading.rows.layout import flattened
from derivations.reading.rows.table import row

ROUNDING: dict[str, Callable[[float], float]] = {
    "floor": math.floor,
    "ceil": math.ceil,
    "round": lambda v: math.copysign(math.floor(abs(v) + 0.5), v),
    "to even": round,
}


def rounded(name: str) -> Callable[..., Array]:
    def rounding(r, p, x: Array) -> Array:
        """The value of the rounded number; its slope is 0, off the jumps."""
        kind = "to even" if "EVEN" in str(p.get("rounding_method", "")) else name
        places = r.places(x.axes, "i")
        body, flat = x.at(*places), [k for place in places for k in place]
        r.say(f"{name}: off its jumps")
        evaluate = lambda values, where: ROUNDING[kind](  # noqa: E731
            values.evaluation(body, {k: w for k, w in zip(flat, where, strict=True) if isinstance(k, Idx)})
        )
        return r.valued("r", (kind, in_order(body, flat)[0], x.axes), x.axes, evaluate)

    return rounding


for _name in ("floor", "ceil", "round"):
    row(_name)(rounded(_name))


def permutation(r, x: Array, d: int, falling: bool, count: Expr | None = None) -> Callable[..., Expr]:
    """S(others, i, k) = 1 where the i-th in order along axis d is the k-th entry; no two entries are equal.

    count: of so many alone, the first in order.
    """
    if len(x.axes[d]) > 1 or x.finite is not None:
        raise Outside("an order along a split axis")
    (n,) = x.axes[d] or (Integer(1),)
    others = (*x.axes[:d], *x.axes[d + 1 :])
    places = r.places((*others, x.axes[d]), "i")
    body = x.at(*places[:d], places[-1], *places[d:-1])
    flat = [k for place in places for k in place]
    first = n if count is None else count

    def evaluate(values: Any, where: Sequence[int]) -> float:
        *rest, i, k = where
        known = {a: w for a, w in zip(flat[:-1], rest, strict=True) if isinstance(a, Idx)}
        entries = [values.evaluation(body, {**known, flat[-1]: m}) for m in range(1, int(n.subs(values.sizes)) + 1)]
        order = sorted(range(len(entries)), key=lambda m: -entries[m] if falling else entries[m])
        return float(order[i - 1] == k - 1)

    key = ("order", falling, first, in_order(body, flat)[0], x.axes, d)
    fresh = key not in r.names
    one = r.valued("S", key, (*others, (first,), (n,)), evaluate, zero_or_one=True)
    if fresh:
        name = r.names[key]
        r.names[name, n] = name  # its row of indicators needs no more words
        slots = r.places(one.axes, "j")
        for axis in () if isinstance(n, Integer) else (-1, -2) if count is None else (-1,):
            (k,) = slots[axis]
            r.hypotheses.append(equation(total(one.at(*slots), k), Integer(1)))
        r.say("no two entries that are ordered are equal")
        r.permutations[name] = d
    return lambda rest, i, k: one.at(*rest, (i,), (k,))


def ordered(r, x: Array, d: int, chosen: Callable[..., Expr], count: Expr) -> Array:
    """y_i = Σ_k S_ik x_k; of whole numbers the indicators."""
    (n,) = x.axes[d]
    axes = (*x.axes[:d], () if count == 1 else (count,), *x.axes[d + 1 :])

    def entry(*i):
        k = r.fresh(n)
        there = chosen((*i[:d], *i[d + 1 :]), i[d][0] if i[d] else Integer(1), k)
        return r.summed(there * x.at(*i[:d], (k,), *i[d + 1 :]), [(k,)])

    def hit(*i):
        *place, p = i
        k, first = r.fresh(n), place[d][0] if place[d] else Integer(1)
        if x.at(*place[:d], (k,), *place[d + 1 :]) == k - 1:  # the places themselves
            return chosen((*place[:d], *place[d + 1 :]), first, p + 1)
        there = chosen((*place[:d], *place[d + 1 :]), first, k)
        return r.summed(there * hits(r, x)(*place[:d], (k,), *place[d + 1 :], p), [(k,)])

    whole = x.hit is not None or x.at(*(r.places(x.axes))).is_integer
    found = Array(axes, entry, hit=hit if whole else None)
    return found if whole else r.named(found)


@row("sort")
def sort(r, p, *xs: Array) -> list[Array]:
    """Entries in rising order, and the other arrays in the same."""
    if p["num_keys"] != 1:
        raise Outside("an order by several keys")
    d, x = p["dimension"], xs[0]
    if not x.axes[d]:  # a single entry
        return list(xs)
    if x.hit is not None:
        inner = x.hit

        def chosen(rest, i, k):  # the inverse of a permutation: where k stands in it
            return inner(*rest[:d], (k,), *rest[d:], i - 1)

        probe = chosen(r.places((*x.axes[:d], *x.axes[d + 1 :])), Integer(1), r.fresh(size_of(x.axes[d])))
        if not (isinstance(probe, Indexed) and r.permutations.get(str(probe.base.label)) == d):
            raise Outside("an order of whole numbers")
    else:
        chosen = permutation(r, x, d, falling=False)
    return [ordered(r, y, d, chosen, size_of(y.axes[d])) for y in xs]


@row("top_k")
def top_k(r, p, x: Array) -> list[Array]:
    """The largest k entries, and their places."""
    d = len(x.axes) - 1
    k = Integer(p["k"])
    if not x.axes[d]:
        return [x, constant(Integer(0)).view(x.axes, lambda *i: ())]
    chosen = permutation(r, x, d, falling=True, count=k)
    places = Array(x.axes, lambda *i: i[d][0] - 1)
    return [ordered(r, x, d, chosen, k), ordered(r, places, d, chosen, k)]


@row("cummax")
def running_maximum(r, p, x: Array) -> Array:
    """y_i = max of x_k over k ≤ i; reversed, k ≥ i."""
    d, sign = p["axis"], -1 if p["reverse"] else 1

    def entry(*i):
        (k,) = r.places((x.axes[d],))
        there = index_step(r, sign * (flattened(i[d], x.axes[d]) - flattened(k, x.axes[d])))
        return Maximum(x.at(*i[:d], k, *i[d + 1 :]), *k, there)

    if len(x.axes[d]) != 1:
        raise Outside("a running maximum along a split axis")
    return r.named(Array(x.axes, entry))


@row("cumlogsumexp")
def running_logsumexp(r, p, x: Array) -> Array:
    """y_i = log Σ_k exp x_k over k ≤ i; reversed, k ≥ i."""
    d, sign = p["axis"], -1 if p["reverse"] else 1

    def entry(*i):
        (k,) = r.places((x.axes[d],))
        there = index_step(r, sign * (flattened(i[d], x.axes[d]) - flattened(k, x.axes[d])))
        return log(r.summed(there * exp(x.at(*i[:d], k, *i[d + 1 :])), [k]))

    return r.named(Array(x.axes, entry))
