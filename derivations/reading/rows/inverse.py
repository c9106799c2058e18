"""Inverses and determinants: B = A⁻¹ is an array of unknown entries of which dB = −B dA B is known.

The loss gets a term for it: Σ W_ij A_ij with W_ij = −Σ_kl B_ki B̄_kl B_jl held fixed has the derivative by A that the
loss has through B; for log |det A| W_ij is B_ji times its cotangent.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from sympy import Abs, Expr, exp, log, sign

from derivations import equation, total
from derivations.reading import engine
from derivations.reading.arrays import Array, Outside
from derivations.reading.reading import in_order

SPECIAL: dict[str, Callable[..., Any]] = {}  # by the name of the jitted function


def special(*names: str) -> Callable[[Callable], Callable]:
    return lambda function: [SPECIAL.update({n: function}) for n in names] and function


def square(x: Array) -> Expr:
    axes = x.axes[-2:]
    if len(x.axes) != 2 or axes[0] != axes[1] or len(axes[0]) != 1 or x.finite is not None:
        raise Outside("the inverse of more than one matrix")
    return axes[0][0]


def entries(values: Any, body: Expr, i: Any, j: Any) -> np.ndarray:
    n = int(i.upper.subs(values.sizes))
    return np.array([[values.evaluation(body, {i: a, j: b}) for b in range(1, n + 1)] for a in range(1, n + 1)], float)


def keyed(x: Array, i: Any, j: Any) -> Any:
    return in_order(x.at((i,), (j,)), [i, j])[0]


@special("inv")
def inverse(r, p: Any, x: Array) -> Array:
    """A⁻¹, the same for A wherever it stands; that of Aᵀ is its transpose."""
    if not any(x.axes):
        return Array(x.axes, lambda *k: 1 / x.at(*k))
    n = square(x)
    i, j = r.fresh(n, "i"), r.fresh(n, "j")
    key, turned = ("inverse", keyed(x, i, j)), ("inverse", keyed(x, j, i))
    if key not in r.names and turned in r.names:
        b = r.array(r.names[turned], x.axes)
        return Array(x.axes, lambda *k: b.at(k[1], k[0]))
    fresh = key not in r.names
    body = x.at((i,), (j,))
    inverted = lambda values, where: np.linalg.inv(entries(values, body, i, j))[where[0] - 1, where[1] - 1]  # noqa: E731
    b = r.valued("B", key, x.axes, inverted)
    if fresh:
        r.say("a matrix whose inverse is taken has one")
        r.inner.append((b, x, cotangent_through_inverse))
    return b


def cotangent_through_inverse(r, b: Array, bar: Callable[..., Expr], n: Expr) -> Callable[..., Expr]:
    """−Σ_kl B_ki B̄_kl B_jl."""

    def entry(i: Any, j: Any) -> Expr:
        k, m = r.fresh(n), r.fresh(n)
        return -total(total(b.at((k,), (i,)) * bar(k, m) * b.at((j,), (m,)), m), k)

    return entry


@special("solve", "_solve")
def solve(r, p: Any, a: Array, b: Array) -> Array:
    """A⁻¹ b."""
    inv = inverse(r, p, a)

    def entry(*i):
        (k,) = r.places((a.axes[1],))
        return r.summed(inv.at(i[0], k) * b.at(k, *i[1:]), [k])

    return r.named(Array(b.axes, entry))


@special("slogdet")
def slogdet(r, p: Any, x: Array) -> list[Array]:
    """The sign, which has no slope, and log |det A|."""
    if not any(x.axes):
        return [Array((), lambda: sign(x.at((), ()))), Array((), lambda: log(Abs(x.at((), ()))))]
    n = square(x)
    i, j = r.fresh(n, "i"), r.fresh(n, "j")
    inv = inverse(r, p, x)
    body = x.at((i,), (j,))
    key = ("logdet", keyed(x, i, j))
    fresh = key not in r.names
    log_det = r.valued("D", key, (), lambda values, where: np.linalg.slogdet(entries(values, body, i, j))[1])
    its_sign = r.valued("s", ("sign of det", key[1]), (), lambda v, where: np.linalg.slogdet(entries(v, body, i, j))[0])
    if fresh:
        r.inner.append((log_det, x, lambda r, b, bar, n: lambda i, j: inv.at((j,), (i,)) * bar()))
    return [its_sign, log_det]


@special("det", "_det")
def det(r, p: Any, x: Array) -> Array:
    its_sign, log_det = slogdet(r, p, x)
    return Array((), lambda: its_sign.at() * exp(log_det.at()))


def adjoined(r: Any, loss: Expr) -> Expr:
    """The loss with a term for each inverse and determinant in it, the last first."""
    for n, (b, x, through) in enumerate(reversed(r.inner)):
        size = square(x)
        known = [d for name, d in r.definitions.items() if name not in r.stopped]
        i, j, k, m = (r.fresh(size) for _ in range(4))
        if b.axes:
            slope, _ = engine.differentiated(loss, b.at((k,), (m,)), known)
            bar = lambda a, c, slope=slope, k=k, m=m: slope.xreplace({k: a, m: c})  # noqa: E731
        else:
            slope, _ = engine.differentiated(loss, b.at(), known)
            bar = lambda slope=slope: slope  # noqa: E731
        if slope == 0:
            continue
        name = r.unused(f"W{n + 1}")
        w = r.array(name, x.axes)
        r.definitions[name] = equation(w.at((i,), (j,)), through(r, b, bar, size)(i, j))
        r.stopped.add(name)
        loss = loss + total(total(w.at((i,), (j,)) * x.at((i,), (j,)), j), i)
    return loss


__all__ = ["SPECIAL", "adjoined"]
