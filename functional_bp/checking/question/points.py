"""Points nobody named: zeros, ties, sign flips, scales, repeated rows, toggled masks, and special cotangents."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import jax.numpy as jnp
import numpy as np

from functional_bp.checking.limits import FEW, FEW_POINTS
from functional_bp.checking.question.problem import Point

Floats = tuple[np.ndarray, ...]


@dataclass
class Range:
    """The largest number that an integer primal may hold, if known, and those that the forward compares it with."""

    largest: int | None = None
    named: set[int] = field(default_factory=set)

    def limit(self, largest: int) -> None:
        self.largest = largest if self.largest is None else min(largest, self.largest)


def derived_points(
    floats: Floats,
    indices: Floats,
    outputs: Sequence[np.ndarray],
    literals: Sequence[float],
    seed: int,
    most: int,
    ranges: Sequence[Range] = (),
    given: str = "the given point",
) -> list[Point]:
    """The given point first, then the derived ones, the likeliest to show a fault before the others."""
    rng = np.random.default_rng(seed)
    cotangents = cotangent_maker(outputs, rng)
    points = [Point(given, floats, indices, cotangents())]
    if most <= FEW:
        name = "rows mixed: zero, ×100, flipped, tied; masks toggled in part"
        return [*points, Point(name, mixed(floats), tuple(map(toggled_in_part, indices)), cotangents())][:most]
    seen = {fingerprint(floats, indices)}
    movers = [given_cotangents, more_cotangents, moved_indices(ranges), moved_floats(literals)]
    if most <= FEW_POINTS:  # other numbers show more than other cotangents
        movers = [given_cotangents, moved_floats(literals), moved_indices(ranges), more_cotangents]
    for mover in movers:
        for name, new_floats, new_indices, y_bar in mover(floats, indices, outputs, rng):
            key = fingerprint(new_floats, new_indices)
            if key not in seen or y_bar is not None:
                seen.add(key)
                points.append(Point(name, new_floats, new_indices, y_bar or cotangents()))
    return points[:most]


def fingerprint(floats: Floats, indices: Floats) -> bytes:
    return b"".join(a.tobytes() for a in (*floats, *indices))


def cotangent_maker(outputs: Sequence[np.ndarray], rng: np.random.Generator) -> Callable[[], Floats]:
    """Random cotangents, none of them zero, in the dtype of the outputs."""

    def make() -> Floats:
        return tuple(random_like(y, rng) for y in outputs)

    return make


def random_like(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    values = rng.uniform(0.5, 1.5, y.shape) * rng.choice([-1.0, 1.0], y.shape)
    if jnp.issubdtype(y.dtype, jnp.complexfloating):
        values = values + 1j * rng.uniform(0.5, 1.5, y.shape)
    return np.asarray(values).astype(y.dtype)


Move = tuple[str, Floats, Floats, Floats | None]


def given_cotangents(floats: Floats, indices: Floats, outputs: Sequence, rng: np.random.Generator) -> Iterator[Move]:
    """At the given point: another random cotangent, one-hot, zeros, ones."""
    yield "the given point, another cotangent", floats, indices, tuple(random_like(y, rng) for y in outputs)
    one_hot = [np.zeros(y.shape, y.dtype) for y in outputs]
    first = next((y for y in one_hot if y.size), None)
    if first is not None:
        first.reshape(-1)[rng.integers(first.size)] = 1
        yield "a one-hot cotangent", floats, indices, tuple(one_hot)
    yield "a zero cotangent", floats, indices, tuple(np.zeros(y.shape, y.dtype) for y in outputs)
    yield "a cotangent of ones", floats, indices, tuple(np.ones(y.shape, y.dtype) for y in outputs)


def more_cotangents(floats: Floats, indices: Floats, outputs: Sequence, rng: np.random.Generator) -> Iterator[Move]:
    """At the given point: cotangents of one sign, of equal, zero and single rows, large and small."""
    for name, change in COTANGENTS:
        y_bar = tuple(np.asarray(change(random_like(y, rng))).astype(y.dtype) for y in outputs)
        if any(b.size for b in y_bar):
            yield name, floats, indices, y_bar


COTANGENTS: list[tuple[str, Callable[[np.ndarray], np.ndarray]]] = [
    ("a cotangent of one sign", np.abs),
    ("a cotangent of equal rows", lambda b: np.broadcast_to(b[:1], b.shape) if b.ndim else b),
    ("a cotangent with zero rows", lambda b: np.where(alternate(b), b, 0)),
    ("a large cotangent, ×100", lambda b: 100 * b),
    ("a small cotangent, ×1e-4", lambda b: 1e-4 * b),
    ("a cotangent in the last row alone", lambda b: np.where(last_row(b), b, 0)),
]


def alternate(b: np.ndarray) -> np.ndarray:
    """Every other row."""
    return np.broadcast_to(np.arange(len(b)).reshape(-1, *[1] * (b.ndim - 1)) % 2 == 0, b.shape) if b.ndim else b != 0


def last_row(b: np.ndarray) -> np.ndarray:
    rows = np.arange(len(b)).reshape(-1, *[1] * (b.ndim - 1)) if b.ndim else np.zeros(())
    return np.broadcast_to(rows == len(b) - 1, b.shape) if b.ndim else np.ones((), bool)


def moved_floats(literals: Sequence[float]) -> Callable[..., Iterator[Move]]:
    """The moves of the float leaves: all together first, then each leaf alone."""

    def mover(floats: Floats, indices: Floats, outputs: Sequence, rng: np.random.Generator) -> Iterator[Move]:
        del outputs
        keep = [invariant(a) for a in floats]
        for name, change in moves(literals):
            scopes: list[tuple[int, ...]] = (
                [tuple(range(len(floats)))] if len(floats) == 1 else [*((i,) for i in range(min(len(floats), 6)))]
            )
            if name in TOGETHER and len(floats) > 1:
                scopes.insert(0, tuple(range(len(floats))))
            for scope in scopes:
                moved = list(floats)
                for i in scope:
                    if floats[i].size:
                        values = np.asarray(change(floats[i].astype(wide(floats[i])), rng))
                        moved[i] = project(values, floats[i], keep[i])
                which = f" (leaf {scope[0]})" if len(scope) < len(floats) else ""
                yield name + which, tuple(moved), indices, None
            if name == "ties in each row":
                yield from ((name, new, indices, None) for name, new in tied_leaves(floats, keep))

    return mover


def tied_leaves(floats: Floats, keep: Sequence[str]) -> Iterator[tuple[str, Floats]]:
    """Of two arrays of one shape every other element equal."""
    pairs = [(i, j) for i, j in combinations(range(len(floats)), 2) if floats[i].shape == floats[j].shape]
    for i, j in pairs[:3]:
        a, b = (floats[k].astype(wide(floats[k])) for k in (i, j))
        some = np.arange(b.size).reshape(b.shape) % 2 == 0
        tied = project(np.asarray(np.where(some, a, b)), floats[j], keep[j])
        yield f"ties, every other element equal in leaves {i} and {j}", (*floats[:j], tied, *floats[j + 1 :])


TOGETHER = {
    "drawn at random",
    "all signs flipped",
    "zeros, all equal",
    "large, ×100",
    "small, ×1e-4",
    "all positive",
    "zero rows at the end",
}


SIGNS = {"f": (-1.0, 1.0), "c": (-1.0, 1.0, -1j, 1j)}


def wide(a: np.ndarray) -> str:
    return "complex128" if np.iscomplexobj(a) else "float64"


def moves(literals: Sequence[float]) -> list[tuple[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]]]:
    """Name and change of one leaf."""
    special = [(f"one element at {c:g}", lambda a, rng, c=c: with_element(a, rng, c)) for c in literals]
    return [
        ("drawn at random", lambda a, rng: rng.standard_normal(a.shape) * (rms(a) or 1.0)),
        ("all signs flipped", lambda a, rng: -a),
        ("zeros, all equal", lambda a, rng: np.zeros_like(a)),
        ("some signs flipped", lambda a, rng: a * rng.choice(SIGNS[a.dtype.kind], a.shape)),
        ("ties in each row", lambda a, rng: tied(a)),
        ("large, ×100", lambda a, rng: 100 * a),
        ("one element zero", lambda a, rng: with_element(a, rng, 0.0)),
        *special,
        ("equal rows", lambda a, rng: np.broadcast_to(a[:1], a.shape) if a.ndim > 1 and a.size else a),
        ("a shared maximum", lambda a, rng: shared_maximum(a)),
        ("rounded to integers", lambda a, rng: np.round(a)),
        ("all positive", lambda a, rng: np.abs(a)),
        ("all negative", lambda a, rng: -np.abs(a)),
        ("zero rows at the end", lambda a, rng: padded(a)),
        ("skewed", lambda a, rng: a * np.exp(2 * rng.standard_normal(a.shape))),
        ("sorted", lambda a, rng: np.sort(a, axis=-1) if 0 < a.ndim <= 32 else a),
        ("far from zero", lambda a, rng: a + 8 * (rms(a) or 1.0)),
        ("small, ×1e-4", lambda a, rng: 1e-4 * a),
        ("rows reversed", lambda a, rng: a[::-1] if a.ndim else a),
        ("huge, ×1e4", lambda a, rng: 1e4 * a),
    ]


def fresh(a: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Other numbers of the same kind: the given ones permuted and shrunk by up to a third; what they keep is kept."""
    if not a.size:
        return a
    values, keep = rng.permutation(a.astype(wide(a)).ravel()).reshape(a.shape), invariant(a)
    if keep == "binary":  # as many zeros and ones as given
        return np.asarray(values).astype(a.dtype)
    return project(np.asarray(values * rng.uniform(0.65, 1.0, a.shape)), a, keep)


def rms(a: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.abs(a) ** 2))) if a.size else 0.0


def with_element(a: np.ndarray, rng: np.random.Generator, value: float) -> np.ndarray:
    """A copy with one random element in each row set to the value."""
    a = np.array(a)
    if a.size:
        rows = a.reshape(-1, a.shape[-1]) if a.ndim else a.reshape(1, 1)
        rows[np.arange(len(rows)), rng.integers(0, rows.shape[1], len(rows))] = value
    return a


def tied(a: np.ndarray) -> np.ndarray:
    """Each second element equal to its neighbour, along the last axis."""
    a = np.array(a)
    if a.ndim and a.shape[-1] > 1:
        a[..., 1::2] = a[..., : a.shape[-1] // 2 * 2 : 2]
    return a


def padded(a: np.ndarray) -> np.ndarray:
    """The second half of the rows zero."""
    a = np.array(a)
    if a.ndim:
        a[(len(a) + 1) // 2 :] = 0
    return a


def shared_maximum(a: np.ndarray) -> np.ndarray:
    """Each row's maximum also at its last and first place."""
    a = np.array(a)
    if a.size and a.ndim and not np.iscomplexobj(a):
        a[..., 0] = a[..., -1] = a.max(axis=-1)
    return a


def invariant(a: np.ndarray) -> str:
    """What the given values keep and a backward may rely on: 0/1 targets, rows that sum to one, symmetry."""
    if not a.size or np.iscomplexobj(a):
        return ""
    if np.all(a.ravel()[:64] >= 0):  # few numbers show of most leaves that they keep neither
        values = a.astype("float64")
        loose = 8 * float(jnp.finfo(a.dtype).eps)
        if np.all((values == 0) | (values == 1)):
            return "one-hot rows" if a.ndim and a.shape[-1] > 1 and np.all(values.sum(-1) == 1) else "binary"
        if a.ndim and a.shape[-1] > 1 and np.all(values >= 0) and np.all(np.abs(values.sum(-1) - 1) <= loose):
            return "rows sum to one"
    if a.ndim > 1 and a.shape[-1] == a.shape[-2] > 1 and np.all(a == np.swapaxes(a, -1, -2)):
        return "symmetric"
    return ""


def project(a: np.ndarray, given: np.ndarray, keep: str) -> np.ndarray:
    """The moved leaf back in its own dtype and on what the given values keep; the given leaf where it can't be."""
    if keep == "binary":
        a = np.where(np.isin(a, (0, 1)), a, 1 - given.astype("float64"))
    elif keep == "one-hot rows":
        a = np.roll(given.astype("float64"), 1, axis=-1)
    elif keep == "rows sum to one":
        a = np.abs(a)
        total = a.sum(axis=-1, keepdims=True)
        a = np.where(total > 0, a / np.where(total > 0, total, 1), 1 / max(1, a.shape[-1]))
    elif keep == "symmetric":
        a = (a + np.swapaxes(a, -1, -2)) / 2
    if not np.iscomplexobj(a):  # where a product of three numbers still fits into the dtype
        limit = max(float(jnp.finfo(given.dtype).max) ** (1 / 3), float(np.abs(given).max(initial=0)))
        a = np.clip(a, -limit, limit)
    with np.errstate(all="ignore"):
        a = np.asarray(a).astype(given.dtype)
    return a if np.all(np.isfinite(a)) else given


def moved_indices(ranges: Sequence[Range]) -> Callable[..., Iterator[Move]]:
    """Integers repeated, at both ends of their range, at the numbers they are compared with; masks toggled, in part."""

    def mover(floats: Floats, indices: Floats, outputs: Sequence, rng: np.random.Generator) -> Iterator[Move]:
        del outputs
        lengths = {a.shape[0]: a.shape[0] for a in (*floats, *indices) if a.ndim}
        for i, a in enumerate(indices):
            if a.dtype == bool:
                changes = other_masks(a, rng)
            elif a.size and np.issubdtype(a.dtype, np.integer):
                changes = other_integers(a, ranges[i] if i < len(ranges) else Range(), rng)
            else:
                continue
            for name, moved in changes:
                kept = in_order(moved, a, lengths) if is_sorted(a) else moved
                if not is_permutation(a):
                    yield f"{name} (index {i})", floats, (*indices[:i], kept.astype(a.dtype), *indices[i + 1 :]), None

    return mover


def other_masks(a: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    yield "mask toggled", ~a
    yield "mask all set", np.ones_like(a)
    yield "mask empty", np.zeros_like(a)
    yield "another mask", rng.random(a.shape) < 0.6
    if a.ndim:
        yield (
            "a mask with padding at the end",
            np.broadcast_to(np.arange(a.shape[-1]) < (a.shape[-1] + 1) // 2, a.shape),
        )
        yield "a mask with a row of padding", a & ~last_row(a)


def other_integers(a: np.ndarray, known: Range, rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    low, high = int(a.min()), int(a.max())
    if a.ndim:
        yield "equal, repeated indices", np.full_like(a, a.reshape(-1)[0])
        yield "indices reversed", a[::-1]
        yield "repeated indices", a[rng.integers(0, len(a), len(a))]
        yield "the smallest and the largest index", np.where(rng.random(a.shape) < 0.5, low, high)
    for c in sorted(known.named):
        some = np.where(rng.random(a.shape) < 0.5, c, a)
        some.reshape(-1)[0] = c
        yield f"an integer at {c}, with which the forward compares", some
    if known.largest is not None and known.largest >= high:
        yield "the first and the last index", ends(a.shape, known.largest, rng)
        yield "the last index", np.full_like(a, known.largest)
        yield "the index 0", np.zeros_like(a)
        yield "other indices", rng.integers(0, known.largest + 1, a.shape)
    elif not a.ndim:
        yield from ((f"another integer, {n}", np.asarray(n)) for n in (high + 1, high + 3, 0))


def ends(shape: tuple[int, ...], largest: int, rng: np.random.Generator) -> np.ndarray:
    """Zeros and the largest, at random; each at least once where there are two."""
    a = np.where(rng.random(shape) < 0.5, 0, largest)
    a.reshape(-1)[:1], a.reshape(-1)[1:2] = 0, largest
    return a


def is_sorted(a: np.ndarray) -> bool:
    """Three or more integers that rise: row pointers, segments; their order is kept."""
    return a.ndim == 1 and a.size > 2 and a.dtype.kind in "iu" and bool(np.all(np.diff(a) >= 0))


def in_order(moved: np.ndarray, given: np.ndarray, lengths: dict[int, int]) -> np.ndarray:
    """Rising; row pointers, from 0 to the length of another array, keep both ends. `lengths`: as given ↦ as it is."""
    moved = np.sort(moved)
    total = lengths.get(int(given[-1]))
    if given[0] == 0 and total is not None and given[-1] != len(given) and len(moved) > 1:
        moved = np.clip(moved, 0, total)
        moved[0], moved[-1] = 0, total
    return moved


def is_permutation(a: np.ndarray) -> bool:
    """All of 0 … n − 1, not in order: the backward may turn it round, so it is kept."""
    return a.ndim == 1 and a.size > 2 and not is_sorted(a) and np.array_equal(np.sort(a), np.arange(a.size))


def mixed(floats: Floats) -> Floats:
    """For large primals, all at one point: rows in turn zero, tied, scaled up, flipped and as given."""
    return tuple(project(rows_moved(a), a, invariant(a)) if a.size else a for a in floats)


def toggled_in_part(a: np.ndarray) -> np.ndarray:
    """Every other element of a mask the other way round; integers as they are."""
    return a ^ (np.arange(a.size) % 2 == 0).reshape(a.shape) if a.dtype == bool else a


def rows_moved(a: np.ndarray) -> np.ndarray:
    rows = np.array(a).reshape(-1, a.shape[-1] if a.ndim > 1 else 1)
    rows[0::16] = 0
    rows[1::16] *= 100
    rows[2::8] *= -1
    rows[3::16] = tied(rows[3::16])
    return rows.reshape(a.shape)


def neighbours(point: Point, step: float, rng: np.random.Generator, count: int = 8) -> list[Point]:
    """Points in random directions at a small distance, measured by each leaf's scale."""
    wider = [np.asarray(a.astype(wide(a))) for a in point.floats]
    return [
        replace(point, floats=tuple(a + step * (rms(a) or 1.0) * rng.uniform(-1, 1, a.shape) for a in wider))
        for _ in range(count)
    ]
