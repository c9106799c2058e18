"""Entries at places that are computed: gather, scatter, dynamic slices. A place is compared, not looked up:
x[t] = Σ_k [t = k] x_k, so that a table of embeddings, a label and a one-hot row are one thing."""

from typing import Any

from sympy import Expr, Idx, Integer, expand

from derivations.reading.arrays import Array, BySize, OutOfRange, Outside, constant, size_of
from derivations.reading.rows.choice import equal, hits
from derivations.reading.rows.layout import flattened, taken
from derivations.reading.rows.table import row
from derivations.reading.sizes import always, as_size, factors, is_never_negative, is_whole, least


def component(r, x: Array, i: tuple, c: int) -> tuple[Expr, Any]:
    """The c-th whole number of an array of index vectors; its indicator, unless it is a formula of indices."""
    last = x.axes[-1]
    place = (*i, (Integer(c + 1),) if last else ())
    start = x.at(*place)
    if is_whole(start):
        return start, None
    return start, lambda p: hits(r, x)(*place, p)


@row("gather")
def gather(r, p, x: Array, starts: Array) -> Array:
    """y[batch, offset] = x[start[batch] + offset]."""
    g, sizes = p["dimension_numbers"], [as_size(s) for s in p["slice_sizes"]]
    batching = dict(zip(g.operand_batching_dims, g.start_indices_batching_dims, strict=True))
    window = [d for d in range(len(x.axes)) if d not in g.collapsed_slice_dims and d not in batching]
    batch = list(starts.axes[:-1])
    for d, b in batching.items():
        if batch[b] != x.axes[d]:
            raise Outside("a gather along split axes")
    for d in window:
        if d in g.start_index_map and sizes[d] != size_of(x.axes[d]) and not batch:
            start, _ = component(r, starts, (), g.start_index_map.index(d))
            if is_whole(start):
                x = taken(r, x, d, start, 1, sizes[d])
                sizes[d] = size_of(x.axes[d])
    axes, batches, offsets = [], iter(batch), iter(window)
    rank = len(batch) + len(window)
    for n in range(rank):
        d = next(offsets) if n in g.offset_dims else None
        axes.append(next(batches) if d is None else x.axes[d] if sizes[d] == size_of(x.axes[d]) else factors(sizes[d]))
    if x.finite is not None or x.hit is not None:
        raise Outside("a gather of whole numbers or −∞")

    def entry(*i):
        at = iter([place for n, place in enumerate(i) if n not in g.offset_dims])
        where = tuple(at)
        offset = dict(zip(window, [place for n, place in enumerate(i) if n in g.offset_dims], strict=True))
        places: list[Any] = [None] * len(x.axes)
        there, sums = Integer(1), []
        for d, axis in enumerate(x.axes):
            if d in batching:
                places[d] = where[batching[d]]
            elif d in g.start_index_map and not (d in window and sizes[d] == size_of(axis)):
                start, hit = component(r, starts, where, g.start_index_map.index(d))
                if d in window:
                    if hit is not None:
                        raise Outside("a window at a place that is an input")
                    start = start + flattened(offset[d], factors(sizes[d])) - 1
                places[d], factor, new = located(r, start, hit, axis)
                there, sums = there * factor, sums + new
            else:
                places[d] = offset[d] if d in window else tuple(Integer(1) for _ in axis)
        return r.summed(there * x.at(*places), [tuple(sums)])

    return r.named(Array(tuple(axes), entry))


def located(r, start: Expr, hit, axis) -> tuple[tuple, Expr, list]:
    """The place `start`, counted from 0, on an axis: the indices, an indicator, and what to sum over."""
    size = size_of(axis)
    if hit is None and is_whole(start) and len(axis) == 1 and affine(start):
        stays(start, size - 1)
        return (start + 1,), Integer(1), []
    k = tuple(r.fresh(f) for f in axis)
    number = flattened(k, axis) - 1
    if hit is None:
        return k, equal(r, number, start), [i for i in k if isinstance(i, Idx)]
    r.labels(hit, size)
    return k, hit(number), [i for i in k if isinstance(i, Idx)]


def stays(start: Expr, last: Expr) -> None:
    """Is 0 ≤ start ≤ last, for all values of its indices?"""
    for gap in (start, last - start):
        if not always(gap):
            low = least(gap)
            if is_never_negative(expand(-low - 1)):
                raise OutOfRange(f"the place {start} is beyond {last}")
            raise BySize(f"the place {start} may leave its axis, to {last}", str(low))


def affine(e: Expr) -> bool:
    return not (e.free_symbols - e.atoms(Idx) - {k.label for k in e.atoms(Idx)})


@row("scatter-add", "scatter_add")
def scatter_add(r, p, x: Array, starts: Array, updates: Array) -> Array:
    """y_p = x_p + Σ updates_u [u goes to p]."""
    hits = landed(r, p, x, starts, updates)
    return r.named(Array(x.axes, lambda *i: x.at(*i) + hits(i, updates)))


@row("scatter-sub", "scatter_sub")
def scatter_sub(r, p, x: Array, starts: Array, updates: Array) -> Array:
    hits = landed(r, p, x, starts, updates)
    return r.named(Array(x.axes, lambda *i: x.at(*i) - hits(i, updates)))


@row("scatter")
def scatter(r, p, x: Array, starts: Array, updates: Array) -> Array:
    """y_p = updates_u where one u goes to p, else x_p."""
    g = p["dimension_numbers"]
    batch = [n for n, axis in enumerate(starts.axes[:-1]) if axis and n not in g.scatter_indices_batching_dims]
    where = tuple(r.places(starts.axes[:-1]))
    vectors = [component(r, starts, where, c)[0] for c in range(len(g.scatter_dims_to_operand_dims))]
    told = {k for v in vectors if is_whole(v) and affine(v) for k in v.atoms(Idx)}  # one index vector for each of these
    if not p["unique_indices"] and any(k not in told for n in batch for k in where[n]):
        raise Outside("a scatter to places that may be equal")
    if p["unique_indices"] and any(k not in told for n in batch for k in where[n]):
        r.say("places that the code says are different are different")
    hits = landed(r, p, x, starts, updates)
    ones = Array(updates.axes, lambda *i: Integer(1))
    return r.named(Array(x.axes, lambda *i: x.at(*i) * (1 - hits(i, ones)) + hits(i, updates)))


def landed(r, p, x: Array, starts: Array, updates: Array):
    """(place, values) ↦ Σ over all updates of values · [it lands on the place]."""
    g = p["dimension_numbers"]
    batching = dict(zip(g.operand_batching_dims, g.scatter_indices_batching_dims, strict=True))
    window = [d for d in range(len(x.axes)) if d not in g.inserted_window_dims and d not in batching]
    if x.finite is not None or updates.finite is not None:
        raise Outside("a scatter with −∞")

    def hits(i, values: Array) -> Expr:
        u = r.places(updates.axes)
        where = tuple(place for n, place in enumerate(u) if n not in g.update_window_dims)
        offset = dict(zip(window, [place for n, place in enumerate(u) if n in g.update_window_dims], strict=True))
        there = Integer(1)
        for d, axis in enumerate(x.axes):
            number = flattened(i[d], axis) - 1
            own = updates.axes[g.update_window_dims[window.index(d)]] if d in window else ()
            inner = flattened(offset[d], own) - 1 if d in window else Integer(0)
            if d in batching:
                place = where[batching[d]]
                there = there * equal(r, number, flattened(place, starts.axes[batching[d]]) - 1)
            elif d in g.scatter_dims_to_operand_dims:
                start, hit = component(r, starts, where, g.scatter_dims_to_operand_dims.index(d))
                if hit is not None:
                    r.labels(hit, size_of(axis))
                    there = there * hit(number - inner)
                else:
                    if "CLIP" in str(p["mode"]):
                        stays(start, size_of(axis) - size_of(own))
                    there = there * equal(r, number, start + inner)
            else:
                there = there * equal(r, number, inner)
        return r.summed(there * values.at(*u), u)

    return hits


@row("dynamic_slice")
def dynamic_slice(r, p, x: Array, *starts: Array) -> Array:
    for d, (start, size) in enumerate(zip(starts, p["slice_sizes"], strict=True)):
        size = as_size(size)
        if size == size_of(x.axes[d]):
            continue
        if start.hit is None and is_whole(start.at()):
            stays(start.at(), size_of(x.axes[d]) - size)
            x = taken(r, x, d, start.at(), 1, size)
        elif start.hit is not None and size == 1:
            x = picked(r, x, d, start)
        else:
            raise Outside("a slice at a place that is an input")
    return x


def picked(r, x: Array, d: int, start: Array) -> Array:
    r.labels(start.hit, size_of(x.axes[d]))

    def entry(*i):
        k = r.places((x.axes[d],))[0]
        there = start.hit(flattened(k, x.axes[d]) - 1)  # type: ignore[misc]
        return r.summed(there * x.at(*i[:d], k, *i[d + 1 :]), [k])

    return r.named(Array((*x.axes[:d], (), *x.axes[d + 1 :]), entry))


@row("dynamic_update_slice")
def dynamic_update_slice(r, p, x: Array, update: Array, *starts: Array) -> Array:
    """y_i = update_(i − start) inside the window, else x_i."""

    def inside(i, values: Array) -> Expr:
        u, there = r.places(update.axes), Integer(1)
        for d, start in enumerate(starts):
            if not is_whole(start.at()):
                raise Outside("a slice at a place that is an input")
            stays(start.at(), size_of(x.axes[d]) - size_of(update.axes[d]))
            number = flattened(i[d], x.axes[d]) - 1
            there = there * equal(r, number, start.at() + flattened(u[d], update.axes[d]) - 1)
        return r.summed(there * values.at(*u), u)

    ones = constant(Integer(1)).view(update.axes, lambda *i: ())
    return r.named(Array(x.axes, lambda *i: x.at(*i) * (1 - inside(i, ones)) + inside(i, update)))
