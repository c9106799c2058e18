"""Repairs as their author would write them: his names and dummies, one sum for several, factors in front."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import product

from sympy import Add, Expr, Idx, Indexed, Integer, KroneckerDelta, Mul, Pow, Sum, expand_mul, factor_terms, fraction

from derivations.engine.language.plain import plain
from derivations.engine.language.renaming import free_indices, indices_of, replace_index

MOST_PLACES = 60  # values of the indices at which a definition is looked for
LONGEST = 40  # letters of a factor that is named
MOST_TERMS = 60
Definition = tuple[Expr, Expr]


class Author:
    """How one writes: the definitions, the dummies and the right side that stand in a claim."""

    def __init__(self, right: Expr, definitions: Sequence[Definition], normal: Callable[[Expr], Expr]):
        """`normal` brings a formula into the form in which what is to be written comes."""
        self.right, self.normal = right, normal
        self.definitions = [(name, normal(meant)) for name, meant in definitions]
        sums = {s for e in (right, *(meant for _, meant in definitions)) for s in e.atoms(Sum)}
        self.dummies = sorted({limit[0] for s in sums for limit in s.limits}, key=str)

    def forms(self, formula: Expr) -> list[Expr]:
        """The formula, the shortest form first; of equally short ones, what has more factors of the right side."""
        found = {formula}
        for change in (self.named, self.merged, contracted, factored):
            found |= {change(e) for e in found if len(Add.make_args(e)) <= MOST_TERMS}
        theirs = set(Mul.make_args(self.right))
        return sorted(found, key=lambda e: (len(plain(e)), -len(theirs.intersection(Mul.make_args(e))), str(e)))

    def named(self, e: Expr) -> Expr:
        return folded(e, self.definitions)

    def merged(self, e: Expr) -> Expr:
        return merged(e, self.dummies)

    def mistake(self, value: Expr, formula: Expr) -> str:
        """How the right side differs from the true formula, whose normal form is `value`; empty if that is long."""
        theirs, ours = (Add(*map(self.merged, Add.make_args(self.named(e)))) for e in (self.normal(self.right), value))
        return ratio(self.right, formula) or difference(theirs, ours)


def folded(e: Expr, definitions: Sequence[Definition]) -> Expr:
    """y_i where its definition stands, whatever i is."""
    for left, right in reversed(definitions):
        places = [i for i in left.indices if isinstance(i, Idx)] if isinstance(left, Indexed) else []
        choices = [[k for k in sorted(indices_of(e), key=str) if _range(k) == _range(p)] for p in places]
        for values in list(product(*choices))[:MOST_PLACES]:
            name, meant = left, right
            for old, new in zip(places, values, strict=True):
                name, meant = replace_index(name, old, new), replace_index(meant, old, new)
            if meant not in (0, 1) and not meant.is_number:
                e = _without(e, meant, name)
    return e


def _without(e: Expr, meant: Expr, name: Expr) -> Expr:
    """The terms in which `meant` stands with a name for it; as often as it is a factor."""
    if isinstance(e, Add):
        return Add(*(_without(term, meant, name) for term in e.args))
    for _ in range(4):
        new = e.subs(meant, name)
        if new == e or len(plain(new)) > len(plain(e)):
            return e
        e = new
    return e


def _range(k: Idx) -> tuple:
    return k.lower, k.upper


def merged(e: Expr, dummies: Sequence[Idx]) -> Expr:
    """Sums over the same ranges made one, over the author's dummies, what does not depend on them in front."""
    groups: dict[tuple, list[Expr]] = defaultdict(list)
    rest: list[Expr] = []
    for term in Add.make_args(e):
        sums = [f for f in Mul.make_args(term) if isinstance(f, Sum)]
        if len(sums) != 1:
            rest.append(term)
            continue
        (found,) = sums
        outside = Mul(*(f for f in Mul.make_args(term) if f is not found))
        taken, new = free_indices(e) | indices_of(outside), []
        body = found.function
        for k, *_ends in found.limits:
            wanted = next((d for d in dummies if _range(d) == _range(k) and d not in taken | set(new)), k)
            inner = indices_of(body) - {k}
            wanted = k if wanted in inner else wanted
            body, new = replace_index(body, k, wanted), [*new, wanted]
        limits = tuple((k, lower, upper) for k, (_, lower, upper) in zip(new, found.limits, strict=True))
        groups[limits].append(outside * body)
    for limits, bodies in groups.items():
        inside = factor_terms(Add(*bodies))
        bound = {limit[0] for limit in limits}
        fixed = [f for f in Mul.make_args(inside) if not free_indices(f) & bound]
        rest.append(Mul(*fixed) * Sum(inside / Mul(*fixed), *limits))
    return Add(*rest)


def contracted(e: Expr) -> Expr:
    """δ_ij f_j for δ_ij f_i."""
    terms = []
    for term in Add.make_args(e):
        delta = next((f for f in Mul.make_args(term) if isinstance(f, KroneckerDelta)), None)
        if delta is not None and all(isinstance(k, Idx) for k in delta.args[:2]):
            term = delta * replace_index(term / delta, *delta.args[:2])
        terms.append(term)
    return Add(*terms)


def factored(e: Expr) -> Expr:
    return factor_terms(e) if isinstance(e, Add) else e


def ratio(right: Expr, true: Expr) -> str:
    """What was forgotten as a factor, or what should stand in the place of one."""
    above, below = fraction(true / right) if right != 0 else (true, Integer(1))
    if any(len(plain(part)) > LONGEST or part in (true, right, -1) for part in (above, below)):
        return ""
    if below == 1:
        return f"a missing factor {plain(above)}"
    if above == 1:
        there = below in Mul.make_args(right)
        return f"a superfluous factor {plain(below)}" if there else f"a missing factor {plain(1 / below)}"
    return f"{plain(above)} where {plain(below)} stands"


def difference(right: Expr, true: Expr) -> str:
    """Which terms are missing, and which are too much."""
    ours, theirs = (defaultdict(lambda: Integer(0), _terms(e)) for e in (true, right))
    gap = {term: ours[term] - theirs[term] for term in {**ours, **theirs}}
    missing = Add(*(c * term for term, c in gap.items() if abs(ours[term]) > abs(theirs[term])))
    too_much = Add(*(-c * term for term, c in gap.items() if c and abs(ours[term]) <= abs(theirs[term])))
    if len(Add.make_args(missing)) + len(Add.make_args(too_much)) > 3 or too_much == right:
        return ""
    if too_much == 0:
        return f"a missing {'δ ' if missing.has(KroneckerDelta) else ''}term {plain(missing)}"
    return (
        f"{plain(missing)} is missing, {plain(too_much)} is too much"
        if missing != 0
        else f"{plain(too_much)} is too much"
    )


def _terms(e: Expr) -> dict[Expr, Expr]:
    size = 1
    for part in e.atoms(Add):
        size *= len(part.args)
    pairs = (term.as_coeff_Mul() for term in Add.make_args(expand_mul(e) if size <= MOST_TERMS else e))
    return {term: c for c, term in pairs}


def place(old: Expr, new: Expr) -> str:
    """Where two formulas differ by one part: what should stand for what."""
    while True:
        mine, theirs = list(old.args), list(new.args)
        if type(old) is not type(new) or isinstance(old, (Indexed, KroneckerDelta, Pow)) or not mine or not theirs:
            break
        left = [a for a in mine if a not in theirs]
        right = [a for a in theirs if a not in mine]
        if len(left) == len(right) == 1 and len(mine) == len(theirs):
            old, new = left[0], right[0]
        elif isinstance(old, (Add, Mul)) and left and right:
            return _instead(old.func(*left), old.func(*right))
        else:
            break
    return _instead(old, new)


def _instead(old: Expr, new: Expr) -> str:
    if not (isinstance(old, Expr) and isinstance(new, Expr)) or len(plain(old)) + len(plain(new)) > 2 * LONGEST:
        return ""
    return f": {plain(new)} where {plain(old)} stands"
