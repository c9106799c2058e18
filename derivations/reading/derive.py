"""The way back, from formulas to code: a backward pass is derived line by line, and proven before it is told.

Each intermediate t of the forward has a cotangent t̄; what it hands on to u is Σ_j t̄_j ∂t_j/∂u_i, one line of source.
"""

import ast
import linecache
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Add, Expr, Function, Idx, Indexed, IndexedBase, Pow, Rational, Symbol, latex

from derivations import step
from derivations.reading import engine
from derivations.reading.arrays import Outside
from derivations.reading.cases import declared, general
from derivations.reading.claims import plain_name, unknown
from derivations.reading.code import NotRead, read
from derivations.reading.prove import prove_backward
from derivations.reading.question import Question, ask
from derivations.reading.reading import Reading
from derivations.reading.roots import roots_of_sizes
from derivations.reading.shorten import shorten
from derivations.reading.sizes import as_size, factors
from derivations.reading.source import Source
from derivations.reading.verdict import Proofs
from functional_bp.errors import InputError


@dataclass(frozen=True)
class Line:
    """name = formula, at the given indices; the formula is in the names of other lines."""

    name: str
    indices: tuple[Any, ...]
    formula: Expr

    @property
    def left(self) -> Expr:
        return IndexedBase(self.name)[self.indices] if self.indices else Symbol(self.name)

    def __str__(self) -> str:
        return f"{engine.plain(self.left)} = {engine.plain(self.formula)}"


@dataclass(frozen=True)
class Derived:
    """The lines of the forward and of its backward, the source of the backward, and the proof that it is right."""

    name: str
    ahead: tuple[Line, ...]
    back: tuple[Line, ...]
    source: str
    proofs: Proofs
    backward: Callable  # the source, run

    def __str__(self) -> str:
        lines = [*map(str, self.ahead), "", *map(str, self.back), "", self.source.rstrip(), "", str(self.proofs)]
        return "\n".join(lines)

    def latex(self) -> str:
        rows = [rf"{latex(line.left)} &= {latex(line.formula)}" for line in (*self.ahead, *self.back)]
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def derive_backward(
    forward: Callable,
    *primals: Any,
    names: Sequence[str] | None = None,
    sizes: Mapping[str, str] | None = None,
    limit: float = 20.0,
) -> Derived:
    """The backward pass of `forward` at any sizes, as formulas in the user's names and as JAX source.

    The source is run, proven (`prove_backward`) and only then returned. Raises InputError, with the operation and its
    line, where the forward has no formula here, and where what was derived is not proven.
    """
    name = getattr(forward, "__name__", "forward").removesuffix("_forward")
    name = name if name.isidentifier() else "forward"
    question = ask(forward, lambda primals, y_bar: None, primals, names)
    if len(question.leaves) != len(primals):
        raise InputError("derive: every primal must be an array")
    shapes = declared(question, sizes) if sizes else general(question)
    with roots_of_sizes(forward):
        traced = question.trace_forward(question.at(shapes))
    try:
        found = Derivation(question, traced)
        source = found.source(name)
    except (NotRead, Outside, engine.NoVerdict) as error:
        raise InputError(f"derive: {error}") from error
    space: dict[str, Any] = {}
    exec(compile(source, "<derived>", "exec"), space)
    backward = space[f"{name}_backward"]
    proofs = prove_backward(forward, backward, *primals, names=names, sizes=sizes, limit=limit)
    if proofs.refuted:
        raise InputError(f"derive: what was derived is wrong, which is a fault of this program: {proofs}")
    return Derived(name, tuple(found.ahead), tuple(found.back), source, proofs, backward)


class Derivation:
    """The lines of the forward and of its backward."""

    def __init__(self, question: Question, traced: Any):
        sizes = {s.name for aval in traced.in_avals for d in aval.shape for s in as_size(d).free_symbols}
        self.r = r = Reading(taken=set(sizes) | {"y", "y_bar", "jnp", "jax"}, every=True)
        self.inputs, self.names = [], []
        for leaf, aval in zip(question.leaves, traced.in_avals, strict=True):
            name = r.unused(plain_name(leaf.name))
            self.names.append(name)
            self.inputs.append(unknown(r, name, tuple(factors(as_size(d)) for d in aval.shape), leaf))
        self.due = [leaf.due for leaf in question.leaves]
        outputs = read(r, traced.jaxpr, traced.consts, self.inputs)
        if len(outputs) != 1:
            raise Outside("several outputs")
        (self.y,) = outputs
        if any(len(axis) > 1 for x in (*self.inputs, self.y) for axis in x.axes):
            raise Outside("split axes as source")
        strange = [n for n in r.conditions if n not in {*r.labelled, *self.names} and not self.is_order(n)]
        if strange or r.computed or r.inner:
            raise Outside("what only its definition is known of, as source")
        self.rename(traced)
        shorten(r, self.y, set(self.called))
        self.ahead = [self.line(name, d) for name, d in r.definitions.items()]
        self.back = self.cotangents()

    def is_order(self, name: str) -> bool:
        return name in self.r.meanings and self.r.meanings[name][1] == "ge"

    def as_written(self, e: Expr) -> Expr:
        """Conditions as comparisons."""
        swap: dict[Any, Any] = {}
        labels = {x.base.label for x in e.atoms(Indexed)}
        for x in e.atoms(Indexed) | (e.atoms(Symbol) - labels):
            name = str(x.base.label) if isinstance(x, Indexed) else x.name
            if self.is_order(name):
                slots, _, gap = self.r.meanings[name]
                swap[x] = step(gap.xreplace(dict(zip(slots, getattr(x, "indices", ()), strict=True))))
            elif name in self.r.conditions and name in self.names:
                swap[x] = step(x - Rational(1, 2))
        return e.xreplace(swap)

    def rename(self, traced: Any) -> None:
        """Intermediates get the names of the variables to which the user's own lines give them."""
        self.called: dict[str, str] = {}
        for name, text in self.r.places_in_source.items():
            target = assigned(*text)
            if target is not None and target not in self.r.taken:
                self.r.taken.add(target)
                self.called[name] = target

    def name(self, name: str) -> str:
        return self.called.get(name, name)

    def line(self, name: str, definition: Any) -> Line:
        indices = tuple(getattr(definition.lhs, "indices", ()))
        return lettered(Line(self.name(name), indices, self.renamed(definition.rhs)))

    def renamed(self, e: Expr) -> Expr:
        swap: dict[Any, Any] = {}
        for x in e.atoms(Indexed, Symbol):
            base = str(x.base.label) if isinstance(x, Indexed) else x.name
            if base in self.called:
                new = self.called[base]
                swap[x] = IndexedBase(new, real=True)[x.indices] if isinstance(x, Indexed) else Symbol(new, real=True)
        return e.xreplace(swap)

    def cotangents(self) -> list[Line]:
        """From the output back: each line's cotangent is what the later lines hand on to it."""
        r, parts = self.r, {}
        places = r.places(self.y.axes, "o")
        flat = [k for place in places for k in place]
        over = [k for k in flat if isinstance(k, Idx)]
        self.hand(parts, element("y_bar", flat), self.y.at(*places), None, over)
        lines: list[Line] = []
        moving = {n for n, due in zip(self.names, self.due, strict=True) if due}
        for name, d in r.definitions.items():
            moving |= {name} if names_of(d.rhs) & moving else set()
        for name in reversed(list(r.definitions)):
            if name in parts and name in moving and name not in r.stopped | r.maxima:
                left, body = r.definitions[name].args
                indices = list(getattr(left, "indices", ()))
                line = self.gathered(name, indices, parts[name])
                plain = isinstance(line.formula, Indexed | Symbol)
                lines += [] if plain else [line]
                bar = element(line.name, indices)
                if plain:  # the cotangent of another, or of fewer indices: no line of its own
                    bar = line.formula.xreplace(dict(zip(line.indices, indices, strict=True)))
                self.hand(parts, bar, body, left, [k for k in indices if isinstance(k, Idx)])
        for name, x, due in zip(self.names, self.inputs, self.due, strict=True):
            if due:
                flat = [k for place in r.places(x.axes, "i") for k in place]
                lines.append(self.gathered(name, flat, parts.get(name, [])))
        return lines

    def hand(self, parts: dict[str, list[Any]], cotangent: Expr, body: Expr, left: Any, over: list[Idx]) -> None:
        """Of every name in the body: what of the cotangent goes to it."""
        for name in sorted(names_of(body)):
            if name in self.r.definitions or name in self.names:
                parts.setdefault(name, []).append((cotangent, body, left, over))

    def gathered(self, name: str, indices: Sequence[Any], parts: list[Any]) -> Line:
        """Σ over the later lines of Σ_j t̄_j ∂t_j/∂u_i, with t_j in the place of its formula where that stands in it."""
        fresh = [self.r.fresh(k.upper, "i") if isinstance(k, Idx) else k for k in indices]
        x = element(name, fresh)
        terms = []
        for cotangent, body, left, over in parts:
            slope, _ = engine.differentiated(body, x, [])
            if left is not None and isinstance(body, Function | Pow):
                slope = slope.xreplace({body: left, 1 / body: 1 / left})
            terms.append(engine.contracted(cotangent * slope, over))
        return lettered(Line(f"{self.name(name)}_bar", tuple(fresh), self.renamed(Add(*terms))))

    def source(self, name: str) -> str:
        sizes = {}
        for array, x in zip(self.names, self.inputs, strict=True):
            for d, axis in enumerate(x.axes):
                for s in axis:
                    if isinstance(s, Symbol):
                        sizes.setdefault(s.name, f"{array}.shape[{d}]")
        written, used = Source(sizes, self.r.labelled), self.needed()
        lines = [*(line for line in self.ahead if line.name in used), *self.back]
        rows = [f"{line.name} = {written.line(self.as_written(line.formula), line.indices)}" for line in lines]
        returned = ", ".join(f"{n}_bar" if due else "None" for n, due in zip(self.names, self.due, strict=True))
        head = f"import jax\nimport jax.numpy as jnp\n\n\ndef {name}_backward(primals, y_bar):\n"
        given = ", ".join(self.names)
        if len(self.names) == 1:
            given, returned = f"({given},)", f"({returned},)"
        body = [f"{given} = primals", *rows, f"return {returned}"]
        return head + "".join(f"    {row}\n" for row in body)

    def needed(self) -> set[str]:
        """Names of the forward that the backward uses, directly or through another."""
        names = set().union(*(names_of(line.formula) for line in self.back))
        for line in reversed(self.ahead):
            if line.name in names:
                names |= names_of(line.formula)
        return names


def element(name: str, indices: Sequence[Any]) -> Expr:
    return IndexedBase(name, real=True)[tuple(indices)] if indices else Symbol(name, real=True)


def lettered(line: Line) -> Line:
    """The line with letters for its indices, those of the left side first."""
    own = [k for k in line.indices if isinstance(k, Idx)]
    found = [*own, *sorted(line.formula.atoms(Idx) - set(own), key=str)]
    letters = [*"ijklmpqrst", *(f"i{n}" for n in range(len(found)))]
    renaming = {k: Idx(letter, (k.lower, k.upper)) for k, letter in zip(found, letters, strict=False)}
    return Line(line.name, tuple(renaming.get(k, k) for k in line.indices), line.formula.xreplace(renaming))


def names_of(e: Expr) -> set[str]:
    return {str(x.base.label) for x in e.atoms(Indexed)} | {s.name for s in e.atoms(Symbol)}


def assigned(file: str, line: int) -> str | None:
    """The name to which a line of the user's source assigns a value."""
    try:
        (node,) = ast.parse(linecache.getline(file, line).strip()).body
    except (SyntaxError, ValueError):
        return None
    target = node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None
    return target.id if isinstance(target, ast.Name) else None


__all__ = ["Derived", "derive_backward"]
