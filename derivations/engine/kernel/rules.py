"""Rules that say what a sum of products is: hypotheses, inverse matrices, sums that stand in a denominator, and where
they apply: a rule's left side is matched, and verified by putting in what its indices stand for."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from derivations.engine.kernel.assumptions import Reasoning
from derivations.engine.kernel.powers import REBUILD, substitute, substitute_atom
from derivations.engine.kernel.terms import (
    ZERO,
    Atom,
    Exponent,
    Poly,
    Powers,
    monomial,
    single,
)
from derivations.engine.kernel.whole import delta
from derivations.engine.language.indices import Affine, Leaf, difference, fresh, plain
from derivations.engine.language.indices import substitute as substitute_index


def opened(atom: Atom) -> tuple[tuple[Leaf, ...], Poly]:
    """The binders under fresh names, and the body in them."""
    names = tuple(fresh(b) for b in atom.binders)
    return names, substitute(atom.args[0], {b: plain(new) for b, new in zip(atom.binders, names, strict=True)})


class Rule(NamedTuple):
    """Σ over `dummies` of Π powers = right, for every value of the leaves in `free`; the hypothesis that says so."""

    dummies: tuple[Leaf, ...]
    powers: Powers
    right: Poly
    free: frozenset[Leaf]
    origin: Any = None
    law: str = "sum over its denominator"
    left_over: Poly = ZERO  # what is summed over the dummies in `kept` and taken from the right side
    kept: tuple[Leaf, ...] = ()

    @property
    def exchanges(self) -> tuple[Affine, ...] | None:
        """The indices on the right side of A_ij = ±A_ji, and of nothing else."""
        if self.right.single is None or abs(self.right.single[1]) != 1:
            return None
        left, right = list(self.powers.items()), list(self.right.single[0])
        if [(a.kind, a.name, e) for a, e in left] != [("variable", a.name, 1) for a, _ in right] or len(left) != 1:
            return None
        return right[0][0].indices

    def note(self, under: Reasoning) -> None:
        if self.origin is None:
            under.used.add(self.law)
        else:
            under.used.add("hypothesis")
            under.relied[self.origin] = None


class Match(NamedTuple):
    values: dict[Leaf, Affine]
    used: Powers
    rest: Poly
    dummies: tuple[Leaf, ...]


def denominators(powers: Powers, dummies: list[Leaf]) -> Iterator[Rule]:
    """A sum S that stands in a denominator is a rule: wherever its terms stand summed, there is S."""
    for atom, e in powers.items():
        if atom.kind == "sum" and e < 0:
            names, body = opened(atom)
            if body.single:
                m, c = body.single
                yield Rule(names, dict(m), single(atom).scale(1 / c), frozenset())


def inverses(under: Reasoning, powers: Powers) -> Iterator[Rule]:
    """Σ_k A_ik (A⁻¹)_kj = δ_ij = Σ_k (A⁻¹)_ik A_kj; for A = p + r: Σ_k p_ik (A⁻¹)_kj = δ_ij − Σ_k r_ik (A⁻¹)_kj."""
    for atom in powers:
        if atom.kind == "inverse":
            for transposed in (False, True):
                yield from _inverse_rule(under, atom, transposed)


def _inverse_rule(under: Reasoning, inverse: Atom, transposed: bool) -> Iterator[Rule]:
    i, j, d = (fresh(inverse.binders[0]) for _ in range(3))
    rows = (j, d) if transposed else (i, d)
    body = substitute(
        inverse.args[0], dict(zip(inverse.binders, map(plain, reversed(rows) if transposed else rows), strict=True))
    )
    entry = REBUILD["inverse"](inverse, (plain(i), plain(d)) if transposed else (plain(d), plain(j)), inverse.args)
    pivots = [m for m in body.terms if {*rows} <= set().union(*(a.leaves for a, _ in m))]
    pivots = [m for m in pivots if all(a.kind != "delta" for a, _ in m)]
    if not pivots or entry.single is None:
        return
    pivot = min(pivots, key=lambda m: (len(m), [(a.kind, a.name) for a, _ in m]))
    names, factors, c = (d,), dict(pivot), body.terms[pivot]
    if len(pivot) == 1 and pivot[0][0].kind == "sum" and pivot[0][1] == 1:
        opened_names, inner = opened(pivot[0][0])
        if inner.single is None:
            return
        names, factors, c = (d, *opened_names), dict(inner.single[0]), c * inner.single[1]
    ((found, e),) = entry.single[0]
    rest = Poly({m: k for m, k in body.terms.items() if m != pivot})
    yield Rule(
        names,
        factors | {found: e},
        delta(under, plain(i), plain(j)).scale(1 / c),
        frozenset((i, j)),
        law="inverse matrix",
        left_over=(rest * entry).scale(1 / c),
        kept=(d,) if rest else (),
    )


def matches(under: Reasoning, rule: Rule, dummies: list[Leaf], powers: Powers) -> Iterator[Match]:
    """The ways in which the rule's left side stands in Σ_dummies Π powers.

    The rule's dummies must meet dummies that no other factor mentions (then their sum parts from the rest), and a
    factor under them must be used up whole. What the rule's free indices stand for must not depend on these dummies:
    Σ_k W_ik = 1 for every i says nothing of Σ_k W_kk.
    """

    def search(pattern: list[tuple[Atom, Exponent]], values: dict[Leaf, Affine], used: Powers):
        if not pattern:
            if all(_becomes(wanted, atom, values) for wanted, atom in pairs):
                yield values, used
            return
        (wanted, e), *others = pattern
        for atom, have in powers.items():
            if atom.kind == wanted.kind and atom.name == wanted.name and have >= used.get(atom, 0) + e > 0:
                extended = _unify(wanted, atom, values, leaves)
                if extended is not None:
                    pairs.append((wanted, atom))
                    yield from search(others, extended, used | {atom: used.get(atom, 0) + e})
                    pairs.pop()

    pairs: list[tuple[Atom, Atom]] = []
    leaves = rule.free | set(rule.dummies)
    for values, used in search(sorted(rule.powers.items(), key=lambda item: item[0].kind != "variable"), {}, {}):
        bound = [leaf for d in rule.dummies if (leaf := _dummy_for(d, values, dummies)) is not None]
        if len(set(bound)) < len(rule.dummies):
            continue
        free = {leaf: values[leaf] for leaf in rule.free if leaf in values}
        if len(free) < len(rule.free) or not under.allowed(free):
            continue
        if any(not value.leaves.isdisjoint(bound) for value in free.values()):
            continue
        rest = {a: e - used.get(a, 0) for a, e in powers.items()}
        rest = {a: e for a, e in rest.items() if e}
        if any(not a.leaves.isdisjoint(bound) for a in rest):
            continue
        yield Match(values, used, monomial(rest), tuple(d for d in dummies if d not in bound))


def _becomes(wanted: Atom, atom: Atom, values: dict[Leaf, Affine]) -> bool:
    if wanted.kind == "variable":  # no rule may be tried on it here
        return tuple(substitute_index(i, values) for i in wanted.indices) == atom.indices
    return substitute_atom(wanted, values) == single(atom)


def _dummy_for(pattern: Leaf, values: dict[Leaf, Affine], dummies: list[Leaf]) -> Leaf | None:
    """The dummy of the same range that a rule's dummy has met."""
    leaf = values[pattern].plain if pattern in values else None
    same = leaf is not None and leaf in dummies and (leaf.lower, leaf.upper) == (pattern.lower, pattern.upper)
    return leaf if same else None


def _unify(wanted: Atom, atom: Atom, values: dict[Leaf, Affine], leaves: frozenset[Leaf]) -> dict[Leaf, Affine] | None:
    """Values of the leaves that may make `wanted` the same as `atom` (verified afterwards by putting them in)."""
    if len(wanted.indices) != len(atom.indices):
        return None
    for a, b in zip(wanted.indices, atom.indices, strict=True):
        leaf = a.plain
        if leaf is not None and leaf in leaves:
            if values.get(leaf, b) != b:
                return None
            values = values | {leaf: b}
        elif len(a.terms) == 1 and a.leaves <= leaves and abs(a.terms[0][1]) == 1:  # t + 1 = b
            (leaf, c), back = a.terms[0], difference(b, Affine(a.constant, ()))
            value = back if c == 1 else difference(Affine(0, ()), back)
            if values.get(leaf, value) != value:
                return None
            values = values | {leaf: value}
        elif a.leaves & leaves == frozenset() and a != b:
            return None
    for p, q in zip(wanted.args, atom.args, strict=True):
        for (m1, _), (m2, _) in zip(p.terms.items(), q.terms.items(), strict=False):
            for (a1, _), (a2, _) in zip(m1, m2, strict=False):
                if a1.kind != a2.kind or a1.name != a2.name:
                    continue
                extended = _unify(a1, a2, values, leaves)
                if extended is not None:
                    values = extended
    return values


def apply_equations(powers: Powers) -> Poly | None:
    """A hypothesis without dummies, such as d_i² = d_i, rewrites any product that contains its left side.

    One that would lead back, such as A_ij = A_ji, is used only where what it gives comes first by its text.
    """
    under = next(iter(powers)).under if powers else None
    for rule in under.rules if under else ():
        if rule.dummies:
            continue
        for match in matches(under, rule, [], powers):
            if rule.exchanges is None:
                if any(_repeats(rule, atom, e, match.values) for atom, e in match.used.items()):
                    continue
                rule.note(under)
                return match.rest * substitute(rule.right, match.values)
            (old,) = match.used
            new = Atom(under, "variable", old.name, tuple(substitute_index(i, match.values) for i in rule.exchanges))
            sign = next(iter(rule.right.terms.values()))
            if new.key < old.key or (new.key == old.key and sign < 0):
                rule.note(under)
                return match.rest * (monomial({new: 1}).scale(sign) if new.key < old.key else ZERO)
    return None


def _repeats(rule: Rule, atom: Atom, used: Exponent, values: dict[Leaf, Affine]) -> bool:
    """True if the right side holds the entry itself, as that of W_ik = δ_ik W_ii does for i = k."""
    return atom.kind == "variable" and any(
        a.kind == "variable"
        and a.name == atom.name
        and e >= used
        and tuple(substitute_index(i, values) for i in a.indices) == atom.indices
        for m in rule.right.terms
        for a, e in m
    )
