"""Which sizes are symbols: as many as the forward allows, and what else must be looked at."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from derivations.reading.asked import Asked, InconclusiveDimensionOperation, Undecided, listening
from derivations.reading.program import keeps_elements
from derivations.reading.question import Question, Shape
from derivations.reading.roots import roots_of_sizes
from functional_bp.errors import InputError

LETTERS = ["n", "m", "p", "q", "d", "e", "h", "k", "l", "r", "s", "t", "u", "v", "w"]


@dataclass(frozen=True)
class Case:
    """Both programs, traced at these shapes, and what they asked of the sizes."""

    shapes: tuple[Shape, ...]
    forward: Any
    backward: Any
    asked: Asked


def names_in(shapes: Sequence[Shape]) -> list[str]:
    """The names of sizes, in the order in which they stand."""
    found: dict[str, None] = {}
    for shape in shapes:
        for d in shape:
            if isinstance(d, str):
                found |= dict.fromkeys(n.id for n in ast.walk(ast.parse(d, mode="eval")) if isinstance(n, ast.Name))
    return list(found)


def put_in(shapes: Sequence[Shape], numbers: Mapping[str, int]) -> tuple[Shape, ...]:
    """The shapes with numbers in the place of some names."""
    return tuple(tuple(d if isinstance(d, int) else substituted(d, numbers) for d in shape) for shape in shapes)


def substituted(size: str, numbers: Mapping[str, int]) -> int | str:
    tree = ast.parse(size, mode="eval")
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    if not names & set(numbers):
        return size

    class Put(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> Any:
            return ast.Constant(numbers[node.id]) if node.id in numbers else node

    tree = ast.fix_missing_locations(Put().visit(tree))
    if names <= set(numbers):
        return eval(compile(tree, "size", "eval"), {"__builtins__": {}})  # numbers, +, −, × alone: `declared` saw to it
    return ast.unparse(tree)


def traced(question: Question, shapes: Sequence[Shape], answers: Mapping[str, bool] | None = None) -> Case:
    """Raises what the user's code raises, and Undecided where it compares sizes."""
    asked = Asked(dict(answers or {}))
    structs = question.at(shapes)
    try:
        with roots_of_sizes(question.forward, question.backward), listening(asked):
            forward = question.trace_forward(structs)
            return Case(tuple(shapes), forward, question.trace_backward(structs, forward.out_avals), asked)
    except InconclusiveDimensionOperation as error:
        if asked.open:
            raise Undecided(asked.open) from error
        raise


def forward_takes(question: Question, shapes: Sequence[Shape]) -> bool:
    asked = Asked()
    structs = question.at(shapes)
    try:
        with roots_of_sizes(question.forward), listening(asked):
            program = question.trace_forward(structs)
    except Undecided:
        return runs_somewhere(question, shapes)
    except Exception:
        return bool(asked.open) and runs_somewhere(question, shapes)
    return keeps_elements(program.jaxpr)


def runs_somewhere(question: Question, shapes: Sequence[Shape]) -> bool:
    """Does a forward that compares its sizes take some that differ, rising ones or falling ones?"""
    names = names_in(shapes)
    rising = {n: 4 + 2 * k for k, n in enumerate(names)}
    falling = dict(zip(names, reversed(rising.values()), strict=True))
    for numbers in (rising, falling, {n: k + k % 2 for n, k in rising.items()}):
        try:
            question.trace_forward(question.at(put_in(shapes, numbers)))
        except Exception:
            continue
        return True
    return False


def declared(question: Question, sizes: Mapping[str, str]) -> tuple[Shape, ...]:
    """Shapes as the user names them: {"x": "b n", "W": "n h*k"}."""
    shapes = []
    for leaf in question.leaves:
        words = sizes[leaf.name].replace(",", " ").split() if leaf.name in sizes else list(map(str, leaf.shape))
        if len(words) != len(leaf.shape):
            raise InputError(f"prove: sizes of {leaf.name}: {len(leaf.shape)} axes, but {len(words)} names {words}")
        for word in words:
            if any(
                not isinstance(n, (ast.Expression, ast.Name, ast.Constant, ast.BinOp, ast.operator, ast.Load))
                for n in ast.walk(parsed(word))
            ):
                raise InputError(f"prove: {word!r} is no size: write a name, a number or a product such as h*k")
        shapes.append(tuple(int(w) if w.isdigit() else w for w in words))
    return tuple(shapes)


def parsed(word: str) -> Any:
    try:
        return ast.parse(word, mode="eval")
    except SyntaxError as error:
        raise InputError(f"prove: {word!r} is no size: write a name, a number or a product such as h*k") from error


def general(question: Question, apart: bool = True) -> tuple[Shape, ...]:
    """The most general shapes at which the forward can be traced, starting from equal sizes as one.

    apart: may axes of one size get sizes of their own?
    """
    axes = [(k, a) for k, leaf in enumerate(question.leaves) for a in range(len(leaf.shape))]
    groups: dict[int, list[tuple[int, int]]] = {}
    for k, a in axes:
        if question.leaves[k].shape[a] > 1:
            groups.setdefault(question.leaves[k].shape[a], []).append((k, a))
    letters = unused_letters(question)
    symbols = {size: next(letters) for size in groups}
    choice: dict[tuple[int, int], Any] = {place: symbols[size] for size, places in groups.items() for place in places}

    def shapes(of: Mapping[tuple[int, int], Any]) -> tuple[Shape, ...]:
        return tuple(
            tuple(of.get((k, a), leaf.shape[a]) for a in range(len(leaf.shape)))
            for k, leaf in enumerate(question.leaves)
        )

    if not forward_takes(question, shapes(choice)):
        choice = {}
        for size in sorted(groups):
            for more in options(size, symbols, groups):
                wider = choice | {place: symbol for s, symbol in more.items() for place in groups[s]}
                if forward_takes(question, shapes(wider)):
                    choice = wider
                    break
    for places in groups.values():
        for some in parted(places) if apart else ():
            if some[0] in choice and "*" not in str(choice[some[0]]):
                symbol = next(letters)
                wider = choice | dict.fromkeys(some, symbol)
                if forward_takes(question, shapes(wider)):
                    choice = wider
    return shapes(choice)


def narrower(question: Question, shapes: Sequence[Shape]) -> Iterator[tuple[Shape, ...]]:
    """Less general shapes, for a backward that does not take these: equal sizes as one, some as numbers, all."""
    together = general(question, apart=False)
    yield from [together] if together != tuple(shapes) else []
    example = {
        d: s
        for leaf, shape in zip(question.leaves, shapes, strict=True)
        for d, s in zip(shape, leaf.shape, strict=True)
        if isinstance(d, str)
    }
    plain = [n for n in names_in(shapes) if n in example]
    for count in range(1, len(plain) + 1):
        for some in combinations(plain, count):
            yield put_in(shapes, {n: example[n] for n in some})
    yield tuple(leaf.shape for leaf in question.leaves)


def options(size: int, symbols: Mapping[int, str], groups: Mapping[int, Any]) -> Iterator[dict[int, str]]:
    """What a size may be: a symbol; one of which other sizes are multiples; a multiple of a symbol."""
    symbol = symbols[size]
    yield {size: symbol}
    multiples = [s for s in groups if s > size and s % size == 0]
    for count in range(1, min(2, len(multiples)) + 1):
        for chosen in combinations(multiples, count):
            yield {size: symbol} | {s: f"{s // size}*{symbol}" for s in chosen}
    yield from ({size: f"{c}*{symbol}"} for c in divisors(size))


def divisors(size: int) -> list[int]:
    return [c for c in range(size - 1, 1, -1) if size % c == 0]


def parted(places: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """Axes of one size that may get a size of their own: each alone, and pairs."""
    if len(places) > 1:
        yield from ((p,) for p in places[1:])
    if 3 < len(places) <= 6:
        yield from combinations(places[1:], 2)


def unused_letters(question: Question) -> Iterator[str]:
    taken = {leaf.name for leaf in question.leaves}
    yield from (s for s in LETTERS if s not in taken)
    yield from (f"n{k}" for k in range(1, 1000))
