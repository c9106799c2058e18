"""The code itself at a point: small exact numbers, double precision, and JAX's own derivative as the judge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

import jax
import numpy as np
from jax._src.core import jaxprs_in_params

from derivations.reading.question import Question
from derivations.reading.verdict import Refutation

# Of small sums, by the coarsest numbers that the code computes with; a wrong formula is off by far more.
TOLERANCES = {"float64": 1e-6, "float32": 1e-3, "float16": 2e-2, "bfloat16": 1e-1}


SCALES = (1, 1, 4, 0.125)  # of the points, one after the other: a clip at 6, a branch near 0


@dataclass(frozen=True)
class Trial:
    """The code's values at one point: y, x̄ as claimed, and x̄ as JAX derives it."""

    sizes: Mapping[str, int]
    arrays: tuple[np.ndarray, ...]
    y_bars: tuple[np.ndarray, ...]
    ys: tuple[np.ndarray, ...]
    claimed: tuple[np.ndarray, ...]
    true: tuple[np.ndarray, ...]
    tolerance: float

    def refutation(self, question: Question, k: int) -> Refutation | None:
        """Where the k-th claimed cotangent is not the derivative."""
        claimed, true = self.claimed[k], self.true[k]
        scale = 1 + np.max(np.abs(true), initial=0)
        gap = np.abs(claimed - true)
        wrong = np.isfinite(true) & ~(gap <= self.tolerance * scale)
        if not wrong.any():
            return None
        index = np.unravel_index(np.argmax(np.where(wrong, np.nan_to_num(gap, nan=np.inf), -1)), true.shape)
        values = {leaf.name: a for leaf, a in zip(question.leaves, self.arrays, strict=True)}
        values |= {f"y_bar{n or ''}": a for n, a in enumerate(self.y_bars)}
        return Refutation(self.sizes, values, tuple(map(int, index)), float(claimed[index]), float(true[index]))

    @property
    def usable(self) -> bool:
        return all(np.isfinite(a).all() for a in (*self.ys, *self.true))


def program(question: Question) -> Any:
    """(arrays, ȳ) ↦ y, claimed x̄, true x̄, as one compiled function."""

    def run(arrays: Sequence[Any], y_bars: Sequence[Any]) -> Any:
        places = [k for k, leaf in enumerate(question.leaves) if leaf.due]

        def outputs(*xs: Any) -> Any:
            full = list(arrays)
            for k, x in zip(places, xs, strict=True):
                full[k] = x
            return question.outputs(*full)

        ys, pull = jax.vjp(outputs, *(arrays[k] for k in places))
        y_bars = [b.astype(y.dtype) for b, y in zip(y_bars, ys, strict=True)]
        return ys, question.cotangents(arrays, y_bars), pull(y_bars)

    return jax.jit(run)


def tried(
    question: Question,
    run: Any,
    sizes: Mapping[str, int],
    shapes: Sequence[tuple[int, ...]],
    seed: int,
    dominant: bool = False,
) -> Trial:
    """The code at random small numbers of these shapes; of those numbers all magnitudes differ.

    dominant: square matrices get large diagonals, as what must be positive definite needs.
    """
    rng = Random(f"{seed}{shapes}")
    arrays = [
        drawn(rng, leaf, shape, x, seed, shapes)
        for leaf, shape, x in zip(question.leaves, shapes, question.example, strict=True)
    ]
    if dominant:
        arrays = [a + 8 * a.shape[-1] * np.eye(a.shape[-1]) if is_square(a) else a for a in arrays]
    return at_point(question, run, sizes, arrays, rng)


def is_square(a: np.ndarray) -> bool:
    return a.ndim > 1 and a.shape[-1] == a.shape[-2] and np.issubdtype(a.dtype, np.floating)


def nudged(question: Question, run: Any, found: Trial) -> Trial:
    """The same a little beside the point: what is wrong there too was no kink that was met by accident."""
    rng = Random(len(found.arrays))
    arrays = [
        a + 2.0**-14 * np.abs(numbers(rng, a.shape, False)) if leaf.is_number else a
        for leaf, a in zip(question.leaves, found.arrays, strict=True)
    ]
    return at_point(question, run, found.sizes, arrays, rng)


def at_point(
    question: Question, run: Any, sizes: Mapping[str, int], arrays: Sequence[np.ndarray], rng: Random
) -> Trial:
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        outs = jax.eval_shape(question.outputs, *arrays)
        y_bars = [numbers(rng, o.shape, True) for o in outs]
        ys, claimed, true = run(list(arrays), y_bars)
        tolerance = max(TOLERANCES.get(kind, 0) for kind in kinds(jax.make_jaxpr(run)(list(arrays), y_bars).jaxpr))
    as_numpy = [tuple(np.asarray(a, np.float64) for a in part) for part in (ys, claimed, true)]
    return Trial(sizes, tuple(arrays), tuple(y_bars), *as_numpy, tolerance)


def kinds(jaxpr: Any) -> set[str]:
    """The kinds of numbers in a program."""
    found = {v.aval.dtype.name for e in jaxpr.eqns for v in e.outvars if hasattr(v.aval, "dtype")}
    for e in jaxpr.eqns:
        for inner in jaxprs_in_params(e.params):
            found |= kinds(inner)
    return found | {"float64"}


def drawn(rng: Random, leaf: Any, shape: tuple[int, ...], example: np.ndarray, seed: int, shapes: Any) -> np.ndarray:
    """Numbers of the leaf's kind: floats in (−2, 2), or (0, 1) where the example is, labels below every size."""
    if leaf.is_number:
        low, high = (float(np.min(example)), float(np.max(example))) if example.size else (-1.0, 1.0)
        x = numbers(rng, shape, low < 0)
        return x * 0.4375 if low >= 0 and high <= 1 else x * SCALES[seed % len(SCALES)]
    if leaf.dtype == bool:
        return np.array([rng.random() < 0.5 for _ in range(int(np.prod(shape)))], bool).reshape(shape)
    top = int(np.max(example, initial=0))
    values = [
        rng.randint(0, max(0, min([top, *(n - 1 for s in shapes for n in s)]))) for _ in range(int(np.prod(shape)))
    ]
    if np.min(example, initial=0) < 0:
        values[: len(values) // 2] = [int(np.min(example))] * (len(values) // 2)
    return np.array(values, leaf.dtype).reshape(shape)


def numbers(rng: Random, shape: tuple[int, ...], signed: bool) -> np.ndarray:
    """Exact multiples of 1/64 of different magnitudes."""
    count = int(np.prod(shape))
    chosen = rng.sample(range(8, 8 + max(120, 2 * count)), count)
    values = [float(Fraction(n, 64)) * (rng.choice((-1, 1)) if signed else 1) for n in chosen]
    return np.array(values, np.float64).reshape(shape)
