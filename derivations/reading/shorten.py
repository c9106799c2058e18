"""Fewer lines: a definition without a name of the user's goes into the line that alone uses it, where that is short."""

from typing import Any

from sympy import Abs, Expr, Idx, Indexed, Integer, Symbol, log, sign

from derivations import equation
from derivations.engine.judging.hypotheses import gather
from derivations.engine.language.domains import known_sign
from derivations.reading.arrays import Array
from derivations.reading.reading import Reading


def shorten(r: Reading, y: Array, named: set[str]) -> None:
    """In place: copies of maxima, signs that are known, sums and multiples that one line uses."""
    for name in [n for n in r.definitions if n in r.stopped and base_of(r.definitions[n].rhs) in r.maxima]:
        put_in(r, name)
    positive(r)
    shown = names_of(y.at(*r.places(y.axes)))
    for name in list(r.definitions):
        if name in named | shown | r.maxima | r.stopped:
            continue
        users = [n for n, d in r.definitions.items() if name in names_of(d.rhs)]
        if len(users) == 1 and (is_short(r.definitions[name].rhs) or is_multiple(r.definitions[users[0]].rhs, name)):
            put_in(r, name)


def put_in(r: Reading, name: str) -> None:
    """The formula in the place of the name."""
    left, right = r.definitions.pop(name).args
    for other, d in r.definitions.items():
        swap = {x: at(left, right, x) for x in d.rhs.atoms(type(left)) if base_of(x) == name}
        if swap:
            r.definitions[other] = equation(d.lhs, d.rhs.xreplace(swap))


def at(left: Expr, right: Expr, x: Expr) -> Expr:
    indices = dict(zip(getattr(left, "indices", ()), getattr(x, "indices", ()), strict=True))
    return right.xreplace({k: v for k, v in indices.items() if isinstance(k, Idx)})


def positive(r: Reading) -> None:
    """|u| = u and sign u = 1 where u is > 0 by the way it is made."""
    for name, d in r.definitions.items():
        known = gather(r.definitions.values())
        swap = {e: e.args[0] if isinstance(e, Abs) else Integer(1) for e in d.rhs.atoms(Abs, sign) if above(known, e)}
        if swap:
            r.definitions[name] = equation(d.lhs, d.rhs.xreplace(swap))


def above(known: Any, e: Expr) -> bool:
    u = known.unfold(e.args[0])
    return known_sign(u) == 2


def base_of(e: Expr) -> str:
    return str(e.base.label) if isinstance(e, Indexed) else getattr(e, "name", "")


def names_of(e: Expr) -> set[str]:
    return {base_of(x) for x in e.atoms(Indexed, Symbol)}


def is_short(e: Expr) -> bool:
    """A sum of few entries, or a multiple of one."""
    parts = e.args if e.is_Add else (e,)
    return len(parts) <= 2 and all(len(p.atoms(Indexed)) <= 1 and not p.has(log) and is_linear(p) for p in parts)


def is_linear(e: Expr) -> bool:
    entries = e.atoms(Indexed)
    return all(not (e / x).has(Indexed) for x in entries) if entries else not e.has(Idx)


def is_multiple(e: Expr, name: str) -> bool:
    """Is the formula c t with a number or size c?"""
    found = [x for x in e.atoms(Indexed) or e.atoms(Symbol) if base_of(x) == name]
    return len(found) == 1 and not (e / found[0]).has(Indexed, Idx) and names_of(e / found[0]).isdisjoint({name})
