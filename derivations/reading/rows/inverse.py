"""Inverses and determinants: B = A⁻¹ is an array of unknown entries of which dB = −B dA B is known.

The loss gets a term for it: Σ W_ij A_ij with W_ij = −Σ_kl B_ki B̄_kl B_jl held fixed has the derivative by A that the
loss has through B; for log |det A| W_ij is B_ji times its cotangent.
"""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax._src.core import jaxprs_in_params
from sympy import Abs, Expr, Idx, cancel, exp, expand, log, sign

from derivations import equation, total
from derivations.reading import engine
from derivations.reading.arrays import Array, Outside
from derivations.reading.reading import in_order
from derivations.reading.rows.special import special


def square(x: Array) -> tuple[Expr, tuple[Any, ...]]:
    """The size of a matrix, and the axes along which there are many of them."""
    *batch, rows, columns = x.axes if len(x.axes) > 1 else ((), (), ())
    if len(x.axes) < 2 or rows != columns or len(rows) != 1 or x.finite is not None:
        raise Outside("the inverse of what is no square matrix")
    return rows[0], tuple(batch)


def is_number(x: Array) -> bool:
    """Is it a matrix with one row and one column?"""
    return len(x.axes) > 1 and not any(x.axes[-2:])


def entries(values: Any, body: Expr, where: dict[Any, int], i: Any, j: Any) -> np.ndarray:
    n = int(i.upper.subs(values.sizes))
    at = lambda a, b: values.evaluation(body, {**where, i: a, j: b})  # noqa: E731
    return np.array([[at(a, b) for b in range(1, n + 1)] for a in range(1, n + 1)], float)


class Matrices:
    """The matrices of an array as one formula of their place, row and column; equal ones have equal keys."""

    def __init__(self, r: Any, x: Array):
        self.n, self.batch = square(x)
        self.places = r.places(self.batch, "i")
        self.flat = [k for place in self.places for k in place]
        self.i, self.j = r.fresh(self.n, "i"), r.fresh(self.n, "j")
        self.body = x.at(*self.places, (self.i,), (self.j,))
        self.key = self.keyed(self.i, self.j)
        self.turned = self.keyed(self.j, self.i)

    def keyed(self, i: Any, j: Any) -> Any:
        return in_order(self.body, [*self.flat, i, j])[0], self.batch

    def at(self, values: Any, where: Any) -> np.ndarray:
        known = {k: w for k, w in zip(self.flat, where, strict=False) if isinstance(k, Idx)}
        return entries(values, self.body, known, self.i, self.j)


@special("inv")
def inverse(r, p: Any, x: Array, symmetric: bool = False) -> Array:
    """A⁻¹ = B, the same for A wherever it stands; that of Aᵀ is its transpose, of a symmetric A it is (B + Bᵀ)/2."""
    if is_number(x):
        return Array(x.axes, lambda *k: 1 / x.at(*k))
    m = Matrices(r, x)
    key, turned = ("inverse", m.key), ("inverse", m.turned)
    if key not in r.names and turned in r.names:
        b = r.array(r.names[turned], x.axes)
        return Array(x.axes, lambda *k: b.at(*k[:-2], k[-1], k[-2]))
    fresh = key not in r.names
    inverted = lambda values, where: np.linalg.inv(m.at(values, where))[where[-2] - 1, where[-1] - 1]  # noqa: E731
    b = r.valued("B", key, x.axes, inverted)
    own = Array(b.axes, lambda *k: (b.at(*k) + b.at(*k[:-2], k[-1], k[-2])) / 2) if symmetric else b
    if fresh:
        r.say("a matrix whose inverse is taken has one")
        r.inner.append((b, x, lambda r, b, bar, n: through_inverse(r, own, bar, n)))
    return own


def through_inverse(r, b: Array, bar: Callable[..., Expr], n: Expr) -> Callable[..., Expr]:
    """−Σ_kl B_ki B̄_kl B_jl."""

    def entry(*at: Any) -> Expr:
        *place, i, j = at
        k, m = r.fresh(n), r.fresh(n)
        return -total(total(b.at(*place, (k,), i) * bar(*place, (k,), (m,)) * b.at(*place, j, (m,)), m), k)

    return entry


@special("solve", "_solve")
def solve(r, p: Any, a: Array, b: Array) -> Array:
    """A⁻¹ b."""
    return applied(r, a, b)


def applied(r, a: Array, b: Array, transposed: bool = False, symmetric: bool = False) -> Array:
    """A⁻¹ b or A⁻ᵀ b, of vectors or of the columns of matrices."""
    inv, more = inverse(r, {}, a, symmetric), len(a.axes) - 2
    if len(b.axes) - more not in (1, 2) or b.axes[:more] != a.axes[:more] or (more and len(b.axes) == more + 1):
        raise Outside("systems with matrices and right sides of different numbers")

    def entry(*i):
        (k,) = r.places((a.axes[-1],))
        row = (k, i[more]) if transposed else (i[more], k)
        return r.summed(inv.at(*i[:more], *row) * b.at(*i[:more], k, *i[more + 1 :]), [k])

    return r.named(Array(b.axes, entry))


def factors_of(x: Array) -> Array:
    """The factors of a matrix: their entries are not read, only what is solved with them."""

    def entry(*i):
        raise Outside("an entry of a matrix's factors")

    return Array(x.axes, entry, bare=True, source=x)


@special("lu_factor")
def lu_factor(r, p: Any, x: Array) -> list[Array]:
    return [factors_of(x), factors_of(Array(x.axes[:-1], x.at))]


@special("_cholesky", "cholesky")
def cholesky(r, p: Any, x: Array) -> Array:
    """Only one half of the matrix is looked at: it must be symmetric by its formula."""
    if not is_number(x):
        m = Matrices(r, x)
        formula = r.formula(m.body)
        if expand(formula - formula.xreplace({m.i: m.j, m.j: m.i})) != 0:
            raise Outside("the Cholesky factor of a matrix that is not written as a symmetric one")
    r.say("a matrix of which a Cholesky factor is taken is positive definite")
    return factors_of(x)


@special("lu_solve", "_lu_solve")
def lu_solve(r, p: Any, lu: Array, pivots: Array, b: Array) -> Array | None:
    return None if lu.source is None else applied(r, lu.source, b, transposes(p["jaxpr"].jaxpr) or False)


@special("_cho_solve", "cho_solve")
def cho_solve(r, p: Any, factor: Array, b: Array) -> Array | None:
    return None if factor.source is None else applied(r, factor.source, b, symmetric=True)


def transposes(jaxpr: Any) -> bool | None:
    """Is the first triangular system one of the transpose?"""
    for e in jaxpr.eqns:
        if e.primitive.name == "triangular_solve":
            return bool(e.params["transpose_a"])
        for inner in jaxprs_in_params(e.params):
            if (found := transposes(inner)) is not None:
                return found
    return None


@special("diagonal")
def diagonal(r, p: Any, x: Array) -> Array | None:
    """u of A = P L U: only Π |u_i| = |det A| is known of it."""
    if x.source is None:
        return None
    a = x.source
    if is_number(a):
        return Array(a.axes[:-1], lambda *i: a.at(*i, ()))
    m = Matrices(r, a)
    key = ("diagonal of U", m.key)
    fresh = key not in r.names
    u = r.valued("u", key, a.axes[:-1], lambda values, where: pivots_of(m.at(values, where))[where[-1] - 1])
    if fresh:
        inv = inverse(r, {}, a)

        def through(r, u: Array, bar: Callable[..., Expr], n: Expr) -> Callable[..., Expr]:
            """Σ ū_i du_i = c d log |det A| where ū_i = c/u_i for every i; then Ā = c A⁻ᵀ."""

            def entry(*at: Any) -> Expr:
                *place, i, j = at
                k = r.fresh(n)
                slope = bar(*place, (k,)).replace(lambda e: isinstance(e, sign), lambda e: Abs(e.args[0]) / e.args[0])
                c = cancel(slope * u.at(*place, (k,)))
                if c.has(k):
                    raise Outside("a diagonal of factors of which more than the product is used")
                return c * inv.at(*place, j, i)

            return entry

        r.inner.append((u, a, through))
    return u


def pivots_of(a: np.ndarray) -> np.ndarray:
    with jax.enable_x64(True):
        return np.diagonal(jax.lax.linalg.lu(a)[0])


@special("slogdet")
def slogdet(r, p: Any, x: Array) -> list[Array]:
    """The sign, which has no slope, and log |det A|."""
    if is_number(x):
        batch = x.axes[:-2]
        one = lambda f: Array(batch, lambda *i: f(x.at(*i, (), ())))  # noqa: E731
        return [one(sign), one(lambda a: log(Abs(a)))]
    m = Matrices(r, x)
    inv = inverse(r, p, x)
    key = ("logdet", m.key)
    fresh = key not in r.names
    log_det = r.valued("D", key, m.batch, lambda v, where: np.linalg.slogdet(m.at(v, where))[1])
    its_sign = r.valued("s", ("sign of det", m.key), m.batch, lambda v, where: np.linalg.slogdet(m.at(v, where))[0])
    if fresh:
        r.inner.append((log_det, x, lambda r, b, bar, n: lambda *at: inv.at(*at[:-2], at[-1], at[-2]) * bar(*at[:-2])))
    return [its_sign, log_det]


@special("det", "_det")
def det(r, p: Any, x: Array) -> Array:
    its_sign, log_det = slogdet(r, p, x)
    return Array(its_sign.axes, lambda *i: its_sign.at(*i) * exp(log_det.at(*i)))


def adjoined(r: Any, loss: Expr) -> Expr:
    """The loss with a term for each inverse and determinant in it, the last first."""
    for n, (b, x, through) in enumerate(reversed(r.inner)):
        size, batch = square(x)
        known = [d for name, d in r.definitions.items() if name not in r.stopped]
        probe = r.places(b.axes)
        slope, _ = engine.differentiated(loss, b.at(*probe), known)
        if slope == 0:
            continue

        def bar(*at: Any, slope: Expr = slope, probe: Any = probe) -> Expr:
            flat = zip(probe, at, strict=True)
            return slope.xreplace({k: a for p, q in flat for k, a in zip(p, q, strict=True) if isinstance(k, Idx)})

        name = r.unused(f"W{n + 1}")
        w = r.array(name, x.axes)
        at = (*r.places(batch), (r.fresh(size),), (r.fresh(size),))
        r.definitions[name] = equation(w.at(*at), through(r, b, bar, size)(*at))
        r.stopped.add(name)
        loss = loss + r.summed(w.at(*at) * x.at(*at), at)
    return loss


__all__ = ["adjoined"]
