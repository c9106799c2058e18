"""Operations that only move entries: what they do to the axes, and where an entry comes from."""

from sympy import Integer

from derivations.reading.arrays import Array, Outside, finer, reshaped, size_of, together
from derivations.reading.rows.choice import equal, hits
from derivations.reading.rows.table import row
from derivations.reading.sizes import as_size, factors, is_whole


@row("broadcast_in_dim")
def broadcast_in_dim(r, p, x: Array, *sizes: Array) -> Array:
    shape = [as_size(d) for d in p["shape"]]
    dims = p["broadcast_dimensions"]
    axes = [factors(s, r.order) for s in shape]
    for own, d in zip(x.axes, dims, strict=True):
        if own:
            axes[d] = own
    return x.view(axes, lambda *i: [i[d] if own else () for own, d in zip(x.axes, dims, strict=True)])


@row("reshape")
def reshape(r, p, x: Array, *sizes: Array) -> Array:
    return reshaped(x, [as_size(d) for d in p["new_sizes"]])


@row("expand_dims")
def expand_dims(r, p, x: Array) -> Array:
    where = p["dimensions"]
    axes = list(x.axes)
    for d in sorted(where):
        axes.insert(d, ())
    return x.view(axes, lambda *i: [place for d, place in enumerate(i) if d not in where])


@row("squeeze")
def squeeze(r, p, x: Array) -> Array:
    where = p["dimensions"]
    kept = [axis for d, axis in enumerate(x.axes) if d not in where]

    def places(*i):
        left = iter(i)
        return [() if d in where else next(left) for d in range(len(x.axes))]

    return x.view(kept, places)


@row("unstack")
def unstack(r, p, x: Array) -> list[Array]:
    """The parts along one axis, each without it."""
    d = p["axis"]
    count = size_of(x.axes[d])
    if not isinstance(count, Integer):
        raise Outside("as many arrays as an axis is long")
    return [at_number(x, d, n) for n in range(int(count))]


def at_number(x: Array, d: int, n: int) -> Array:
    """x[…, n, …], counted from 0, on an axis whose size is a number."""
    place, rest = [], int(size_of(x.axes[d]))
    for f in x.axes[d]:
        rest //= int(f)
        place.append(Integer(n // rest + 1))
        n %= rest
    return x.view((*x.axes[:d], *x.axes[d + 1 :]), lambda *i: [*i[:d], tuple(place), *i[d:]])


@row("transpose")
def transpose(r, p, x: Array) -> Array:
    order = p["permutation"]
    return x.view([x.axes[d] for d in order], lambda *i: [i[order.index(d)] for d in range(len(order))])


@row("rev")
def reverse(r, p, x: Array) -> Array:
    """y_i = x_(n + 1 − i)."""
    for d in p["dimensions"]:
        x = taken(r, x, d, size_of(x.axes[d]) - 1, -1, size_of(x.axes[d]))
    return x


@row("slice")
def cut(r, p, x: Array) -> Array:
    strides = p["strides"] or (1,) * len(x.axes)
    for d, (start, limit, stride) in enumerate(zip(p["start_indices"], p["limit_indices"], strides, strict=True)):
        start, limit = as_size(start), as_size(limit)
        if stride == 1 or not (limit - start).is_Symbol:
            size = (limit - start + stride - 1) / stride if stride == 1 else counted(limit - start, stride)
            x = taken(r, x, d, start, stride, size)
        else:
            raise Outside(f"every {stride}th of {limit - start} entries")
    return x


def counted(length, stride):
    """⌈length / stride⌉, where it is a polynomial."""
    if isinstance(length, Integer):
        return (length + stride - 1) // stride
    c, rest = length.as_coeff_Mul()
    if c % stride == 0:
        return c // stride * rest
    raise Outside(f"every {stride}th of {length} entries")


def taken(r, x: Array, d: int, start, stride: int, size) -> Array:
    """The entries start, start + stride, … of axis d, `size` of them, counted from 0."""
    axis = x.axes[d]
    whole = size_of(axis)
    if start == 0 and stride == 1 and size == whole:
        return x
    block = as_block(axis, start, stride, size)
    if block is not None:
        new, place = block
        axes = [*x.axes[:d], new, *x.axes[d + 1 :]]
        return x.view(axes, lambda *i: [*i[:d], place(i[d]), *i[d + 1 :]])
    if len(axis) > 1 and all(isinstance(f, Integer) for f in axis):
        x = reshaped(x, [size_of(a) for a in x.axes])
        raise Outside("a slice of a split axis")
    if len(axis) > 1:
        raise Outside(f"a slice of an axis of size {whole}")
    new = factors(size, r.order)
    flat = lambda place: flattened(place, new)  # noqa: E731
    axes = [*x.axes[:d], new, *x.axes[d + 1 :]]
    if not start.free_symbols or stride == -1:
        at = lambda i: start + 1 + stride * (flat(i) - 1)  # noqa: E731
        if not (stride == -1 and start.free_symbols) and (start != 0 or x.hit is not None):
            return x.view(axes, lambda *i: [*i[:d], (at(i[d]),), *i[d + 1 :]])
    if is_whole(x.at(*r.places(x.axes))):  # iota and the like: the number at that place
        return x.view(axes, lambda *i: [*i[:d], (start + 1 + stride * (flat(i[d]) - 1),), *i[d + 1 :]])
    if stride == -1 and start == whole - 1 and size == whole:
        return x.view(axes, lambda *i: [*i[:d], (whole + 1 - i[d][0],), *i[d + 1 :]])
    if x.finite is not None or x.hit is not None:
        raise Outside("a slice at a place that depends on a size")

    def entry(*i):  # the place depends on a size, or is the index itself in a shorter range: Σ_k x_k [k is the place]
        k = r.fresh(whole)
        place = start + stride * (flat(i[d]) - 1)
        return r.summed(x.at(*i[:d], (k,), *i[d + 1 :]) * equal(r, k - 1, place), [(k,)])

    return r.named(Array(tuple(axes), entry))


def flattened(place, axis):
    """The number of a place on an axis, from 1."""
    number = Integer(1)
    for k, f in zip(place, axis, strict=True):
        number = f * (number - 1) + k
    return number


def as_block(axis, start, stride: int, size):
    """A slice along one factor of an axis: every entry of the faster ones."""
    if stride == 1 and len(axis) > 1:
        block = size_of(axis[1:])
        first, count = (start / block).cancel(), (size / block).cancel()
        if first.is_Integer and count.is_Integer:
            new = ((count,) if count != 1 else ()) + axis[1:]
            return new, lambda i: (i[0] + first if count != 1 else first + 1, *i[count != 1 :])
    if stride > 1 and len(axis) > 1 and axis[-1] == stride and isinstance(start, Integer) and start < stride:
        return axis[:-1], lambda i: (*i, start + 1)  # x[start::stride]
    return None


@row("tile")
def tile(r, p, x: Array) -> Array:
    """The array several times over along each axis."""
    axes = tuple((Integer(n), *axis) if n != 1 else axis for n, axis in zip(p["reps"], x.axes, strict=True))
    return x.view(axes, lambda *i: [place[n != 1 :] for n, place in zip(p["reps"], i, strict=True)])


@row("split")
def split(r, p, x: Array) -> list[Array]:
    d, start, parts = p["axis"], Integer(0), []
    for size in p["sizes"]:
        parts.append(taken(r, x, d, start, 1, as_size(size)))
        start = start + as_size(size)
    return parts


@row("concatenate")
def concatenate(r, p, *xs: Array) -> Array:
    """Equal parts: a factor that counts them. Else y_i = Σ_parts Σ_k x_k [i is the place of k]."""
    d = p["dimension"]
    sizes = [size_of(x.axes[d]) for x in xs]
    others = list(xs[0].axes)
    for x in xs[1:]:
        others = [finer(a, b) if e != d else a for e, (a, b) in enumerate(zip(others, x.axes, strict=True))]
    xs = tuple(x.fitted([*others[:d], x.axes[d], *others[d + 1 :]]) for x in xs)
    if any(x.finite is not None for x in xs):
        raise Outside("−∞ in a concatenation")
    if len(set(sizes)) == 1:
        inner = xs[0].axes[d]
        for x in xs[1:]:
            inner = finer(inner, x.axes[d])
        return stacked(r, d, [x.fitted([*others[:d], inner, *others[d + 1 :]]) for x in xs], inner)
    axis = factors(sum(sizes, Integer(0)), r.order)
    axes = (*others[:d], axis, *others[d + 1 :])
    starts = [sum(sizes[:n], Integer(0)) for n in range(len(xs))]
    integers = any(x.hit is not None for x in xs)

    def entry(*i):
        place, terms = flattened(i[d], axis), []
        for x, start in zip(xs, starts, strict=True):
            k = r.places((x.axes[d],))[0]
            there = equal(r, place - 1, start + flattened(k, x.axes[d]) - 1)
            terms.append(r.summed(there * x.at(*i[:d], k, *i[d + 1 :]), [k]))
        return sum(terms, Integer(0))

    if integers:
        raise Outside("whole numbers in a concatenation of unequal parts")
    return r.named(Array(axes, entry))


@row("stack")
def stack(r, p, *xs: Array) -> Array:
    """Arrays of one shape along a new axis."""
    d = p["axis"] if "axis" in p else p["dimension"]
    same = together(xs)
    thin = [x.view((*x.axes[:d], (), *x.axes[d:]), lambda *i: (*i[:d], *i[d + 1 :])) for x in same]
    return stacked(r, d, thin, ())


def stacked(r, d: int, xs: list[Array], inner) -> Array:
    """Parts of one size, one after the other: an axis of the factors (number of parts, …)."""
    axes = list(xs[0].axes)
    axes[d] = (Integer(len(xs)), *inner) if len(xs) > 1 else inner
    if len(xs) == 1:
        return xs[0]

    def entry(*i):
        part, rest = i[d][0], i[d][1:]
        if isinstance(part, Integer):
            return xs[int(part) - 1].at(*i[:d], rest, *i[d + 1 :])
        return sum(
            (equal(r, part, Integer(n + 1)) * x.at(*i[:d], rest, *i[d + 1 :]) for n, x in enumerate(xs)), Integer(0)
        )

    def hit(*i):
        part, rest = i[d][0], i[d][1:]
        if not isinstance(part, Integer):
            raise Outside("an index into stacked whole numbers")
        x = xs[int(part) - 1]
        return hits(r, x)(*i[:d], rest, *i[d + 1 : -1], i[-1])

    some = any(x.hit is not None for x in xs)
    return Array(tuple(axes), entry, hit=hit if some else None)


@row("pad")
def pad(r, p, x: Array, filling: Array) -> Array:
    """y_i = x_k where i = low + k (1 + interior), else the filling; negative padding cuts off."""
    fill = filling.at()
    if filling.finite is not None:
        raise Outside("−∞ as padding")
    for d, (low, high, interior) in enumerate(p["padding_config"]):
        low, high, interior = as_size(low), as_size(high), int(interior)
        if low == 0 and high == 0 and interior == 0:
            continue
        if low.is_negative:
            x, low = taken(r, x, d, -low, 1, size_of(x.axes[d]) + low), Integer(0)
        if high.is_negative:
            x, high = taken(r, x, d, Integer(0), 1, size_of(x.axes[d]) + high), Integer(0)
        x = padded(r, x, d, low, high, interior, fill)
    return x


def padded(r, x: Array, d: int, low, high, interior: int, fill) -> Array:
    own = x.axes[d]
    n = size_of(own)
    axis = factors(low + high + n + interior * (n - 1), r.order)
    axes = (*x.axes[:d], axis, *x.axes[d + 1 :])

    def entry(*i):
        place = flattened(i[d], axis)
        k = r.places((own,))[0]
        there = equal(r, place - 1, low + (1 + interior) * (flattened(k, own) - 1))
        inner = r.summed(there * (x.at(*i[:d], k, *i[d + 1 :]) - fill), [k])
        return inner + fill

    return r.named(Array(axes, entry))
