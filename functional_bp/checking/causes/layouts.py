"""What may happen to an array by mistake: shifted, reversed, transposed, cut, summed, symmetrised, made nonlinear."""

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np

from functional_bp.checking.kinds import Kind

Layout = tuple[Kind, str, float, Callable[[np.ndarray], np.ndarray]]  # kind, "{} is shifted", rank, change


def layouts(shape: tuple[int, ...]) -> Iterator[Layout]:
    """For the cotangent of an array of this shape."""
    yield from moved(shape)
    yield from cut(shape)
    for axis, n in enumerate(shape):
        if n > 1:
            text = f"along axis {axis}, which must stay"
            yield (
                Kind.EXTRA_SUM,
                f"{{}} is summed {text}",
                1,
                lambda a, x=axis: np.broadcast_to(a.sum(x, keepdims=True), a.shape),
            )
            yield (
                Kind.EXTRA_SUM,
                f"{{}} is averaged {text}",
                1,
                lambda a, x=axis: np.broadcast_to(a.mean(x, keepdims=True), a.shape),
            )
            for k, which in ((0, "first"), (n - 1, "last")):
                text = f"the {which} slice of axis {axis} of {{}} is taken for all"
                yield Kind.ONE_COTANGENT, text, 1, lambda a, x=axis, k=k: np.broadcast_to(np.take(a, [k], x), a.shape)
    if np.prod(shape) > 1:
        for name, f in (
            ("first number", lambda a: a.ravel()[0]),
            ("mean", np.mean),
            ("sum", np.sum),
            ("largest", np.max),
        ):
            yield Kind.ONE_COTANGENT, f"the {name} of {{}} is taken for all", 2, lambda a, f=f: np.full_like(a, f(a))


def moved(shape: tuple[int, ...]) -> Iterator[Layout]:
    """The right numbers at wrong places."""
    for a, b in equal_axes(shape):
        text = "{} is transposed" if len(shape) == 2 else f"axes {a} and {b} of {{}} are exchanged"
        yield Kind.TRANSPOSED, text, 0, lambda x, a=a, b=b: np.swapaxes(x, a, b)
    for a, b in combinations(range(len(shape)), 2):
        if shape[a] > 1 < shape[b]:
            yield Kind.PERMUTED, f"{{}} is reversed along axes {a} and {b}", 0.5, lambda x, a=a, b=b: np.flip(x, (a, b))
    for axis, n in enumerate(shape):
        if n < 2:
            continue
        yield Kind.PERMUTED, f"{{}} is reversed along axis {axis}", 0, lambda x, a=axis: np.flip(x, a)
        for by in (1, -1) if n > 2 else (1,):
            yield (
                Kind.PERMUTED,
                f"{{}} is shifted by {by} along axis {axis}",
                0,
                lambda x, a=axis, by=by: np.roll(x, by, a),
            )
            text = f"{{}} is shifted by {by} along axis {axis}, zero at the edge"
            yield Kind.PERMUTED, text, 0.5, lambda x, a=axis, by=by: shifted(x, by, a)
        if n % 2 == 0:
            yield from halves(axis, n)
        for p in (p for p in range(2, n) if n % p == 0 and n < 65):
            q = n // p
            text = f"axis {axis} of {{}} is taken as {q} × {p}, not {p} × {q}"
            yield (
                Kind.PERMUTED,
                text,
                1,
                lambda x, a=axis, p=p, q=q: split(x, a, p, q, lambda s, a: np.swapaxes(s, a, a + 1)),
            )
            for inner, rows in ((0, "rows"), (1, "columns")):
                text = f"axis {axis} of {{}}, as {p} × {q}, is reversed in its {rows} only"
                yield (
                    Kind.PERMUTED,
                    text,
                    1,
                    lambda x, a=axis, p=p, q=q, i=inner: split(x, a, p, q, lambda s, a: np.flip(s, a + i)),
                )
            by = f"{{}} is shifted by {p} along axis {axis}"
            yield Kind.PERMUTED, by, 1, lambda x, a=axis, p=p: np.roll(x, p, a)


def halves(axis: int, n: int) -> Iterator[Layout]:
    """As in a rotary turn: halves, or neighbours, exchanged, with or without a sign."""

    def signs(a: np.ndarray, which: np.ndarray) -> np.ndarray:
        return a * which.reshape([-1 if x == axis else 1 for x in range(a.ndim)])

    second, odd = np.where(np.arange(n) < n // 2, 1.0, -1.0), np.where(np.arange(n) % 2 == 0, 1.0, -1.0)
    swap = lambda a: np.take(a, np.arange(n) ^ 1, axis)  # noqa: E731
    half = lambda a: np.roll(a, n // 2, axis)  # noqa: E731
    at = f"along axis {axis}"
    yield Kind.SIGN, f"the second half of {{}} {at} has its sign flipped", 1, lambda a: signs(a, second)
    yield Kind.SIGN, f"the first half of {{}} {at} has its sign flipped", 1, lambda a: signs(a, -second)
    yield Kind.SIGN, f"every other element of {{}} {at} has its sign flipped", 1, lambda a: signs(a, odd)
    yield (
        Kind.SIGN,
        f"every other element of {{}} {at} has its sign flipped, the first too",
        1,
        lambda a: signs(a, -odd),
    )
    for name, change in (("halves", half), ("neighbours", swap)):
        sign = second if name == "halves" else odd
        yield Kind.PERMUTED, f"the {name} of {{}} {at} are exchanged", 1, change
        yield (
            Kind.PERMUTED,
            f"the {name} of {{}} {at} are exchanged, the second with a minus",
            1,
            lambda a, f=change, s=sign: signs(f(a), s),
        )
        yield (
            Kind.PERMUTED,
            f"the {name} of {{}} {at} are exchanged, the first with a minus",
            1,
            lambda a, f=change, s=sign: signs(f(a), -s),
        )


def cut(shape: tuple[int, ...]) -> Iterator[Layout]:
    """Only a part of it, or two parts that are one."""
    for axis, n in enumerate(shape):
        for k in range(n) if 1 < n <= 16 else ():
            which = "first" if k == 0 else "last" if k == n - 1 else f"{k}th"
            kind = Kind.MISSING_SUM if k in (0, n - 1) else Kind.PART
            text = f"only the {which} slice of axis {axis} of {{}} counts"
            yield kind, text, 0.5 + (kind is Kind.PART), lambda a, x=axis, k=k: kept(a, x, slice(k, k + 1))
            text = f"the {which} slice of axis {axis} of {{}} is missing"
            yield Kind.PART, text, 1, lambda a, x=axis, k=k: a - kept(a, x, slice(k, k + 1))
        if n > 3:
            yield (
                Kind.PART,
                f"only the first half of axis {axis} of {{}} counts",
                1,
                lambda a, x=axis, n=n: kept(a, x, slice(n // 2)),
            )
            yield (
                Kind.PART,
                f"only every other slice of axis {axis} of {{}} counts",
                1,
                lambda a, x=axis: kept(a, x, slice(0, None, 2)),
            )
    if len(shape) > 1 and shape[-1] == shape[-2] > 1:
        eye = np.eye(shape[-1])
        turned = lambda a: np.swapaxes(a, -1, -2)  # noqa: E731
        yield Kind.SYMMETRISED, "{} is symmetrised: half of it and of its transpose", 1, lambda a: (a + turned(a)) / 2
        yield Kind.SYMMETRISED, "{} and its transpose are added", 1, lambda a: a + turned(a)
        yield Kind.SYMMETRISED, "{} has its off-diagonal doubled", 1, lambda a: a * (2 - eye)
        yield Kind.SYMMETRISED, "{} has its off-diagonal halved", 1, lambda a: a * (1 + eye) / 2
        yield Kind.SYMMETRISED, "{} has its diagonal halved", 1, lambda a: a * (1 - eye / 2)
    if len(shape) > 1 and shape[-1] > 1 < shape[-2]:
        yield Kind.PART, "only the lower triangle of {} is there", 1, np.tril
        yield Kind.PART, "only the upper triangle of {} is there", 1, np.triu
        yield Kind.PART, "only the triangle of {} below its diagonal is there", 1, lambda a: np.tril(a, -1)
        yield Kind.PART, "only the triangle of {} above its diagonal is there", 1, lambda a: np.triu(a, 1)
        yield Kind.PART, "only the diagonal of {} is there", 1, lambda a: a * np.eye(*a.shape[-2:])
        yield Kind.PART, "the diagonal of {} is missing", 1, lambda a: a * (1 - np.eye(*a.shape[-2:]))


NONLINEAR: tuple[Layout, ...] = (
    (Kind.NOT_LINEAR, "{}² stands for {}", 1, np.square),
    (Kind.NOT_LINEAR, "|{}| stands for {}", 1, np.abs),
    (Kind.NOT_LINEAR, "the sign of {} stands for it", 1, np.sign),
    (Kind.NOT_LINEAR, "{} is cut at zero", 1, lambda a: np.maximum(a, 0)),
    (Kind.NOT_LINEAR, "{} is clipped at one", 1, lambda a: np.clip(a, -1, 1)),
)


def equal_axes(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    return [(a, b) for a, b in combinations(range(len(shape)), 2) if shape[a] == shape[b] > 1]


def kept(a: np.ndarray, axis: int, which: slice) -> np.ndarray:
    part = np.zeros_like(a)
    place = (slice(None),) * axis + (which,)
    part[place] = a[place]
    return part


def shifted(a: np.ndarray, by: int, axis: int) -> np.ndarray:
    moved = np.roll(a, by, axis)
    moved[(slice(None),) * axis + (0 if by > 0 else -1,)] = 0
    return moved


def split(a: np.ndarray, axis: int, p: int, q: int, change: Callable[[np.ndarray, int], np.ndarray]) -> np.ndarray:
    return change(a.reshape(*a.shape[:axis], p, q, *a.shape[axis + 1 :]), axis).reshape(a.shape)
