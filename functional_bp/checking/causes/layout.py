"""Causes in the layout of a right computation: sign, factor, transposition, axes, slices, shifts, order."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np

from functional_bp.checking.causes.evidence import Candidate, Candidates, Evidence


def sign(e: Evidence) -> Candidates:
    yield Candidate("sign", "the sign is flipped", -e.true)


def factor(e: Evidence) -> Candidates:
    """One constant for all samples; named 1/N where N is the size of an axis."""
    norm = np.vdot(e.true, e.true).real
    if norm == 0:
        return
    c = float(np.vdot(e.true, e.claimed).real / norm)
    if abs(c) > 1e-12 and abs(c - 1) > 1e-9 and abs(c + 1) > 1e-9:
        yield Candidate("factor", f"wrong by a constant factor {name_factor(c, e)}", c * e.true)


def name_factor(c: float, e: Evidence) -> str:
    sizes = {n for p in e.points[:1] for a in (*p.floats, *p.indices, *p.y_bar) for n in (*a.shape, a.size) if n > 1}
    for n in sorted(sizes):
        if abs(c * n - 1) < 1e-4:
            return f"1/{n} (a mean where a sum is due: {n} is the size of an axis)"
        if abs(c - n) < 1e-4 * n:
            return f"{n} (a sum where a mean is due: {n} is the size of an axis)"
        if n > 1 and (abs(c - n / (n - 1)) < 1e-6 or abs(c - (n - 1) / n) < 1e-6):
            return f"{c:.6g} ({n} against {n} − 1)"
    return f"{c:.6g}" + (" (½: a square's derivative?)" if abs(c - 0.5) < 1e-6 else "")


def other_arguments(e: Evidence) -> Candidates:
    """The cotangent of another primal came."""
    for i, leaf in enumerate(e.problem.float_leaves):
        if i != e.leaf:
            other = e.truth(e.points)[i]
            yield Candidate("swapped", f"this is the cotangent of {leaf.name}: arguments swapped", other)


def transposed(e: Evidence) -> Candidates:
    """ȳ Jᵀ in the place of ȳ J; the cotangent's own last axes swapped; ȳ's axes swapped."""
    n = e.true.ndim
    if n > 2 and e.true.shape[-1] == e.true.shape[-2]:
        yield Candidate("transposed", "the cotangent is transposed", np.swapaxes(e.true, -1, -2))
    J = e.true_jacobians
    if J is not None and J.shape[1] == J.shape[2]:
        yield Candidate(
            "transposed", "the Jacobian is transposed: ȳ Jᵀ in the place of ȳ J", e.product(np.swapaxes(J, 1, 2))
        )


def transposed_primal(e: Evidence) -> Candidates:
    """A square matrix among the primals used transposed."""
    for i, leaf in enumerate(e.problem.float_leaves):
        shape = e.points[0].floats[i].shape
        if len(shape) >= 2 and shape[-1] == shape[-2] > 1:
            points = [
                replace(p, floats=(*p.floats[:i], np.swapaxes(p.floats[i], -1, -2), *p.floats[i + 1 :]))
                for p in e.points
            ]
            yield Candidate("transposed", f"{leaf.name} is used transposed", e.at(points))


def axes(e: Evidence) -> Candidates:
    """Equal axes of ȳ, or of the result, exchanged."""
    if e.y_bar is not None:
        for a, b in equal_axes(e.y_bar.shape[1:]):
            swapped = e.with_y_bar(lambda p, a=a, b=b: [np.swapaxes(p.y_bar[0], a, b)])
            yield Candidate("wrong axis", f"axes {a} and {b} of ȳ are exchanged", swapped)
            if swapped.ndim - 1 > max(a, b) and swapped.shape[a + 1] == swapped.shape[b + 1]:
                text = f"computed along axis {a} in the place of axis {b}"
                yield Candidate("wrong axis", text, np.swapaxes(swapped, a + 1, b + 1))
    for a, b in equal_axes(e.true.shape[1:]):
        yield Candidate(
            "wrong axis", f"axes {a} and {b} of the cotangent are exchanged", np.swapaxes(e.true, a + 1, b + 1)
        )


def equal_axes(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    n = len(shape)
    return [(a, b) for a in range(n) for b in range(a + 1, n) if shape[a] == shape[b] > 1]


def coupling(e: Evidence) -> Candidates:
    """The claim mixes elements along another axis than the truth does."""
    J, C = e.true_jacobians, e.claimed_jacobians
    shape = e.true.shape[1:]
    if J is None or C is None or e.y_bar is None or e.y_bar.shape[1:] != shape or len(shape) < 2:
        return
    mixes_true, mixes_claimed = mixed_axes(J, shape), mixed_axes(C, shape)
    if (mixes_claimed - mixes_true and mixes_true - mixes_claimed) or mixes_claimed > mixes_true:
        text = f"the sum runs over axis {listed(mixes_claimed)} in the place of axis {listed(mixes_true)}"
        yield Candidate("wrong axis", text, e.claimed)


def listed(axes: set[int]) -> str:
    return ", ".join(map(str, sorted(axes))) or "none"


def mixed_axes(jacobians: np.ndarray, shape: tuple[int, ...]) -> set[int]:
    """The axes along which an output depends on inputs at another index."""
    size = np.abs(jacobians).max(axis=0)
    J = (size > 1e-9 * size.max(initial=0.0)).reshape(*shape, *shape)
    n, found = len(shape), set()
    for axis in range(n):
        outs, ins = "abcdefg"[:n], list("abcdefg"[:n])
        ins[axis] = "z"
        rest = outs.replace(outs[axis], "")
        pairs = np.einsum(f"{outs}{''.join(ins)}->{rest}{outs[axis]}z", J.astype(int)).reshape(
            -1, shape[axis], shape[axis]
        )
        if np.any(pairs * (1 - np.eye(shape[axis], dtype=int))):
            found.add(axis)
    return found


def sums(e: Evidence) -> Candidates:
    """A sum over an axis of ȳ left out (one slice alone), or made where none is due."""
    if e.y_bar is not None:
        for axis, n in enumerate(e.y_bar.shape[1:]):
            for k in (0, n - 1) if n > 1 else ():
                kept = e.with_y_bar(lambda p, axis=axis, k=k: [only(p.y_bar[0], axis, k)])
                which = "first" if k == 0 else "last"
                yield Candidate("missing sum", f"no sum over axis {axis} of ȳ: only the {which} slice counts", kept)
    for axis in range(1, e.true.ndim):
        if e.true.shape[axis] > 1:
            total = np.broadcast_to(e.true.sum(axis=axis, keepdims=True), e.true.shape)
            yield Candidate("extra sum", f"summed over axis {axis - 1}, which must stay", total)
            text = f"averaged over axis {axis - 1}, which must stay"
            yield Candidate("extra sum", text, total / e.true.shape[axis])


def only(a: np.ndarray, axis: int, k: int) -> np.ndarray:
    kept = np.zeros_like(a)
    place = (slice(None),) * axis + (k,)
    kept[place] = a[place]
    return kept


def order(e: Evidence) -> Candidates:
    """The right numbers at wrong places: shifted, reversed, permuted; ȳ shifted or reversed."""
    for axis in range(1, e.true.ndim):
        if e.true.shape[axis] < 2:
            continue
        for by in (1, -1):
            yield Candidate("permuted", f"shifted by {by} along axis {axis - 1}", np.roll(e.true, by, axis))
        yield Candidate("permuted", f"reversed along axis {axis - 1}", np.flip(e.true, axis))
        yield Candidate("permuted", f"shifted along axis {axis - 1}, zero at the edge", shifted(e.true, 1, axis))
        yield Candidate("permuted", f"shifted back along axis {axis - 1}, zero at the edge", shifted(e.true, -1, axis))
    if e.y_bar is not None:
        for axis, n in enumerate(e.y_bar.shape[1:]):
            for by in (1, -1) if n > 1 else ():
                moved = e.with_y_bar(lambda p, by=by, axis=axis: [np.roll(p.y_bar[0], by, axis)])
                yield Candidate("permuted", f"ȳ is shifted by {by} along axis {axis}", moved)
            if n > 1:
                flipped = e.with_y_bar(lambda p, axis=axis: [np.flip(p.y_bar[0], axis)])
                yield Candidate("permuted", f"ȳ is reversed along axis {axis}", flipped)
    flat_true, flat_claimed = (a.reshape(len(a), -1) for a in (e.true, e.claimed))
    if flat_true.shape[1] > 1 and np.all(np.isfinite(flat_claimed)):
        by_true, by_claimed = np.argsort(flat_true, axis=1), np.argsort(flat_claimed, axis=1)
        permuted = np.empty_like(flat_true)
        np.put_along_axis(permuted, by_claimed, np.take_along_axis(flat_true, by_true, 1), 1)
        yield Candidate("permuted", "the right values at permuted places", permuted.reshape(e.true.shape))


def shifted(a: np.ndarray, by: int, axis: int) -> np.ndarray:
    moved = np.roll(a, by, axis)
    place = (slice(None),) * axis + (0 if by > 0 else -1,)
    moved[place] = 0
    return moved


def indices(e: Evidence) -> Candidates:
    """Integer primals off by one, permuted; masks inverted or ignored."""
    index_leaves = [leaf for leaf in e.problem.leaves if leaf.kind == "index"]
    for i, leaf in enumerate(index_leaves):
        a = e.points[0].indices[i]
        if jnp.issubdtype(a.dtype, jnp.inexact):
            continue
        if a.dtype == bool:
            changes = [
                ("few elements", f"{leaf.name} is used inverted", np.logical_not),
                ("few elements", f"{leaf.name} is ignored: wrong where it is not set", np.ones_like),
                ("few elements", f"{leaf.name} is taken for all unset: wrong where it is set", np.zeros_like),
            ]
        else:
            top = int(a.max(initial=0))
            changes = [
                (
                    "permuted",
                    f"{leaf.name} is shifted by one",
                    lambda v, top=top: np.where(v < top, v + 1, 0).astype(v.dtype),
                ),
                ("permuted", f"{leaf.name} is shifted back by one", lambda v: np.maximum(v - 1, 0).astype(v.dtype)),
                ("permuted", f"{leaf.name} is taken in reverse", lambda v: v[::-1] if v.ndim else v),
            ]
        for kind, text, change in changes:
            changed = [np.asarray(change(p.indices[i])) for p in e.points]
            points = [
                replace(p, indices=(*p.indices[:i], a, *p.indices[i + 1 :]))
                for p, a in zip(e.points, changed, strict=True)
            ]
            yield Candidate(kind, text, e.at(points))
