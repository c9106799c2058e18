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

from sympy import Integer

from derivations.engine.kernel.assumptions import Reasoning
from derivations.engine.kernel.naming import canonical_order
from derivations.engine.kernel.powers import REBUILD, never_negative, substitute, substitute_powers
from derivations.engine.kernel.rules import denominators, inverses, matches, opened
from derivations.engine.kernel.size import exact, never_empty, polynomial, size
from derivations.engine.kernel.terms import (
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
from derivations.engine.kernel.whole import attained, counted, whole
from derivations.engine.language.indices import Affine, Leaf, fresh, inside, plain, solve
from derivations.engine.language.indices import never_negative as never_negative_size

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
    for rule in (*denominators(powers, dummies), *inverses(under, powers), *(r for r in under.rules if r.dummies)):
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
