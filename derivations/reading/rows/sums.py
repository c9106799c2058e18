"""Sums, products and maxima over axes; matrix products; cumulative sums; convolutions."""

import math

import numpy as np
from sympy import Add, Idx, Integer, Max, Mul

from derivations import Maximum, product, step
from derivations.reading.arrays import Array, Outside, finer, reshaped, size_of
from derivations.reading.reading import backwards, is_few
from derivations.reading.rows.choice import equal, index_step
from derivations.reading.rows.layout import flattened
from derivations.reading.rows.table import row
from derivations.reading.sizes import as_size, factors


def reduced(r, x: Array, where, combine) -> Array:
    """`combine(entry, indices)` of the entries along the axes `where`."""
    kept = tuple(axis for d, axis in enumerate(x.axes) if d not in where)

    def full(i):
        """The places with new indices on the axes `where`, and these indices."""
        left, new = iter(i), {d: r.places((x.axes[d],))[0] for d in where}
        return [new[d] if d in new else next(left) for d in range(len(x.axes))], list(new.values())

    def entry(*i):
        places, new = full(i)
        return combine(x.at(*places), new) if x.finite is None else combine(x.at(*places), new, x.finite(*places))

    return Array(kept, entry)


@row("reduce_sum")
def reduce_sum(r, p, x: Array) -> Array:
    if x.finite is not None:
        raise Outside("a sum with −∞ in it")
    return r.named(reduced(r, x, p["axes"], r.summed))


def greatest(entry, places, where=None):
    where = Integer(1) if where is None else where
    for k in [k for place in places for k in place if where == 1 and isinstance(k, Idx) and is_few(k.upper)]:
        entry = Max(*(entry.xreplace({k: Integer(n)}) for n in range(1, int(k.upper) + 1)))
    for k in [k for place in places for k in place if k in entry.free_symbols]:
        entry, where = Maximum(entry, k, where), Integer(1)
    return entry


@row("reduce_max")
def reduce_max(r, p, x: Array) -> Array:
    return r.shift(reduced(r, x, p["axes"], greatest))


@row("reduce_min")
def reduce_min(r, p, x: Array) -> Array:
    negative = Array(x.axes, lambda *i: -x.at(*i))
    y = r.shift(reduced(r, negative, p["axes"], greatest))
    return Array(y.axes, lambda *i: -y.at(*i))


@row("reduce_prod")
def reduce_prod(r, p, x: Array) -> Array:
    def combine(entry, places):
        for k in [k for place in places for k in place if not isinstance(k, Integer)]:
            entry = product(entry, k)
        return entry

    return r.named(reduced(r, x, p["axes"], combine))


@row("reduce_and")
def reduce_and(r, p, x: Array) -> Array:
    return reduce_prod(r, p, x)


@row("reduce_or")
def reduce_or(r, p, x: Array) -> Array:
    none = reduce_prod(r, p, Array(x.axes, lambda *i: 1 - x.at(*i)))
    return Array(none.axes, lambda *i: 1 - none.at(*i))


@row("argmax", "argmin")
def argmax(r, p, x: Array, flip: int = 1) -> Array:
    """The place of the maximum, as a choice: the entry is p where step(x_p − max) is 1, off ties."""
    (d,) = p["axes"]
    if len(x.axes[d]) != 1:
        raise Outside("argmax over an axis of several factors")
    y = Array(x.axes, lambda *i: flip * x.at(*i))
    top = r.named(reduced(r, y, (d,), greatest), "m", r.maxima)
    r.say("argmax: no two entries are equal")

    def hit(*i):
        place = (*i[:d], (i[-1] + 1,), *i[d:-1])
        return step(y.at(*place) - top.at(*i[:-1]))

    def at(*i):
        (k,) = r.places(((size_of(x.axes[d]),),))[0]
        return r.summed((k - 1) * hit(*i, k - 1), [(k,)])

    return Array(top.axes, at, hit=hit)


@row("dot_general")
def dot_general(r, p, x: Array, y: Array) -> Array:
    """z[b, i, j] = Σ_k x[b, i, k] y[b, k, j]."""
    (cx, cy), (bx, by) = p["dimension_numbers"]
    axes_x, axes_y = list(x.axes), list(y.axes)
    for a, b in [*zip(cx, cy, strict=True), *zip(bx, by, strict=True)]:
        axes_x[a] = axes_y[b] = finer(axes_x[a], axes_y[b])
    x, y = x.fitted(axes_x), y.fitted(axes_y)
    fx = [a for a in range(len(x.axes)) if a not in cx and a not in bx]
    fy = [a for a in range(len(y.axes)) if a not in cy and a not in by]
    axes = tuple([x.axes[a] for a in (*bx, *fx)] + [y.axes[a] for a in fy])
    if x.finite is not None or y.finite is not None:
        raise Outside("a product with −∞")

    def entry(*i):
        batch, left, right = i[: len(bx)], i[len(bx) : len(bx) + len(fx)], i[len(bx) + len(fx) :]
        inner = r.places(tuple(x.axes[a] for a in cx))
        at_x = dict(zip((*bx, *fx, *cx), (*batch, *left, *inner), strict=True))
        at_y = dict(zip((*by, *fy, *cy), (*batch, *right, *inner), strict=True))
        terms = x.at(*(at_x[a] for a in range(len(x.axes)))) * y.at(*(at_y[a] for a in range(len(y.axes))))
        return r.summed(terms, inner)

    return r.named(Array(axes, entry))


@row("cumsum")
def cumsum(r, p, x: Array) -> Array:
    """y_i = Σ_k x_k [k ≤ i]; reversed, [k ≥ i]."""
    d, sign = p["axis"], -1 if p["reverse"] else 1
    axis = x.axes[d]

    turned = len(axis) == 1 and backwards(x.at(*(i := r.places(x.axes))), i[d][0])

    def entry(*i):
        (k,) = r.places((axis,))
        place = (axis[0] + 1 - k[0],) if turned else k
        there = index_step(r, sign * (flattened(i[d], axis) - flattened(place, axis)))
        return r.summed(there * x.at(*i[:d], place, *i[d + 1 :]), [k])

    return Array(x.axes, entry, bare=True) if turned else r.named(Array(x.axes, entry))


@row("cumprod")
def cumprod(r, p, x: Array) -> Array:
    """y_i = Π_(k ≤ i) x_k; reversed, k ≥ i. Over a number of entries that is known."""
    d = p["axis"]
    n = size_of(x.axes[d])
    if not isinstance(n, Integer) or n > 16 or len(x.axes[d]) > 1:
        raise Outside(f"a running product over {n} entries")

    def up_to(i, place: int):
        taken = range(place, int(n) + 1) if p["reverse"] else range(1, place + 1)
        return Mul(*(x.at(*i[:d], (Integer(k),), *i[d + 1 :]) for k in taken))

    def entry(*i):
        if not i[d]:
            return x.at(*i)
        if isinstance(i[d][0], Integer):
            return up_to(i, int(i[d][0]))
        return Add(*(equal(r, i[d][0], Integer(k)) * up_to(i, k) for k in range(1, int(n) + 1)))

    return r.named(Array(x.axes, entry))


@row("conv_general_dilated")
def convolution(r, p, x: Array, w: Array) -> Array:
    """y[n, o, i] = Σ_c Σ_a x[n, c, s i + d a − pad] w[o, c, a], 0 outside of x; the kernel's sizes are numbers.

    In groups of channels, or of the batch, group g of the outputs sees group g of x.
    """
    numbers = p["dimension_numbers"]
    (xb, xc, *xs), (wo, wc, *ws), (yb, yc, *ys) = numbers.lhs_spec, numbers.rhs_spec, numbers.out_spec
    groups = Integer(p["feature_group_count"] * p["batch_group_count"])
    if groups != 1:
        by = xc if p["feature_group_count"] != 1 else xb
        x, w = in_groups(x, by, groups), in_groups(w, wo, groups)
    own = x.axes[xc][1:] if p["feature_group_count"] != 1 else x.axes[xc]
    channels = finer(own, w.axes[wc])
    x = fit(x, xc, (*x.axes[xc][: len(x.axes[xc]) - len(own)], *channels))
    w = fit(w, wc, channels)
    stride, low = p["window_strides"], [as_size(lo) for lo, _ in p["padding"]]
    thin, dilation = p["lhs_dilation"], p["rhs_dilation"]
    sizes = []
    for n, (dx, dw) in enumerate(zip(xs, ws, strict=True)):
        span = (size_of(x.axes[dx]) - 1) * thin[n] + 1 + sum(map(as_size, p["padding"][n]))
        span = span - (size_of(w.axes[dw]) - 1) * dilation[n] - 1
        count, rest = (span / stride[n]).expand(), span
        if not isinstance(rest, Integer) and stride[n] != 1:
            raise Outside("a strided convolution over an axis of symbolic size")
        sizes.append(factors(rest // stride[n] + 1 if isinstance(rest, Integer) else count + 1, r.order))
    axes: list = [None] * len(numbers.out_spec)
    axes[yb], axes[yc] = x.axes[xb][int(p["batch_group_count"] != 1) :], w.axes[wo]
    for d, size in zip(ys, sizes, strict=True):
        axes[d] = size

    known = numbers_of([*(x.axes[d] for d in xs), *(w.axes[d] for d in ws), *sizes])

    def entry(*i):
        c, taps = r.places((channels,))[0], r.places(tuple(w.axes[d] for d in ws))
        at_x: list = [None] * len(x.axes)
        at_w: list = [None] * len(w.axes)
        at_x[xb], at_x[xc], at_w[wo], at_w[wc] = i[yb], c, i[yc], c
        if p["feature_group_count"] != 1:
            at_x[xc] = (i[yc][0], *c)
        elif groups != 1:
            at_x[xb] = (i[yc][0], *i[yb])
        if known is not None:
            return written_out(known, i, at_x, at_w, c)
        there, sums = Integer(1), [c, *taps]
        for n, (dx, dw, dy) in enumerate(zip(xs, ws, ys, strict=True)):
            at_w[dw] = taps[n]
            tap = flattened(taps[n], w.axes[dw]) - 1
            place = stride[n] * (flattened(i[dy], sizes[n]) - 1) + dilation[n] * tap - low[n]
            if thin[n] == 1 and low[n] == 0 and as_size(p["padding"][n][1]) == 0 and len(x.axes[dx]) == 1:
                at_x[dx] = (place + 1,)
                continue
            (k,) = r.places((x.axes[dx],))
            there = there * equal(r, thin[n] * (flattened(k, x.axes[dx]) - 1), place)
            at_x[dx] = k
            sums.append(k)
        return r.summed(there * x.at(*at_x) * w.at(*at_w), sums)

    def written_out(known: list[int], i, at_x: list, at_w: list, c):
        """Output by output and tap by tap, where all of their numbers are known."""
        lengths, kernel, outputs = known[: len(xs)], known[len(xs) : 2 * len(xs)], known[2 * len(xs) :]
        terms = []
        for out in np.ndindex(*outputs):
            there = Integer(1)
            for dy, size, o in zip(ys, sizes, out, strict=True):
                there = there * equal(r, flattened(i[dy], size), Integer(o + 1))
            for tap in np.ndindex(*kernel) if there != 0 else ():
                places = [
                    divmod(stride[n] * out[n] + dilation[n] * tap[n] - int(low[n]), thin[n]) for n in range(len(xs))
                ]
                if any(rest or not 0 <= q < n for (q, rest), n in zip(places, lengths, strict=True)):
                    continue
                for dx, dw, (q, _), t in zip(xs, ws, places, tap, strict=True):
                    at_x[dx], at_w[dw] = numbered(q, x.axes[dx]), numbered(t, w.axes[dw])
                terms.append(there * r.summed(x.at(*at_x) * w.at(*at_w), [c]))
        return Add(*terms)

    return r.named(Array(tuple(axes), entry))


def numbers_of(axes) -> list[int] | None:
    """The sizes of a convolution's positions, taps and outputs, if they are numbers and few."""
    sizes = [size_of(axis) for axis in axes]
    if not all(isinstance(n, Integer) for n in sizes):
        return None
    found = list(map(int, sizes))
    return found if math.prod(found[len(found) // 3 :]) <= 256 else None


def numbered(n: int, axis) -> tuple:
    """The n-th place of an axis whose factors are numbers, counted from 0."""
    return tuple(Integer(int(k) + 1) for k in np.unravel_index(n, tuple(map(int, axis)))) if axis else ()


def in_groups(x: Array, d: int, groups) -> Array:
    """The groups as a factor of their own, the slowest of the axis."""
    size = size_of(x.axes[d]) / groups
    if size.as_numer_denom()[1] != 1:
        raise Outside(f"{groups} groups of {size_of(x.axes[d])} channels")
    sizes = [size_of(axis) for axis in x.axes]
    apart = reshaped(x, [*sizes[:d], groups, size, *sizes[d + 1 :]])
    axes = (*apart.axes[:d], (*apart.axes[d], *apart.axes[d + 1]), *apart.axes[d + 2 :])
    cut = len(apart.axes[d])
    if cut != 1:
        raise Outside("groups that are split")
    return apart.view(axes, lambda *i: [*i[:d], i[d][:cut], i[d][cut:], *i[d + 1 :]])


def fit(x: Array, d: int, axis) -> Array:
    return x.fitted([*x.axes[:d], axis, *x.axes[d + 1 :]])
