"""From the normal form back to SymPy, for side conditions and repaired formulas."""

from collections.abc import Mapping
from fractions import Fraction

import sympy
from sympy import (
    Abs,
    Add,
    Expr,
    Function,
    Idx,
    IndexedBase,
    Integer,
    KroneckerDelta,
    Mul,
    Pow,
    Product,
    Rational,
    Sum,
    Symbol,
    Tuple,
    exp,
    log,
    sign,
)
from sympy.core.symbol import Str

from derivations.engine.kernel.powers import is_positive
from derivations.engine.kernel.terms import Atom, Poly
from derivations.engine.language.indices import Affine, Leaf
from derivations.engine.language.vocabulary import Determinant, FieldValue, Inverse, Maximum, step
from derivations.engine.language.words import BY_NAME

Names = Mapping[Leaf, Idx]
DUMMIES = "klmpqrstuvabcdefgh"


def to_sympy(poly: Poly, names: Names | None = None) -> Expr:
    names = _readable(poly) if names is None else names
    return Add(
        *(
            Mul(_rational(c), *(Pow(_atom(a, names), _rational(Fraction(e))) for a, e in m))
            for m, c in sorted(poly.terms.items(), key=lambda term: str(term[0]))
        )
    )


def _readable(poly: Poly) -> Names:
    """Letters for the engine's own dummies that stand free in a part of a formula."""
    taken = {leaf.name for leaf in poly.leaves}
    letters = iter([letter for letter in DUMMIES if letter not in taken])
    return {
        leaf: Idx(next(letters), (leaf.lower, leaf.upper)) for leaf in sorted(poly.leaves) if leaf.name.startswith("·")
    }


def _rational(c: Fraction) -> Rational:
    return Rational(c.numerator, c.denominator)


def _index(index: Affine, names: Names) -> Expr:
    return Add(index.constant, *(c * names.get(leaf, _idx(leaf)) for leaf, c in index.terms))


def _idx(leaf: Leaf) -> Idx:
    return Idx(leaf.name, (leaf.lower, leaf.upper))


def _bound_names(atom: Atom, names: Names) -> dict[Leaf, Idx]:
    """Letters for the bound indices that nothing free here uses."""
    taken = {names[leaf].name if leaf in names else leaf.name for leaf in atom.leaves}
    letters = (letter + mark for mark in ("", "'", "''", "'''") for letter in DUMMIES if letter + mark not in taken)
    return {**names, **{b: Idx(next(letters), (b.lower, b.upper)) for b in atom.binders}}


def _atom(atom: Atom, names: Names) -> Expr:
    inner = _bound_names(atom, names)
    args = [to_sympy(a, inner) for a in atom.args]
    indices = [_index(i, names) for i in atom.indices]
    limits = [Tuple(inner[b], b.lower, b.upper) for b in atom.binders]
    match atom.kind:
        case "variable":
            return _array(atom)[tuple(indices)] if indices else _symbol(atom)
        case "delta":
            leading, *_rest = sorted(atom.indices[0].terms, key=lambda term: -term[1])
            one = _index(Affine(0, (leading,)), names)
            return KroneckerDelta(one, one - _index(atom.indices[0], names))
        case "index":
            return indices[0]
        case "constant":
            return getattr(sympy, atom.name)
        case "prime":
            return Integer(int(atom.name))
        case "log":
            return log(args[0] if is_positive(atom.args[0]) else Abs(args[0]))
        case "exp" | "step":
            return {"exp": exp, "step": step}[atom.kind](args[0])
        case "quotient":
            return args[0]
        case "size":
            return Abs(args[0])
        case "zero":
            return 1 - sign(args[0]) ** 2
        case "parity":
            return (-1) ** args[0]
        case "sum":
            return Sum(args[0], *limits)
        case "maximum":
            return Maximum(args[0], Tuple(*limits), args[1])
        case "determinant":
            return Determinant(args[0], Tuple(*limits))
        case "inverse":
            return Inverse(Tuple(*indices), args[0], Tuple(*limits))
        case "product":
            return Product(args[0], *limits)
        case "field":
            return FieldValue(Str(atom.name), Tuple(*indices), args[0], Tuple(*limits))
        case "unknown" if not indices:
            return Function(atom.name)(*args)
    if indices:
        return FieldValue(Str(atom.name), Tuple(*indices), args[0], Tuple())
    return BY_NAME[atom.name].function(*args)


def _symbol(atom: Atom) -> Symbol:
    return atom.under.symbols.get((atom.name, 0)) or Symbol(atom.name)


def _array(atom: Atom) -> IndexedBase:
    return atom.under.symbols.get((atom.name, 1)) or IndexedBase(atom.name)
