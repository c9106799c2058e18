"""Comparisons, masks and choices. A condition is a formula that is 1 where it holds and 0 where it doesn't.

Of whole numbers made of indices and sizes the answer is known where it is the same for all of them.
"""

from functools import partial

from sympy import Add, Expr, Idx, Indexed, IndexedBase, Integer, KroneckerDelta, Rational, Symbol, expand

from derivations import equation, step, total
from derivations.reading.arrays import Array, Outside, constant, together
from derivations.reading.rows.elementwise import entrywise
from derivations.reading.rows.table import ROWS, row
from derivations.reading.sizes import always, as_size, factors, is_never_negative, is_whole

HALF = Rational(1, 2)


def index_step(r, gap: Expr) -> Expr:
    """1 where gap ≥ 0, for a gap that is a whole number.

    The order of two indices, i − j + c ≥ 0, is an unknown condition P_ij, one for each c ≥ 0: what holds for any mask
    holds for this one. Else step(gap + ½), which has no tie.
    """
    gap = expand(gap)
    known = always(gap)
    if known is not None:
        return Integer(int(known))
    c, rest = gap.as_coeff_Add()
    up = [k for k in gap.atoms(Idx) if rest.coeff(k) == 1]
    down = [k for k in gap.atoms(Idx) if rest.coeff(k) == -1]
    if len(up) == len(down) == 1 and rest == up[0] - down[0]:
        if c < 0:
            return 1 - index_step(r, -gap - 1)
        return r.unknown("P_", ("ge", gap), gap, order=(up[0], down[0]))
    return step(gap + HALF)


def equal(r, a: Expr, b: Expr) -> Expr:
    """1 where a = b, for whole numbers made of indices and sizes."""
    gap = expand(a - b)
    if gap == 0:
        return Integer(1)
    above, below = always(gap), always(-gap)
    if always(gap - 1) or always(-gap - 1):
        return Integer(0)
    if not sizes_in(gap):
        for term in gap.as_ordered_terms():
            c, k = term.as_coeff_Mul()
            if abs(c) == 1:
                return KroneckerDelta(k, k - c * gap)
    if above or below:  # one side is known
        return index_step(r, -gap if above else gap)
    return index_step(r, gap) * index_step(r, -gap)


def sizes_in(e: Expr) -> set:
    """The sizes in a number made of indices and sizes; those of the indices' ranges don't count."""
    return set() if isinstance(e, Idx) else {e} if e.is_Symbol else set().union(*map(sizes_in, e.args))


COMPARISONS = {
    "ge": lambda r, gap: index_step(r, gap),
    "gt": lambda r, gap: index_step(r, gap - 1),
    "le": lambda r, gap: index_step(r, -gap),
    "lt": lambda r, gap: index_step(r, -gap - 1),
}


def compared(name: str):
    def compare(r, p, x: Array, y: Array) -> Array:
        if x.finite is not None or y.finite is not None:
            return with_infinity(r, name, x, y)
        x, y = together([x, y])
        axes = next((a.axes for a in (x, y) if a.axes), ())
        return Array(axes, lambda *i: comparison(r, name, x, y, i))

    return compare


ROWS.update({name: compared(name) for name in ("eq", "ne", "ge", "gt", "le", "lt")})


def with_infinity(r, name: str, x: Array, y: Array) -> Array:
    """Of numbers that may be −∞: it is equal to itself and below all others."""
    if name in ("ne", "lt", "gt"):
        turned = with_infinity(r, {"ne": "eq", "lt": "ge", "gt": "le"}[name], x, y)
        return Array(turned.axes, lambda *i: 1 - turned.at(*i))
    if name == "le":
        return with_infinity(r, "ge", y, x)
    x, y = together([x, y])
    axes = next((a.axes for a in (x, y) if a.axes), ())

    def entry(*i):
        a, b = (Integer(1) if v.finite is None else v.finite(*i) if v.axes else v.finite() for v in (x, y))
        settled = (1 - b) if name == "ge" else (1 - a) * (1 - b)
        return settled if a * b == 0 else settled + a * b * comparison(r, name, x, y, i)

    return Array(axes, entry)


def comparison(r, name: str, x: Array, y: Array, i) -> Expr:
    a, b = (v.at(*i) if v.axes else v.at() for v in (x, y))
    if name == "ne":
        return 1 - comparison(r, "eq", x, y, i)
    if a == b:
        return Integer(int(name in ("eq", "ge", "le")))
    if is_whole(a) and is_whole(b):
        return equal(r, a, b) if name == "eq" else COMPARISONS[name](r, a - b)
    if name == "eq":
        for one, other, p in ((x, y, b), (y, x, a)):
            if one.hit is not None and is_whole(p):
                hit = partial(one.hit, *(i if one.axes else ()))
                if isinstance(p + 1, Idx) or (other.axes and p == 0):
                    r.labels(hit, (p + 1).upper if isinstance(p + 1, Idx) else Integer(1))
                return hit(p)
    if (x.hit is not None and b == 0 and not is_labels(a)) and name in ("ge", "lt"):
        return Integer(int(name == "ge"))  # a computed place
    if is_labels(a - b):
        return predicate(r, name, a - b)
    if zero_or_one(r, a) and b.is_number:
        return decided(name, a, b)
    return real(r, name, a, b)


def decided(name: str, a: Expr, b: Expr) -> Expr:
    """A comparison of a condition, 0 or 1, with a number."""
    holds = {"eq": lambda v: v == b, "ge": lambda v: v >= b, "gt": lambda v: v > b, "le": lambda v: v <= b}
    holds["lt"] = lambda v: v < b
    on, off = (Integer(int(bool(holds[name](Integer(v))))) for v in (1, 0))
    return off + a * (on - off)


def zero_or_one(r, e: Expr) -> bool:
    """True for conditions: steps, deltas, unknown conditions, and 1 minus or products of such."""
    if isinstance(e, (step, KroneckerDelta)) or e in (0, 1):
        return True
    if isinstance(e, (Indexed, Symbol)):
        return name_of(e) in r.conditions
    if e.is_Mul:
        return all(zero_or_one(r, a) for a in e.args)
    return e.is_Add and len(e.args) == 2 and not (1 - e).is_Add and zero_or_one(r, 1 - e)


def name_of(e: Expr) -> str | None:
    return str(e.base.label) if isinstance(e, Indexed) else e.name if isinstance(e, Symbol) else None


def real(r, name: str, a: Expr, b: Expr) -> Expr:
    """Of real numbers, exactly: a ≥ b is step(a − b), a > b is 1 − step(b − a)."""
    if name == "eq":  # what never exceeds a maximum equals it where it is not below
        for top, other in ((b, a), (a, b)):
            if is_maximum(r, top):
                return step(other - top)
        return step(a - b) * step(b - a)
    if name in ("lt", "le"):
        a, b = b, a
    return step(a - b) if name in ("ge", "le") else 1 - step(b - a)


def is_maximum(r, e: Expr) -> bool:
    name = name_of(e)
    return name in r.maxima or (name in r.stopped and is_maximum(r, r.definitions[name].rhs))


def is_labels(e: Expr) -> bool:
    """True if the number is made of whole-number inputs, indices and sizes."""
    bases = {x.base.label for x in e.atoms(Indexed)} | {k.label for k in e.atoms(Idx)}
    numbers = [*e.atoms(Indexed), *(s for s in e.atoms(Symbol) if s not in bases)]
    return bool(numbers) and all(v.is_integer for v in numbers) and not e.atoms(Rational) - e.atoms(Integer)


def hits(r, x: Array):
    """The indicator that an entry is p, for an array of whole numbers."""
    if x.hit is not None:
        return x.hit

    def hit(*i):
        entry, p = x.at(*i[:-1]), i[-1]
        if is_whole(entry):
            return equal(r, entry, p)
        if not is_labels(entry):
            raise Outside(f"the index {entry}")
        return r.unknown("E_", ("hit", entry), entry, p + 1)

    return hit


def predicate(r, name: str, gap: Expr) -> Expr:
    """An unknown condition on whole-number inputs, the same wherever the same is asked."""
    gap = expand(gap)
    if name in ("lt", "gt"):  # a < b is not a ≥ b
        return 1 - predicate(r, {"lt": "ge", "gt": "le"}[name], gap)
    if name == "le":
        return predicate(r, "ge", -gap)
    if name == "eq" and gap.as_ordered_terms()[0].as_coeff_Mul()[0] < 0:
        gap = -gap
    found = r.unknown("P_", (name, gap), gap)
    for label in gap.atoms(Indexed, Symbol) if name == "ge" else ():
        if name_of(label) in r.labelled.values() and is_whole(size := expand(label - gap)) and not size.atoms(Idx):
            in_range(r, label, size)
    return found


def in_range(r, label: Expr, size: Expr) -> None:
    """Of labels that may lie outside: Σ_k [label = k] over 0 … n − 1 is 1 where they do not, else 0."""
    key = ("in range", name_of(label), size)
    if key in r.names or not is_never_negative(size - 1):
        return
    r.names[key] = name_of(label)
    given = getattr(label, "indices", ())
    slots = [Idx(f"j{n}", (i.lower, i.upper)) if isinstance(i, Idx) else i for n, i in enumerate(given)]
    one, k = next(e for e, x in r.labelled.items() if x == name_of(label)), r.fresh(size)
    own = label.base[tuple(slots)] if isinstance(label, Indexed) else label
    row = IndexedBase(one, real=True)[(*slots, k)]
    inside = predicate(r, "ge", own) * (1 - r.unknown("P_", ("ge", expand(own - size)), expand(own - size)))
    if isinstance(size, Integer):  # of few, the last is what the others leave
        last = row.xreplace({k: size})
        others = [row.xreplace({k: Integer(n)}) for n in range(1, int(size))]
        r.hypotheses.append(equation(last, inside - Add(*others)))
    else:
        r.hypotheses.append(equation(total(row, k), inside))
    r.hypotheses.append(equation(row**2, row))


@row("select_n")
def select(r, p, which: Array, *cases: Array) -> Array:
    if len(cases) != 2:
        raise Outside("a choice among more than two")
    wrapped = unwrapped(r, which, *cases)
    if wrapped is not None:
        return wrapped
    if not which.axes and is_settled(which.at()):
        kept = cases[int(which.at())]
        other = cases[1 - int(which.at())]
        return kept if kept.axes or not other.axes else kept.view(other.axes, lambda *i: ())
    which, a, b = together([which, *cases])
    axes = next((x.axes for x in (which, a, b) if x.axes), ())
    which, a, b = (x if x.axes or not axes else x.view(axes, lambda *i: ()) for x in (which, a, b))
    if a.undefined or b.undefined:
        kept = b if a.undefined else a
        r.say("NaN stands for what is not defined")
        return kept
    infinite = [x.finite for x in (a, b)]

    def entry(*i):
        c = which.at(*i)
        for x, other in ((a, b), (b, a)):
            if x.finite is not None and x.finite(*i) == 0:
                return other.at(*i)  # where x stands there is −∞, which `finite` tells
        return b.at(*i) if c == 1 else a.at(*i) if c == 0 else a.at(*i) * (1 - c) + b.at(*i) * c

    def finite(*i):
        c = which.at(*i)
        f, g = (h(*i) if h is not None else Integer(1) for h in infinite)
        return f * (1 - c) + g * c

    def hit(*i):
        c = which.at(*i[:-1])
        if is_settled(c):
            return hits(r, b if c == 1 else a)(*i)
        return hits(r, a)(*i) * (1 - c) + hits(r, b)(*i) * c

    some = a.hit is not None or b.hit is not None
    return Array(axes, entry, finite if any(h is not None for h in infinite) else None, hit if some else None)


def is_settled(c: Expr) -> bool:
    return c in (0, 1)


def unwrapped(r, which: Array, a: Array, b: Array) -> Array | None:
    """The index a, which Python counts from the end where it is negative: where(a < 0, a + n, a)."""
    i = [tuple(Idx(f"w{d}·{n}", (1, s)) for n, s in enumerate(axis)) for d, axis in enumerate(a.axes)]
    if a.hit is None or a.axes != b.axes or which.axes != a.axes:
        return None
    own, gap = a.at(*i), expand(b.at(*i) - a.at(*i))
    below = is_labels(own) and which.at(*i) == predicate(r, "lt", own)
    return a if below and is_whole(gap) and not gap.atoms(Idx) else None


@row("and")
def both(r, p, x: Array, y: Array) -> Array:
    return entrywise(lambda a, b: a * b, x, y)


@row("or")
def either(r, p, x: Array, y: Array) -> Array:
    return entrywise(lambda a, b: 1 - (1 - a) * (1 - b), x, y)


@row("xor")
def one_of(r, p, x: Array, y: Array) -> Array:
    return entrywise(lambda a, b: a * (1 - b) + b * (1 - a), x, y)


@row("not")
def negation(r, p, x: Array) -> Array:
    return entrywise(lambda a: 1 - a, x)


@row("iota")
def iota(r, p, *sizes: Array) -> Array:
    """The places along one axis, counted from 0."""
    axes = tuple(factors(as_size(d), r.order) for d in p["shape"])

    def entry(*i):
        number = Integer(1)
        for k, f in zip(i[p["dimension"]], axes[p["dimension"]], strict=True):
            number = f * (number - 1) + k
        return number - 1

    return Array(axes, entry)


@row("dim_as_value")
def dim_as_value(r, p) -> Array:
    return constant(as_size(p["dim"]))
