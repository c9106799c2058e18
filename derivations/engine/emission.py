"""A formula as a JAX function: sums become einsum, deltas eye, the rest broadcasts; no Python loop over components.

Every part of a formula is an array with one named axis for each of its free indices. A product under a sum is one
einsum; what a sum can't take as a product (the sum of a function of several indices) is computed and summed.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from math import prod
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from sympy import Expr, Idx, Indexed, Integer, Max, Rational, Sum, Symbol
from sympy.core.relational import Eq, Ge, Gt, Le, Lt, Ne
from sympy.logic.boolalg import And

from derivations.engine.judging.hypotheses import gather
from derivations.engine.language.calculus import summed
from derivations.engine.language.fold import Algebra, At, Body
from derivations.engine.language.ranges import with_masks
from derivations.engine.language.renaming import free_indices, indices_of
from derivations.engine.language.words import Word

COMPARISONS = {
    Eq: jnp.equal,
    Ne: jnp.not_equal,
    Ge: jnp.greater_equal,
    Gt: jnp.greater,
    Le: jnp.less_equal,
    Lt: jnp.less,
}


class Named(NamedTuple):
    """An array whose axes are the indices, in this order."""

    array: Array
    axes: tuple[Idx, ...]


class Factors(NamedTuple):
    """Π parts, summed over some indices, and not yet computed: a sum around it may make one einsum of both."""

    parts: "tuple[Named | Factors, ...]"
    over: tuple[Idx, ...]


def emit(
    formula: Expr, indices: Sequence[Idx] = (), functions: Mapping[str, Callable] | None = None, given: Sequence = ()
) -> Callable[..., Array]:
    """f(**arrays) -> the array with one axis for each of `indices`, in that order.

    The arrays go by the names of the formula's arrays and symbols; dimensions are read off them, or are given by name.
    `functions` holds what opaque functions are, by name (f and f′ apart); `given` the definitions to put in.
    Raises ValueError where an array is missing or two of them disagree about a dimension.
    """
    formula, given = with_masks(formula), tuple(map(with_masks, given))
    free = free_indices(formula)
    missing = sorted(free - set(indices), key=str)
    if missing:
        raise ValueError(f"index {missing[0]} of the formula is not among the indices of the result")
    formula = _contracted(gather(given).unfold(formula))

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


class _Emitter(Algebra[Any]):
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

    def integer(self, e: Any) -> int:
        for symbol in sorted(e.free_symbols, key=str):
            if symbol not in self.sizes:
                raise ValueError(f"dimension {symbol} can't be read off the arrays: give it by name")
        return int(e.subs(self.sizes))

    def result(self, formula: Expr, axes: tuple[Idx, ...]) -> Array:
        value = self.aligned(self.named(self(formula, {})), axes)
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

    def named(self, value: Named | Factors) -> Named:
        return value if isinstance(value, Named) else self.contraction([self.named(p) for p in value.parts], value.over)

    def index(self, e, env):
        """An index stays as it is written: where it is plain, it is an axis."""
        return e

    def number(self, at, value):
        return self.scalar(float(value))

    def constant(self, at):
        return self.scalar(float(at.node))

    def position(self, at, index):
        return Named(self.positions(index).astype(self.dtype), (index,))

    def positions(self, k: Idx) -> Array:
        return jnp.arange(int(k.lower), self.integer(k.upper) + 1)

    def symbol(self, at):
        if at.node in self.sizes:
            return self.scalar(self.sizes[at.node])
        if at.node.name not in self.arrays:
            raise ValueError(f"{at.node.name} is missing; given are {', '.join(sorted(self.arrays)) or 'none'}")
        return Named(self.arrays[at.node.name].astype(self.dtype), ())

    def places(self, e: Any) -> Named:
        """The values of an index expression, as integers."""
        axes = tuple(sorted(free_indices(e), key=str))
        result = jnp.asarray(self.integer(e.subs(dict.fromkeys(axes, 0))))
        for axis, k in enumerate(axes):
            shape = [1] * len(axes)
            shape[axis] = -1
            slope = self.integer(e.coeff(k)) if e != k else 1
            result = jnp.reshape(result, (1,) * (len(axes) - result.ndim) + result.shape) + jnp.reshape(
                slope * self.positions(k), shape
            )
        return Named(result, axes)

    def element(self, at, indices):
        """Its axes in place where the indices are plain and different, else gathered."""
        name = str(at.node.base.label)
        array = self.arrays[name].astype(self.dtype)
        plain = all(isinstance(i, Idx) for i in indices) and len(set(indices)) == len(indices)
        if plain:
            cuts = tuple(slice(int(i.lower) - self.lowest[name, axis], None) for axis, i in enumerate(indices))
            return Named(array[cuts], indices)
        parts = [self.places(i) for i in indices]
        axes = tuple(dict.fromkeys(k for part in parts for k in part.axes))
        places = tuple(self.aligned(part, axes) - self.lowest[name, axis] for axis, part in enumerate(parts))
        return Named(array[places], axes)

    def delta(self, at, a, b):
        if isinstance(a, Idx) and isinstance(b, Idx):
            return Named(jnp.eye(self.length(a), self.length(b), int(a.lower) - int(b.lower), dtype=self.dtype), (a, b))
        return self.together(lambda p, q: (p == q).astype(self.dtype), self.places(a), self.places(b))

    def add(self, at, terms):
        return reduce(lambda a, b: self.together(jnp.add, a, b), map(self.named, terms))

    def mul(self, at, deltas, factors):
        written = [self(a, at.env) for a in at.node.args]
        return Factors(tuple(written), ())

    def contraction(self, parts: Sequence[Named], over: tuple[Idx, ...]) -> Named:
        """Π parts, summed over some indices: one einsum, at most two operands meeting at a time."""
        axes = tuple(dict.fromkeys(k for part in parts for k in part.axes))
        letters = {k: n for n, k in enumerate(axes)}
        operands = [x for part in parts for x in (part.array, [letters[k] for k in part.axes])]
        kept = tuple(k for k in axes if k not in over)
        counted = prod(self.length(k) for k in over if k not in axes)
        result = jnp.einsum(*operands, [letters[k] for k in kept], precision="highest")
        return Named(result * jnp.asarray(counted, self.dtype) if counted != 1 else result, kept)

    def sum(self, at, limits, body: Body):
        """Σ a Σ b = ΣΣ a b where no index meets another of its name: einsum chooses the order."""
        over, value = tuple(limit[0] for limit in limits), body(at.env)
        if isinstance(value, Named):
            return Factors((value,), over)
        over += value.over
        sums = [part for part in value.parts if isinstance(part, Factors) and part.over]
        others = tuple(self.named(part) for part in value.parts if isinstance(part, Named) or not part.over)
        taken = {*over, *(k for part in others for k in part.axes)}
        if len(sums) == 1 and taken.isdisjoint(sums[0].over):
            return Factors((*others, *sums[0].parts), over + sums[0].over)
        return Factors((*others, *map(self.named, sums)), over)

    def pow(self, at):
        base, exponent = self.named(self(at.node.base, at.env)), at.node.exp
        if isinstance(exponent, Integer):
            whole = jnp.power(base.array, abs(int(exponent)))
            return Named(whole if exponent > 0 else 1 / whole, base.axes)
        if exponent == Rational(1, 2):
            return Named(jnp.sqrt(base.array), base.axes)
        return self.together(jnp.power, base, self.named(self(exponent, at.env)))

    def word(self, at, word: Word, x):
        if not word.jax and word.definition is not None:
            return self(word.definition(at.node.args[0]), at.env)
        return self.mapped(reduce(getattr, word.jax.split("."), jax), x())

    def mapped(self, function: Callable[[Array], Array], x: Named | Factors) -> Named:
        inner = self.named(x)
        return Named(function(inner.array), inner.axes)

    def step(self, at, x):
        return self.mapped(lambda array: (array >= 0).astype(self.dtype), x)

    def heaviside(self, at, x):
        at_zero = at.node.args[1]
        if not at_zero.is_number:
            return self.outside(at)
        return self.mapped(lambda array: jnp.heaviside(array, jnp.asarray(float(at_zero), self.dtype)), x)

    def sign(self, at, x):
        return self.mapped(jnp.sign, x)

    def absolute(self, at, x):
        return self.mapped(jnp.abs, x)

    def extreme(self, at, parts):
        choose = jnp.maximum if isinstance(at.node, Max) else jnp.minimum
        return reduce(lambda a, b: self.together(choose, a, b), map(self.named, parts))

    def reduced(self, body: Named, k: Idx, reduction: Callable[..., Array]) -> Named:
        if k not in body.axes:
            body = Named(
                jnp.broadcast_to(self.aligned(body, (*body.axes, k)), (*body.array.shape, self.length(k))),
                (*body.axes, k),
            )
        return Named(reduction(body.array, axis=body.axes.index(k)), tuple(a for a in body.axes if a != k))

    def product(self, at, limits, body: Body):
        return reduce(lambda b, limit: self.reduced(b, limit[0], jnp.prod), limits, self.named(body(at.env)))

    def maximum(self, at, limits, body: Body, where: Body):
        value = self.named(body(at.env))
        if at.node.where != 1:
            among = self.named(where(at.env))
            value = self.together(lambda x, keep: jnp.where(keep > 0, x, -jnp.inf), value, among)
        return self.reduced(value, limits[0][0], jnp.max)

    def matrix(self, limits: tuple, value: Named | Factors) -> Named:
        """The array with the two indices of a matrix as its last axes, which are no axes of the result."""
        named, over = self.named(value), tuple(limit[0] for limit in limits)
        axes = tuple(k for k in named.axes if k not in over)
        array = jnp.broadcast_to(self.aligned(named, axes + over), tuple(self.length(k) for k in axes + over))
        return Named(array, axes)

    def determinant(self, at, limits, body: Body):
        matrix = self.matrix(limits, body(at.env))
        return Named(jnp.linalg.det(matrix.array), matrix.axes)

    def inverse(self, at, indices, limits, body: Body):
        matrix = self.matrix(limits, body(at.env))
        row, column = (self.places(i) for i in indices)
        axes = tuple(dict.fromkeys((*matrix.axes, *row.axes, *column.axes)))
        lowest = int(limits[0][1])
        places = [self.aligned(self.ordinal(k), axes) for k in matrix.axes]
        places += [self.aligned(part, axes) - lowest for part in (row, column)]
        return Named(jnp.linalg.inv(matrix.array)[tuple(places)], axes)

    def ordinal(self, k: Idx) -> Named:
        return Named(jnp.arange(self.length(k)), (k,))

    def piecewise(self, at, branches):
        result = self.scalar(jnp.nan)
        for value, condition in reversed(list(branches)):
            result = self.together(jnp.where, condition(), self.named(value()), result)
        return result

    def truth(self, value):
        return Named(jnp.asarray(value), ())

    def connective(self, at, conditions):
        join = jnp.logical_and if isinstance(at.node, And) else jnp.logical_or
        return reduce(lambda a, b: self.together(join, a, b), conditions)

    def same(self, at, a, b):
        return self.together(COMPARISONS[type(at.node)], self.places(a), self.places(b))

    def comparison(self, at, a, b):
        return self.together(COMPARISONS[type(at.node)], self.named(a), self.named(b))

    def opaque(self, at, arguments):
        name = at.node.func.__name__
        if name not in self.functions:
            raise ValueError(f"function {name} is missing: give it in `functions`")
        return self.together(self.functions[name], *map(self.named, arguments))

    def outside(self, at: At):
        raise ValueError(f"{type(at.node).__name__} {at.node} can't be emitted")
