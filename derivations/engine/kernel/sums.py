"""Sums over an index of arbitrary range, and the atoms that bind an index.

A product of factors under dummies is closed in five steps, each an identity of finite sums:

1. a delta whose other index provably stays inside the dummy's range is contracted: Σ_k δ(k − i) f(k) = f(i);
2. sums inside that depend on a dummy are opened under fresh names: Σ_k a_k (Σ_l b_kl) = Σ_k Σ_l a_k b_kl;
3. factors free of the dummies leave the sum, and factors that share no dummy part:
   Σ_k Σ_l a_k b_l = (Σ_k a_k)(Σ_l b_l); a dummy that no factor mentions counts its range;
4. what still hangs together is searched for hypotheses (Σ d = 1) and for a sum that also stands in a denominator:
   Σ_i Σ_j c_i e_ij / S_i = Σ_i c_i for S_i = Σ_j e_ij;
5. the rest is one atom, under canonical dummy names (see `naming`).
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from sympy import Integer

from derivations.engine.kernel.assumptions import Reasoning
from derivations.engine.kernel.naming import canonical_order
from derivations.engine.kernel.powers import REBUILD, never_negative, substitute, substitute_atom, substitute_powers
from derivations.engine.kernel.size import exact, never_empty, polynomial, size
from derivations.engine.kernel.terms import (
    ZERO,
    Atom,
    Exponent,
    Monomial,
    Poly,
    Powers,
    monomial,
    number,
    single,
    total,
)
from derivations.engine.kernel.whole import attained, counted, delta, whole
from derivations.engine.language.indices import Affine, Leaf, difference, fresh, inside, plain, solve
from derivations.engine.language.indices import never_negative as never_negative_size
from derivations.engine.language.indices import substitute as substitute_index

Dummies = tuple[Leaf, ...]
PEELED = 64  # a range of fixed size is written out up to here


def sum_over(under: Reasoning, poly: Poly, dummies: tuple[Leaf, ...]) -> Poly:
    """Σ over the dummies; they must be names that nothing else uses."""
    return total(_close(under, list(dummies), m).scale(c) for m, c in poly.terms.items())


def _close(under: Reasoning, dummies: list[Leaf], m: Monomial) -> Poly:
    under.tick()
    powers = dict(m)
    for atom in powers:
        for dummy in (d for d in dummies if atom.kind == "delta" and d in atom.leaves):
            value = solve(atom.indices[0], dummy)
            if value is not None and inside(value, dummy):
                rest = substitute_powers({a: e for a, e in powers.items() if a is not atom}, {dummy: value})
                under.used.add("sum over delta")
                return sum_over(under, rest, tuple(d for d in dummies if d != dummy))
    for atom, e in powers.items():
        if atom.kind == "sum" and isinstance(e, int) and e > 0 and not atom.leaves.isdisjoint(dummies):
            binders, body = opened(atom)
            rest = monomial({a: k for a, k in powers.items() if a is not atom} | ({atom: e - 1} if e > 1 else {}))
            return sum_over(under, rest * body, (*dummies, *binders))
    result = monomial({a: e for a, e in powers.items() if a.leaves.isdisjoint(dummies)})
    for group, factors in _components(dummies, powers):
        result = result * _close_component(under, group, factors)
    return result


def opened(atom: Atom) -> tuple[tuple[Leaf, ...], Poly]:
    """The binders under fresh names, and the body in them."""
    names = tuple(fresh(b) for b in atom.binders)
    return names, substitute(atom.args[0], {b: plain(new) for b, new in zip(atom.binders, names, strict=True)})


def _components(dummies: list[Leaf], powers: Powers) -> Iterator[tuple[list[Leaf], Powers]]:
    """The dummies in groups that no factor joins, each with its factors."""
    left = list(dummies)
    while left:
        group, factors = {left[0]}, {}
        while True:
            joined = {a: e for a, e in powers.items() if not a.leaves.isdisjoint(group)}
            if len(joined) == len(factors):
                break
            factors = joined
            group |= {d for a in joined for d in a.leaves if d in left}
        yield [d for d in left if d in group], factors
        left = [d for d in left if d not in group]


def _close_component(under: Reasoning, dummies: list[Leaf], powers: Powers) -> Poly:
    if not powers:
        return size(dummies[0], under)
    for d in dummies:
        narrower = _narrowed(powers, d)
        if narrower is not None:
            step, new = narrower
            moved = substitute_powers({a: e for a, e in powers.items() if a is not step}, {d: plain(new)})
            return sum_over(under, moved, (*(leaf for leaf in dummies if leaf != d), new))
    for d in dummies:
        shift = _shift(powers, d)
        if shift:
            moved = fresh(Leaf(d.name, d.lower + shift, d.upper + shift))
            shifted = substitute_powers(powers, {d: Affine(-shift, ((moved, 1),))})
            return sum_over(under, shifted, (*(leaf for leaf in dummies if leaf != d), moved))
    for d in dummies:
        values = _peeled(d)
        if values is not None and (not values[1] or all(_everywhere(a, e) for a, e in powers.items())):
            return _peel(under, dummies, powers, d, *values)
    for d in dummies:
        count = counted(under, d, {a: e for a, e in powers.items() if d in a.leaves})
        if count is not None:
            others = monomial({a: e for a, e in powers.items() if d not in a.leaves})
            return sum_over(under, count * others, tuple(leaf for leaf in dummies if leaf != d))
    for rule in (*_denominators(powers, dummies), *_inverses(under, powers), *(r for r in under.rules if r.dummies)):
        for match in matches(under, rule, dummies, powers):
            rule.note(under)
            closed = sum_over(under, match.rest * substitute(rule.right, match.values), match.dummies)
            left = match.rest * substitute(rule.left_over, match.values)
            kept = tuple(leaf for d in rule.kept if (leaf := match.values[d].plain) is not None)
            return closed - sum_over(under, left, (*match.dummies, *kept)) if left else closed
    order = canonical_order(dummies, powers)
    level = 1 + max((a.level for a in powers), default=0)
    names = {d: Leaf(f"·{level}.{k:02d}", d.lower, d.upper) for k, d in enumerate(order)}
    body = substitute_powers(powers, {d: plain(new) for d, new in names.items()})
    if body.single is None:  # renaming let a law apply, such as tanh(−x) = −tanh x
        return sum_over(under, *_refreshed(body, names))
    m, c = body.single
    atom = Atom(
        under,
        "sum",
        args=(Poly({m: Fraction(1)}),),
        binders=tuple(names.values()),
        positive=all(a.positive or attained(a, tuple(names.values())) for a, _ in m) and all(map(never_empty, dummies)),
        nonnegative=never_negative(m),
    )
    return single(atom).scale(c)


def _narrowed(powers: Powers, d: Leaf) -> tuple[Atom, Leaf] | None:
    """A step(u − k) that is 1 for k up to u, a size that never is above the range: Σ_{k ≤ n} step(n − 1 − k) f_k."""
    for atom in powers:
        found = whole(atom.under, atom.args[0]) if atom.kind == "step" and d in atom.leaves else None
        if found is not None and found[0].terms == ((d, -1),) and found[1].free_symbols:
            upper = found[1] + found[0].constant
            if never_negative_size(d.upper - upper):
                return atom, fresh(Leaf(d.name, d.lower, upper))
    return None


def empty_sums(powers: Powers) -> Poly | None:
    """step(p) Σ_{k=l}^u = Σ where p ≥ u − l: where the sum is not empty, the step is 1."""
    steps = [a for a in powers if a.kind == "step" and not a.leaves]
    for atom in powers if steps else ():
        if atom.kind == "sum" and len(atom.binders) == 1 and atom.binders[0].upper.free_symbols:
            d = atom.binders[0]
            span = polynomial(d.upper, sorted(d.upper.free_symbols, key=str), atom.under) - number(d.lower)
            for step in steps:
                above = (step.args[0] - span).constant
                if above is not None and above >= 0:
                    return monomial({a: e for a, e in powers.items() if a is not step})
    return None


def _shift(powers: Powers, d: Leaf) -> int:
    """By how much to move the dummy so that the least index is d itself: Σ_{k=1}^{n−1} x_{k+1} = Σ_{k=2}^n x_k."""
    found = {i for a in powers for i in _indices(a) if dict(i.terms).get(d) == 1}
    alone = [i.constant for i in found if len(i.terms) == 1]
    return min(alone or [i.constant for i in found], default=0)


def _indices(atom: Atom) -> Iterator[Affine]:
    yield from atom.indices
    for argument in atom.args:
        for m in argument.terms:
            for inner, _ in m:
                yield from _indices(inner)


def _everywhere(atom: Atom, e: Exponent) -> bool:
    """True if the power has a value at every real argument, so that it may be looked at outside of the range, too."""
    return (
        isinstance(e, int)
        and e > 0
        and atom.kind not in ("log", "quotient", "prime")
        and all(_everywhere(a, k) for p in atom.args for m in p.terms for a, k in m)
    )


def _peeled(d: Leaf) -> tuple[range, range, Leaf | None] | None:
    """Values to add one by one, values to take off, and the sum that remains: a range of fixed size altogether, of a
    range that starts below 1 what lies below, and of one that starts above 1 what is missing, where it can't be empty
    by more than that."""
    if isinstance(d.upper, Integer):
        return (range(d.lower, int(d.upper) + 1), range(0), None) if d.size <= PEELED else None
    if d.lower != 1 and abs(d.lower) <= PEELED and exact(d) and exact(Leaf(d.name, 1, d.upper)):
        return range(d.lower, 1), range(1, d.lower), Leaf(d.name, 1, d.upper)
    return None


def _peel(
    under: Reasoning, dummies: list[Leaf], powers: Powers, d: Leaf, more: range, less: range, remaining: Leaf | None
) -> Poly:
    others = tuple(leaf for leaf in dummies if leaf != d)

    def at(value: int) -> Poly:
        return sum_over(under, substitute_powers(powers, {d: Affine(value, ())}), others)

    result = total(at(v) for v in more) - total(at(v) for v in less)
    if remaining is not None:
        new = fresh(remaining)
        result = result + sum_over(under, substitute_powers(powers, {d: plain(new)}), (*others, new))
    return result


def _refreshed(body: Poly, names: dict[Leaf, Leaf]) -> tuple[Poly, tuple[Leaf, ...]]:
    new = {leaf: fresh(leaf) for leaf in names.values()}
    return substitute(body, {old: plain(leaf) for old, leaf in new.items()}), tuple(new.values())


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


def _denominators(powers: Powers, dummies: list[Leaf]) -> Iterator[Rule]:
    """A sum S that stands in a denominator is a rule: wherever its terms stand summed, there is S."""
    for atom, e in powers.items():
        if atom.kind == "sum" and e < 0:
            names, body = opened(atom)
            if body.single:
                m, c = body.single
                yield Rule(names, dict(m), single(atom).scale(1 / c), frozenset())


def _inverses(under: Reasoning, powers: Powers) -> Iterator[Rule]:
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


def _rebuild_sum(atom: Atom, indices: tuple[Affine, ...], args: tuple[Poly, ...]) -> Poly:
    return sum_over(atom.under, *_refreshed(args[0], {b: b for b in atom.binders}))


def bound(
    under: Reasoning, kind: str, name: str, indices: tuple[Affine, ...], args: tuple[Poly, ...], dummies: Dummies
) -> Poly:
    """An atom that binds indices in its arguments: the maximum over an index, a function of a vector or a matrix."""
    level = 1 + max(a.level for a in args)
    leaves = tuple(Leaf(f"·{level}.{p:02d}", d.lower, d.upper) for p, d in enumerate(dummies))
    names = {d: plain(leaf) for d, leaf in zip(dummies, leaves, strict=True)}
    return single(Atom(under, kind, name, indices, tuple(substitute(a, names) for a in args), leaves))


def _rebuild_bound(atom: Atom, indices: tuple[Affine, ...], args: tuple[Poly, ...]) -> Poly:
    return bound(atom.under, atom.kind, atom.name, indices, args, atom.binders)


REBUILD.update(sum=_rebuild_sum, maximum=_rebuild_bound, product=_rebuild_bound, field=_rebuild_bound)


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
