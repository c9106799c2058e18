"""Code as formulas: a jaxpr is walked once, each operation by its row (`rows`), each output an `Array`."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax._src import source_info_util
from jax.extend.core import Literal
from sympy import Expr, Integer, KroneckerDelta, Mul

from derivations import softplus
from derivations.engine.language.plain import plain
from derivations.reading.arrays import Array, AtOtherSizes, Loop, Outside, constant, together
from derivations.reading.meant import meant
from derivations.reading.reading import Reading
from derivations.reading.rows import ROWS, SPECIAL, row
from derivations.reading.rows.chance import random_key
from derivations.reading.rows.choice import equal, zero_or_one
from derivations.reading.rows.elementwise import entrywise
from derivations.reading.rows.layout import at_number, stacked
from derivations.reading.sizes import as_size, factors, is_whole

UNROLLED = 16  # steps of a scan
LISTED = 64  # entries of a constant array that are written out

# What gets no name of its own: entries that are moved, and what is as short as a name.
NAMELESS = {
    "broadcast_in_dim",
    "reshape",
    "transpose",
    "squeeze",
    "expand_dims",
    "convert_element_type",
    "slice",
    "neg",
}
NAMELESS |= {"split", "rev", "iota", "dim_as_value", "stop_gradient", "reduce_max", "reduce_min", "copy", "is_finite"}
NAMELESS |= {"eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "select_n", "max", "min", "add", "sub", "abs"}


# Of these what gets one where every line of the code is to be seen.
SHORT = {"add", "sub", "neg", "abs", "select_n", "max", "min"}

# jnp.logaddexp(a, b), of which jax.nn.softplus and log_sigmoid are made
LOGADDEXP = ["max", "sub", "ne", "add", "abs", "neg", "exp", "log1p", "add", "select_n"]


class NotRead(Exception):
    """An operation that is not read, with the line of the user's code."""


def read(r: Reading, jaxpr: Any, consts: Sequence[Any], args: Sequence[Array]) -> list[Array]:
    """The outputs of an open jaxpr as formulas of its inputs."""
    try:
        values: dict[Any, Array] = dict(zip(jaxpr.constvars, (written_out(r, c) for c in consts), strict=True))
    except Outside as error:
        raise NotRead(str(error)) from error
    values.update(zip(jaxpr.invars, args, strict=True))

    def value(v: Any) -> Array:
        return literal(r, v.val) if isinstance(v, Literal) else values[v]

    for e in jaxpr.eqns:
        name = e.primitive.name
        if name not in ROWS:
            raise NotRead(f"`{name}`{line_of(e)}")
        try:
            given = [value(v) for v in e.invars]
            check_kinds(name, [v.aval.dtype for v in (*e.invars, *e.outvars) if hasattr(v.aval, "dtype")])
            if name == "convert_element_type":
                given = [cast(r, given[0], e.invars[0].aval.dtype, e.outvars[0].aval.dtype)]
            out = ROWS[name](r, e.params, *given)
            out = out if isinstance(out, list) else [out]
            if (
                (name not in NAMELESS or (r.every and name in SHORT))
                and len(out) == 1
                and is_real(e.outvars[0])
                and not (out[0].undefined or out[0].bare)
            ):
                out = [r.named(out[0])]
        except AtOtherSizes:
            raise
        except Outside as error:
            raise NotRead(f"{error} in `{name}`{line_of(e)}") from error
        note_line(r, e, out)
        values.update(zip(e.outvars, out, strict=True))
    return [value(v) for v in jaxpr.outvars]


def note_line(r: Reading, e: Any, out: Sequence[Array]) -> None:
    """The last definition of a line of the user's source is what the line assigns."""
    frame = source_info_util.user_frame(e.source_info.traceback)
    if frame is None or not r.definitions or len(out) != 1 or out[0].hit is not None:
        return
    name = next(reversed(r.definitions))
    line = (frame.file_name, frame.start_line)
    for other in [n for n, known in r.places_in_source.items() if known == line and n != name]:
        del r.places_in_source[other]
    r.places_in_source.setdefault(name, line)


def check_kinds(name: str, kinds: Sequence[Any]) -> None:
    """Refuse what is no arithmetic of real or whole numbers: complex numbers, bits, rests, small whole numbers."""
    for kind in kinds:
        if jnp.issubdtype(kind, np.complexfloating):
            raise Outside("complex numbers")
        if jnp.issubdtype(kind, np.integer):
            if name in ("and", "or", "xor", "not"):
                raise Outside("the bits of whole numbers")
            if name in ("div", "pow") or (name in ("add", "sub", "mul", "neg") and kind.name not in ("int32", "int64")):
                raise Outside(f"arithmetic of {kind.name}")


def cast(r: Reading, x: Array, old: Any, new: Any) -> Array:
    """Numbers of another kind. What is cast to bool is 1 where it is not 0; real numbers become no whole ones."""
    if np.issubdtype(new, np.bool_) and not np.issubdtype(old, np.bool_):
        return ROWS["ne"](r, {}, x, constant(Integer(0)))
    if jnp.issubdtype(old, np.inexact) and jnp.issubdtype(new, np.integer):
        entry = x.at(*r.places(x.axes, "i"))
        if x.hit is None and not is_whole(entry) and not zero_or_one(r, entry):
            raise Outside("a cast to whole numbers")
    if jnp.issubdtype(old, np.signedinteger) and jnp.issubdtype(new, np.unsignedinteger):
        raise Outside("a cast that drops the sign")
    return x


def is_real(v: Any) -> bool:
    return np.issubdtype(v.aval.dtype, np.inexact) or v.aval.dtype.name == "bfloat16"


def line_of(e: Any) -> str:
    """Where in the user's files the operation stands."""
    frame = source_info_util.user_frame(e.source_info.traceback)
    return "" if frame is None else f" ({frame.file_name.rpartition('/')[2]}:{frame.start_line})"


def literal(r: Reading, value: Any) -> Array:
    """A number in the code: whole, true or false, −∞, NaN, or the real number that was meant."""
    if np.ndim(value):
        raise Outside("an array as a literal")
    x = np.asarray(value)
    if x.dtype == bool or np.issubdtype(x.dtype, np.integer):
        return constant(Integer(int(x)))
    number = float(x)
    if number == -np.inf or number <= -1e29:
        if np.isfinite(number):
            r.say(f"{number:g} stands for −∞")
        return Array((), lambda: Integer(0), lambda: Integer(0))
    if not np.isfinite(number):
        return Array((), lambda: Integer(0), undefined=True)
    exact = meant(number)
    if not exact.is_Rational or 10**12 % exact.q:
        r.say(f"the number {np.float32(number)!s} in the code is {plain(exact)}")
    return constant(exact)


def written_out(r: Reading, value: Any) -> Array:
    """A constant array: entry by entry if it is small, else an array of unknown entries."""
    if jnp.issubdtype(getattr(value, "dtype", np.float32), jax.dtypes.prng_key):
        return random_key(value)
    if np.ndim(value) == 0:
        return literal(r, value)
    x = np.asarray(value)
    axes = tuple(factors(Integer(n)) for n in x.shape)
    if x.size and (x == x.flat[0]).all():
        return literal(r, x.flat[0]).view(axes, lambda *i: ())
    if x.size > LISTED and not np.isfinite(x).all():
        raise Outside("an array with infinite entries in the code")
    if x.size > LISTED:
        key = (x.shape, str(x.dtype), x.tobytes())
        if key not in r.names:
            r.names[key] = r.unused(f"c{len(r.names) + 1}")
            r.constants[r.names[key]] = x
        return r.numbers(r.names[key], axes) if np.issubdtype(x.dtype, np.integer) else r.array(r.names[key], axes)
    if not np.isfinite(x).all() or (x <= -1e29).any():
        raise Outside("an array with infinite entries in the code")
    entries = {index: literal(r, x[index]).at() for index in np.ndindex(x.shape)}

    def entry(*i: Any) -> Expr:
        flat = [place[0] if place else Integer(1) for place in i]
        if all(isinstance(k, Integer) for k in flat):
            return entries[tuple(int(k) - 1 for k in flat)]
        return sum(
            (
                v * Mul(*(KroneckerDelta(k, n + 1) for k, n in zip(flat, where, strict=True)))
                for where, v in entries.items()
            ),
            Integer(0),
        )

    def hit(*i: Any) -> Expr:
        flat = [place[0] if place else Integer(1) for place in i[:-1]]
        return sum(
            (
                equal(r, v, i[-1]) * Mul(*(KroneckerDelta(k, n + 1) for k, n in zip(flat, where, strict=True)))
                for where, v in entries.items()
            ),
            Integer(0),
        )

    return Array(axes, entry, hit=hit if np.issubdtype(x.dtype, np.integer) and (x >= 0).all() else None)


@row(
    "jit",
    "pjit",
    "closed_call",
    "core_call",
    "custom_jvp_call",
    "custom_vjp_call",
    "custom_vjp_call_jaxpr",
    "checkpoint",
)
def call(r: Reading, p: dict[str, Any], *xs: Array) -> list[Array]:
    """A function in a function: what it computes; of one with a rule of its own, the rule is not looked at."""
    inner: Any = p.get("jaxpr") or p.get("call_jaxpr") or p.get("fun_jaxpr")
    if [e.primitive.name for e in getattr(inner, "jaxpr", inner).eqns] == LOGADDEXP and len(xs) == 2:
        return [entrywise(lambda a, b: softplus(a - b) + b, *xs)]
    if p.get("name") in SPECIAL:
        out = SPECIAL[p["name"]](r, p, *xs)
        if out is not None:
            return out if isinstance(out, list) else [out]
    return read(r, getattr(inner, "jaxpr", inner), getattr(inner, "consts", ()), xs)


@row("cond")
def cond(r: Reading, p: dict[str, Any], which: Array, *xs: Array) -> list[Array]:
    """Both branches, chosen by the condition."""
    if which.at().is_number:
        branch = p["branches"][int(which.at())]
        return read(r, branch.jaxpr, branch.consts, xs)
    if len(p["branches"]) != 2:
        raise Outside("a choice among more than two branches")
    outs = [read(r, b.jaxpr, b.consts, xs) for b in p["branches"]]
    return [ROWS["select_n"](r, {}, which, a, b) for a, b in zip(*outs, strict=True)]


@row("debug_callback", "debug_print")
def debug(r: Reading, p: dict[str, Any], *xs: Array) -> list[Array]:
    """What is only printed."""
    return []


@row("optimization_barrier")
def barrier(r: Reading, p: dict[str, Any], *xs: Array) -> list[Array]:
    return list(xs)


@row("platform_index")
def platform_index(r: Reading, p: dict[str, Any]) -> Array:
    """Programs for several platforms compute one thing."""
    return constant(Integer(0))


@row("scan")
def scan(r: Reading, p: dict[str, Any], *xs: Array) -> list[Array]:
    """Step after step, for a number of steps that is known."""
    length, body = p["length"], p["jaxpr"]
    if not isinstance(length, int):
        raise Loop(as_size(length))
    if length > UNROLLED:
        raise Outside(f"a loop of {length} steps")
    fixed, carry, rows = (
        xs[: p["num_consts"]],
        list(xs[p["num_consts"] :][: p["num_carry"]]),
        xs[p["num_consts"] :][p["num_carry"] :],
    )
    stacks: list[list[Array]] = []
    for n in reversed(range(length)) if p["reverse"] else range(length):
        out = read(r, body.jaxpr, body.consts, [*fixed, *carry, *(at_number(x, 0, n) for x in rows)])
        carry = out[: p["num_carry"]]
        stacks.append(out[p["num_carry"] :])
    if p["reverse"]:
        stacks.reverse()
    return [*carry, *(piled(r, list(ys)) for ys in zip(*stacks, strict=True))]


def piled(r: Reading, ys: list[Array]) -> Array:
    """Arrays of one shape along a new first axis."""
    rows = [y.view(((), *y.axes), lambda *i: i[1:]) for y in together(ys)]
    return stacked(r, 0, rows, ())


def closed(function: Any, *args: Any) -> Any:
    return jax.make_jaxpr(function)(*args)
