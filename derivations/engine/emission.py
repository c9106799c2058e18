"""A formula as a JAX function: sums become einsum, deltas eye, the rest broadcasts; no Python loop over components.

Every part of a formula is an array with one named axis for each of its free indices. A product under a sum is one
einsum; what a sum can't take as a product (the sum of a function of several indices) is computed and summed.
"""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from sympy import (
    Abs,
    Add,
    Expr,
    Heaviside,
    Idx,
    Indexed,
    Integer,
    KroneckerDelta,
    Max,
    Min,
    Mul,
    Number,
    Piecewise,
    Pow,
    Product,
    Rational,
    Sum,
    Symbol,
    cos,
    cosh,
    exp,
    log,
    sign,
    sin,
    sinh,
    tanh,
)
from sympy.core.function import AppliedUndef
from sympy.core.numbers import NumberSymbol
from sympy.core.relational import Eq, Ge, Gt, Le, Lt, Ne
from sympy.logic.boolalg import And, BooleanFalse, BooleanTrue, Or

from derivations.engine.judging.hypotheses import gather
from derivations.engine.language.calculus import summed
from derivations.engine.language.renaming import free_indices, indices_of
from derivations.engine.language.vocabulary import Maximum, sigmoid, softplus, step

ELEMENTWISE = {
    exp: jnp.exp,
    log: jnp.log,
    tanh: jnp.tanh,
    sin: jnp.sin,
    cos: jnp.cos,
    sinh: jnp.sinh,
    cosh: jnp.cosh,
    Abs: jnp.abs,
    sign: jnp.sign,
    sigmoid: jax.nn.sigmoid,
    softplus: jax.nn.softplus,
}


class Named(NamedTuple):
    """An array whose axes are the indices, in this order."""

    array: Array
    axes: tuple[Idx, ...]


def emit(
    formula: Expr, indices: Sequence[Idx] = (), functions: Mapping[str, Callable] | None = None, given: Sequence = ()
) -> Callable[..., Array]:
    """f(**arrays) -> the array with one axis for each of `indices`, in that order.

    The arrays go by the names of the formula's arrays and symbols; dimensions are read off them, or are given by name.
    `functions` holds what opaque functions are, by name (f and f′ apart); `given` the definitions to put in.
    Raises ValueError where an array is missing or two of them disagree about a dimension.
    """
    free = free_indices(formula)
    missing = sorted(free - set(indices), key=str)
    if missing:
        raise ValueError(f"index {missing[0]} of the formula is not among the indices of the result")
    formula = _contracted(gather(given).unfold(formula, set()))

    def emitted(**arrays) -> Array:
        return _Emitter(formula, given, indices, arrays, dict(functions or {})).result(formula, tuple(indices))

    emitted.__doc__ = f"{formula}"
    return emitted


def _contracted(e: Expr) -> Expr:
    """Sums of sums split, and deltas under them contracted."""
    if not e.args or isinstance(e, Indexed):
        return e
    e = e.func(*(_contracted(a) if isinstance(a, Expr) else a for a in e.args))
    return summed(e.function, e.limits) if isinstance(e, Sum) else e


class _Emitter:
    def __init__(
        self, formula: Expr, given: Sequence, indices: Sequence[Idx], arrays: Mapping[str, Array], functions: dict
    ):
        self.arrays = {name: jnp.asarray(a) for name, a in arrays.items()}
        self.functions = functions
        floating = [a.dtype for a in self.arrays.values() if jnp.issubdtype(a.dtype, jnp.floating)]
        self.dtype = jnp.result_type(*floating) if floating else jnp.result_type(float)
        # where an axis begins is told by the definitions, too: Σ_{k=1} k c_k z^(k−1) takes a c that begins at c_0
        self.lowest: dict[tuple[str, int], int] = {}
        for element in formula.atoms(Indexed).union(*(fact.atoms(Indexed) for fact in given)):
            for axis, i in enumerate(element.indices):
                lower = int(i.lower) if isinstance(i, Idx) else int(i) if isinstance(i, Integer) else 1
                key = (str(element.base.label), axis)
                self.lowest[key] = min(lower, self.lowest.get(key, 1))
        self.sizes = self._sizes(formula, indices, arrays)

    def _sizes(self, formula: Expr, indices: Sequence[Idx], arrays: Mapping[str, Array]) -> dict[Symbol, int]:
        """The dimensions, read off the arrays."""
        sizes: dict[Symbol, int] = {}
        for element in sorted(formula.atoms(Indexed), key=str):
            name = str(element.base.label)
            if name not in self.arrays:
                raise ValueError(f"array {name} is missing; given are {', '.join(sorted(self.arrays)) or 'none'}")
            array = self.arrays[name]
            if array.ndim != len(element.indices):
                raise ValueError(f"{name} has shape {array.shape}, but {element} has {len(element.indices)} indices")
            for axis, i in enumerate(element.indices):
                upper = i.upper if isinstance(i, Idx) else None
                size = array.shape[axis] + self.lowest[name, axis] - 1
                if isinstance(upper, Symbol) and sizes.setdefault(upper, size) != size:
                    raise ValueError(f"axis {axis} of {name} has shape {array.shape}, but {upper} is {sizes[upper]}")
        ends: list[Any] = [k.upper for k in indices_of(formula).union(indices)]
        for symbol in {s for end in ends for s in end.free_symbols}:
            if symbol.name in arrays:
                sizes.setdefault(symbol, int(arrays[symbol.name]))
        return sizes

    def length(self, k: Idx) -> int:
        return self.integer(k.upper) - int(k.lower) + 1

    def integer(self, e: Expr) -> int:
        for symbol in e.free_symbols:
            if symbol not in self.sizes:
                raise ValueError(f"dimension {symbol} can't be read off the arrays: give it by name")
        return int(e.subs(self.sizes))

    def result(self, formula: Expr, axes: tuple[Idx, ...]) -> Array:
        value = self.aligned(self.value(formula), axes)
        return jnp.broadcast_to(value, tuple(self.length(k) for k in axes))

    def aligned(self, named: Named, axes: tuple[Idx, ...]) -> Array:
        """The array with its axes in this order, of length 1 where it doesn't depend on the index."""
        present = [k for k in axes if k in named.axes]
        array = jnp.transpose(named.array, [named.axes.index(k) for k in present])
        return jnp.expand_dims(array, [p for p, k in enumerate(axes) if k not in named.axes])

    def together(self, operation: Callable[..., Array], *parts: Named) -> Named:
        """An elementwise operation over the union of the axes."""
        axes = tuple(dict.fromkeys(k for part in parts for k in part.axes))
        return Named(operation(*(self.aligned(part, axes) for part in parts)), axes)

    def scalar(self, value) -> Named:
        return Named(jnp.asarray(value, self.dtype), ())

    def value(self, e: Expr) -> Named:
        if isinstance(e, (Number, NumberSymbol)):
            return self.scalar(float(e))
        if isinstance(e, Idx):
            return Named(self.positions(e).astype(self.dtype), (e,))
        if isinstance(e, Symbol):
            return self.symbol(e)
        if isinstance(e, Add):
            result, *others = (self.value(a) for a in e.args)
            for other in others:
                result = self.together(jnp.add, result, other)
            return result
        if isinstance(e, Mul):
            return self.contraction(e.args, ())
        if isinstance(e, Sum):
            return self.sum(e)
        for kinds, method in METHODS:
            if isinstance(e, kinds):
                return method(self, e)
        if type(e) in ELEMENTWISE:
            inner = self.value(e.args[0])
            return Named(ELEMENTWISE[type(e)](inner.array), inner.axes)
        raise ValueError(f"{type(e).__name__} {e} can't be emitted")

    def positions(self, k: Idx) -> Array:
        return jnp.arange(int(k.lower), self.integer(k.upper) + 1)

    def symbol(self, e: Symbol) -> Named:
        if e in self.sizes:
            return self.scalar(self.sizes[e])
        if e.name not in self.arrays:
            raise ValueError(f"{e.name} is missing; given are {', '.join(sorted(self.arrays)) or 'none'}")
        return Named(self.arrays[e.name].astype(self.dtype), ())

    def index(self, e: Expr) -> Named:
        """The values of an index expression, as integers."""
        axes = tuple(sorted(free_indices(e), key=str))
        result = jnp.asarray(int(e.subs(dict.fromkeys(axes, 0))))
        for axis, k in enumerate(axes):
            shape = [1] * len(axes)
            shape[axis] = -1
            slope = int(e.coeff(k)) if e != k else 1
            result = jnp.reshape(result, (1,) * (len(axes) - result.ndim) + result.shape) + jnp.reshape(
                slope * self.positions(k), shape
            )
        return Named(result, axes)

    def indexed(self, e: Indexed) -> Named:
        """An element: its axes in place where the indices are plain and different, else gathered."""
        name = str(e.base.label)
        array = self.arrays[name].astype(self.dtype)
        plain = all(isinstance(i, Idx) for i in e.indices) and len(set(e.indices)) == len(e.indices)
        if plain:
            cuts = tuple(slice(int(i.lower) - self.lowest[name, axis], None) for axis, i in enumerate(e.indices))
            return Named(array[cuts], tuple(e.indices))
        parts = [self.index(i) for i in e.indices]
        axes = tuple(dict.fromkeys(k for part in parts for k in part.axes))
        places = tuple(self.aligned(part, axes) - self.lowest[name, axis] for axis, part in enumerate(parts))
        return Named(array[places], axes)

    def delta(self, e: KroneckerDelta) -> Named:
        a, b = e.args[:2]
        if isinstance(a, Idx) and isinstance(b, Idx):
            return Named(jnp.eye(self.length(a), self.length(b), int(a.lower) - int(b.lower), dtype=self.dtype), (a, b))
        return self.together(lambda p, q: (p == q).astype(self.dtype), self.index(a), self.index(b))

    def contraction(self, factors: Sequence[Expr], over: tuple[Idx, ...]) -> Named:
        """Π factors, summed over some indices: one einsum, at most two operands meeting at a time."""
        parts = [self.value(f) for f in factors]
        axes = tuple(dict.fromkeys(k for part in parts for k in part.axes))
        letters = {k: n for n, k in enumerate(axes)}
        operands = [x for part in parts for x in (part.array, [letters[k] for k in part.axes])]
        kept = tuple(k for k in axes if k not in over)
        counted = prod(self.length(k) for k in over if k not in axes)
        result = jnp.einsum(*operands, [letters[k] for k in kept], precision="highest")
        return Named(result * jnp.asarray(counted, self.dtype) if counted != 1 else result, kept)

    def sum(self, e: Sum) -> Named:
        over = tuple(limit[0] for limit in e.limits)
        body = e.function
        while isinstance(body, Sum):
            over, body = over + tuple(limit[0] for limit in body.limits), body.function
        if not isinstance(body, Mul):
            return self.contraction((body,), over)
        inner = [f for f in body.args if isinstance(f, Sum)]
        bound = {limit[0] for f in inner for limit in f.limits}
        if len(inner) == 1 and not bound & (
            set(over) | {k for f in body.args if f is not inner[0] for k in indices_of(f)}
        ):
            over += tuple(limit[0] for limit in inner[0].limits)  # Σ a Σ b = ΣΣ a b: let einsum choose the order
            factors = [f for f in body.args if f is not inner[0]] + list(Mul.make_args(inner[0].function))
            return self.contraction(factors, over)
        return self.contraction(body.args, over)

    def power(self, e: Pow) -> Named:
        base = self.value(e.base)
        if isinstance(e.exp, Integer):
            return Named(
                jnp.power(base.array, int(e.exp)) if e.exp > 0 else 1 / jnp.power(base.array, -int(e.exp)), base.axes
            )
        if e.exp == Rational(1, 2):
            return Named(jnp.sqrt(base.array), base.axes)
        return self.together(jnp.power, base, self.value(e.exp))

    def reduced(self, body: Named, k: Idx, reduction: Callable[..., Array]) -> Named:
        if k not in body.axes:
            body = Named(
                jnp.broadcast_to(self.aligned(body, (*body.axes, k)), (*body.array.shape, self.length(k))),
                (*body.axes, k),
            )
        return Named(reduction(body.array, axis=body.axes.index(k)), tuple(a for a in body.axes if a != k))

    def product(self, e: Product) -> Named:
        body = self.value(e.function)
        for limit in e.limits:
            body = self.reduced(body, limit[0], jnp.prod)
        return body

    def maximum(self, e: Maximum) -> Named:
        body = self.value(e.body)
        if e.where != 1:
            body = self.together(lambda x, keep: jnp.where(keep > 0, x, -jnp.inf), body, self.value(e.where))
        return self.reduced(body, e.limits[0], jnp.max)

    def step(self, e: Expr) -> Named:
        inner = self.value(e.args[0])
        return Named((inner.array >= 0).astype(self.dtype), inner.axes)

    def extreme(self, e: Expr) -> Named:
        result, *others = (self.value(a) for a in e.args)
        for other in others:
            result = self.together(jnp.maximum if isinstance(e, Max) else jnp.minimum, result, other)
        return result

    def piecewise(self, e: Any) -> Named:
        result = self.scalar(jnp.nan)
        for value, condition in reversed(e.args):
            result = self.together(jnp.where, self.condition(condition), self.value(value), result)
        return result

    def condition(self, c) -> Named:
        if isinstance(c, (BooleanTrue, BooleanFalse)):
            return Named(jnp.asarray(bool(c)), ())
        if isinstance(c, (And, Or)):
            result, *others = (self.condition(a) for a in c.args)
            for other in others:
                result = self.together(jnp.logical_and if isinstance(c, And) else jnp.logical_or, result, other)
            return result
        comparison = next(f for kind, f in COMPARISONS if isinstance(c, kind))
        if isinstance(c, (Eq, Ne)):
            return self.together(comparison, self.index(c.lhs), self.index(c.rhs))
        return self.together(comparison, self.value(c.lhs), self.value(c.rhs))

    def opaque(self, e: Expr) -> Named:
        name = e.func.__name__
        if name not in self.functions:
            raise ValueError(f"function {name} is missing: give it in `functions`")
        return self.together(self.functions[name], *(self.value(a) for a in e.args))


COMPARISONS = (
    (Eq, jnp.equal),
    (Ne, jnp.not_equal),
    (Ge, jnp.greater_equal),
    (Gt, jnp.greater),
    (Le, jnp.less_equal),
    (Lt, jnp.less),
)
METHODS = (
    (Indexed, _Emitter.indexed),
    (KroneckerDelta, _Emitter.delta),
    (Pow, _Emitter.power),
    (Product, _Emitter.product),
    (Maximum, _Emitter.maximum),
    ((step, Heaviside), _Emitter.step),
    ((Max, Min), _Emitter.extreme),
    (Piecewise, _Emitter.piecewise),
    (AppliedUndef, _Emitter.opaque),
)
