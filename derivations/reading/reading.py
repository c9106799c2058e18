"""What a reading of code has come to know: names with their definitions, hypotheses, and what was taken for granted."""

from dataclasses import dataclass, field, replace
from typing import Any, cast

from sympy import Add, Expr, Idx, Indexed, IndexedBase, Integer, Symbol, expand

from derivations import equation, index, total
from derivations.engine.language.plain import plain
from derivations.reading.arrays import Array, Axis, Outside
from derivations.reading.sizes import is_whole

LARGEST = 4_000  # nodes of one definition
WRITTEN_OUT = 4  # values of an index


@dataclass
class Reading:
    """`definitions` give intermediates names, so that formulas stay small; the same formula gets the same name."""

    taken: set[str] = field(default_factory=set)
    every: bool = False  # sums and differences get names, too
    order: tuple[str, ...] = ()  # of sizes within an axis whose size is a product
    definitions: dict[str, Any] = field(default_factory=dict)
    names: dict[Any, str] = field(default_factory=dict)
    hypotheses: list[Any] = field(default_factory=list)
    said: dict[str, None] = field(default_factory=dict)  # what was taken for granted, in words
    maxima: set[str] = field(default_factory=set)  # names of maxima, which may be mere shifts
    stopped: set[str] = field(default_factory=set)  # names that have a value and no derivative
    conditions: dict[str, int] = field(default_factory=dict)  # unknown conditions, and how many indices they have
    labelled: dict[str, str] = field(default_factory=dict)  # indicators, and whose they are
    constants: dict[str, Any] = field(default_factory=dict)  # large arrays in the code
    meanings: dict[str, Any] = field(default_factory=dict)  # of unknown conditions: indices, what is asked, of what
    places_in_source: dict[str, tuple[str, int]] = field(default_factory=dict)  # of definitions: file and line
    shifts_cancel: bool | None = None
    permutations: dict[str, int] = field(default_factory=dict)  # indicators of an order, and along which axis
    turned: dict[str, list[int]] = field(default_factory=dict)  # cotangents that are read backwards, and on which axes
    inner: list[Any] = field(default_factory=list)  # inverses and determinants, of what, and their cotangents
    extra: Any = 0  # what stands in the loss for them
    counter: int = 0
    computed: dict[str, Any] = field(default_factory=dict)  # of names without a formula: how they are evaluated

    def say(self, text: str) -> None:
        self.said.setdefault(text)

    def fresh(self, size: Expr, name: str = "k") -> Expr:
        """A new index over 1 … size; of a size of 1, the number 1."""
        self.counter += 1
        return Integer(1) if size == 1 else index(f"{name}·{self.counter:05d}", size)

    def places(self, axes: tuple[Axis, ...], name: str = "k") -> list[tuple[Expr, ...]]:
        return [tuple(self.fresh(s, name) for s in axis) for axis in axes]

    def summed(self, body: Expr, places: Any) -> Expr:
        """Σ of the body over the indices of the places; over few values, written out."""
        for k in [k for place in places for k in place if isinstance(k, Idx)]:
            if is_few(k.upper):
                body = Add(*(body.xreplace({k: Integer(n)}) for n in range(1, int(k.upper) + 1)))
            else:
                last: Any = k.upper
                turned: Any = body.xreplace({k: last + 1 - k}) if backwards(body, k) else body
                body = cast(Expr, total(turned, k) if turned != 0 else turned)
        return body

    def unused(self, name: str) -> str:
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def array(self, name: str, axes: tuple[Axis, ...], **assumptions: Any) -> Array:
        """An array of unknown entries, real numbers unless it is said otherwise."""
        self.taken.add(name)
        assumptions = assumptions or {"real": True}
        if not any(axes):
            return Array(axes, lambda *i: Symbol(name, **assumptions))
        base = IndexedBase(name, **assumptions)
        return Array(axes, lambda *i: base[tuple(k for place in i for k in place)])

    def named(self, x: Array, prefix: str = "t", kind: set[str] | None = None) -> Array:
        """The array under a name of its own, unless its entry is as short as a name."""
        places = self.places(x.axes, "i")
        body = x.at(*places)
        if kind is None and (body.is_Atom or is_whole(body)):
            return x
        flat = [k for place in places for k in place]
        turned = [k for k in flat if backwards(body, k)]
        if turned:
            return self.named(x.view(x.axes, turning(places, turned)), prefix, kind).view(
                x.axes, turning(places, turned)
            )
        body, canonical = in_order(body, flat)
        key = (body, x.axes, prefix if kind is not None else "")
        if key not in self.names:
            if sum(1 for _ in zip(preorder(body), range(LARGEST), strict=False)) == LARGEST:
                raise Outside("a formula of more than 4,000 parts")
            number = len(self.definitions) + 1
            name = self.names[key] = self.unused(f"{prefix}{number}")
            own = {
                k: Idx(f"{k.name}_{number}", (k.lower, k.upper))
                for k in {*body.atoms(Idx), *(k for k in canonical if isinstance(k, Idx))}
            }
            indices = [own.get(k, k) for k in canonical]
            left = self.array(name, x.axes).at(*as_places(x.axes, indices))
            self.definitions[name] = equation(left, body.xreplace(own))
            if kind is not None:
                kind.add(name)
        named = self.array(self.names[key], x.axes)
        return Array(x.axes, named.at, x.finite, x.hit, x.undefined)

    def formula(self, e: Expr) -> Expr:
        """What an entry that has a name is defined as; any other formula as it is."""
        known = self.definitions.get(str(e.base.label)) if isinstance(e, Indexed) else None
        if known is None:
            return e
        swap = zip(known.lhs.indices, e.indices, strict=True)
        return known.rhs.xreplace({k: i for k, i in swap if isinstance(k, Idx)})

    def unknown(self, prefix: str, key: Any, e: Expr, *more: Expr, order: tuple[Expr, ...] = ()) -> Expr:
        """An unknown condition, 0 or 1, that depends on the indices in e, and on more; one for each key."""
        flat = list(order) or list(dict.fromkeys(k for k in preorder(e) if isinstance(k, Idx)))
        canonical = (key[0], in_order(key[1], list(order))[0])
        if canonical not in self.names:
            self.names[canonical] = self.unused(f"{prefix}{len(self.names) + 1}")
        name = self.names[canonical]
        base = IndexedBase(name, real=True)
        found = base[(*flat, *more)] if flat or more else Symbol(name, real=True)
        if name not in self.conditions:
            slots = [Idx(f"j{n}", (k.lower, k.upper)) for n, k in enumerate(flat)]
            asked = key[1].xreplace(dict(zip(flat, slots, strict=True)))
            self.meanings[name] = (slots, key[0], asked)
            self.conditions[name] = len(slots)
            if not more:
                x = base[tuple(slots)] if slots else found
                self.hypotheses.append(equation(x**2, x))
        return found

    def explained(self, text: str) -> list[str]:
        """What the unknown conditions are that stand in a text."""
        signs = {"ge": "≥ 0", "eq": "= 0"}
        found = []
        for name, (slots, asked, e) in self.meanings.items():
            if name in text and asked in signs:
                letters = {k: Idx("ijkl"[n], (k.lower, k.upper)) for n, k in enumerate(slots)}
                mark = f"{name}_{''.join('ijkl'[: len(slots)])}".rstrip("_")
                found.append(f"{mark} is 1 where {plain(e.xreplace(letters))} {signs[asked]}, else 0")
        return found

    def labels(self, hit: Any, size: Expr) -> None:
        """Whole numbers that are used as places on an axis lie on it: one of their indicators is 1."""
        k = self.fresh(size)
        one = hit(k - 1)
        name = str(one.base.label) if isinstance(one, Indexed) else ""
        if name not in self.conditions or (name, size) in self.names:
            return
        self.names[name, size] = name
        slots = [Idx(f"j{n}", (i.lower, i.upper)) if isinstance(i, Idx) else i for n, i in enumerate(one.indices[:-1])]
        row = one.base[(*slots, k)]
        whole = total(row, k) if isinstance(k, Idx) else row
        self.hypotheses += [equation(whole, Integer(1))] + [equation(row**2, row)] * (whole != row)
        self.say(f"{self.labelled.get(name, 'whole numbers used as places')} lie in 0 … {size - 1}")

    def numbers(self, name: str, axes: tuple[Axis, ...]) -> Array:
        """Whole numbers that are given: their values, and the indicators of their values."""
        x = self.array(name, axes, integer=True)
        one = self.unused(f"E_{name}")
        self.labelled[one], self.conditions[one] = name, len(axes)
        base = IndexedBase(one, real=True)
        return replace(x, hit=lambda *i: base[(*tuple(k for place in i[:-1] for k in place), i[-1] + 1)])

    def condition(self, name: str, axes: tuple[Axis, ...]) -> Array:
        """Conditions that are given: entries that are 0 or 1."""
        x = self.array(name, axes)
        self.conditions[name] = len(axes)
        slots = self.places(axes, "j")
        self.hypotheses.append(equation(x.at(*slots) ** 2, x.at(*slots)))
        return x

    def valued(self, prefix: str, key: Any, axes: tuple[Axis, ...], evaluate: Any, zero_or_one: bool = False) -> Array:
        """Entries of which only the value counts: they have no formula and no derivative; the same for the same key."""
        if key not in self.names:
            self.names[key] = self.unused(f"{prefix}{len(self.names) + 1}")
            self.computed[self.names[key]] = evaluate
        x = self.array(self.names[key], axes)
        if zero_or_one and self.names[key] not in self.conditions:
            slots = self.places(axes, "j")
            self.conditions[self.names[key]] = len(axes)
            self.hypotheses.append(equation(x.at(*slots) ** 2, x.at(*slots)))
        return x

    def shift(self, x: Array) -> Array:
        return self.named(x, "m", self.maxima)

    def stop(self, x: Array) -> Array:
        """The value of x without its derivative."""
        return self.named(x, "s", self.stopped)


def backwards(body: Expr, k: Expr) -> bool:
    """Does the index stand in the formula as n + 1 − k alone? Then the formula is that of the reversed array."""
    if not isinstance(k, Idx) or isinstance(k.upper, Integer):
        return False
    found = [e for x in body.atoms(Indexed) for e in x.indices if e.has(k)]
    if not found or any(expand(e + k - k.upper - 1) != 0 for e in found):
        return False
    return not body.xreplace({x: Symbol(f"x{n}") for n, x in enumerate(body.atoms(Indexed))}).has(k)


def turning(places: list[tuple[Expr, ...]], turned: list[Expr]) -> Any:
    """Places ↦ the same, with n + 1 − i on the axes of these indices."""
    where = {(d, n) for d, place in enumerate(places) for n, k in enumerate(place) if k in turned}
    sizes = {(d, n): places[d][n].upper for d, n in where}

    def places_of(*i: Any) -> list[tuple[Expr, ...]]:
        return [
            tuple(sizes[d, n] + 1 - k if (d, n) in where else k for n, k in enumerate(place))
            for d, place in enumerate(i)
        ]

    return places_of


def is_few(size: Expr) -> bool:
    return isinstance(size, Integer) and size <= WRITTEN_OUT


def as_places(axes: tuple[Axis, ...], indices: list[Expr]) -> list[tuple[Expr, ...]]:
    left = list(indices)
    return [tuple(left.pop(0) for _ in axis) for axis in axes]


def preorder(e: Any):
    yield e
    for a in e.args:
        yield from preorder(a)


def in_order(body: Expr, own: list[Expr]) -> tuple[Expr, list[Expr]]:
    """The formula with its indices named in the order in which they stand, so that equal formulas are equal."""
    renaming: dict[Any, Any] = {}
    for k in [*own, *(e for e in preorder(body) if isinstance(e, Idx))]:
        if isinstance(k, Idx) and k not in renaming:
            renaming[k] = Idx(f"j{len(renaming) + 1}", (k.lower, k.upper))
    return body.xreplace(renaming), [renaming.get(k, k) for k in own]
