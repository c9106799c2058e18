"""Pooling: sums and maxima over windows that lie side by side."""

from collections.abc import Callable, Sequence

from sympy import Integer, expand

from derivations.reading.arrays import Array, BySize, Outside, reshaped, size_of
from derivations.reading.rows.layout import taken
from derivations.reading.rows.sums import greatest, reduced
from derivations.reading.rows.table import row


def side_by_side(r, p, x: Array) -> tuple[Array, Sequence[int]]:
    """Each axis of n w entries as n windows of w, and where the windows' own axes stand; the rest is cut off."""
    windows, strides = p["window_dimensions"], p["window_strides"]
    plain = all(set(map(int, p.get(name) or (1,))) == {1} for name in ("base_dilation", "window_dilation"))
    if not plain or tuple(windows) != tuple(strides) or any(lo or hi for lo, hi in p["padding"]):
        raise Outside("windows that overlap or are padded")
    sizes: list = []
    for d, w in enumerate(windows):
        n = size_of(x.axes[d])
        if w == 1:
            sizes.append([n])
            continue
        rest = n.as_coeff_Add()[0] % w if (n - n.as_coeff_Add()[0]) % w == 0 else None
        if rest is None:
            raise BySize(f"windows of {w} on an axis of {n}", str(n), int(w))
        if rest:
            x = taken(r, x, d, Integer(0), 1, expand(n - rest))
        sizes.append([expand((n - rest) / w), Integer(w)])
    fine = reshaped(x, [s for group in sizes for s in group])
    starts = [sum(len(g) for g in sizes[:d]) for d in range(len(sizes))]
    return fine, [starts[d] + 1 for d, group in enumerate(sizes) if len(group) == 2]


def pooled(combine: Callable) -> Callable:
    def pool(r, p, x: Array, *start: Array) -> Array:
        fine, where = side_by_side(r, p, x)
        return r.named(reduced(r, fine, where, combine(r)))

    return pool


row("reduce_window_sum")(pooled(lambda r: r.summed))


@row("reduce_window_max")
def window_max(r, p, x: Array) -> Array:
    fine, where = side_by_side(r, p, x)
    return r.shift(reduced(r, fine, where, greatest))
