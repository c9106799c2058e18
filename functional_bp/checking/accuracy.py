"""How precise the gradients are in float32, in units in the last place, beside those of jax.grad."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from functional_bp.checking.catalogue import CATALOGUE, Entry, inputs
from functional_bp.checking.question.adapters import RuleBackward, RuleOutput

SCALES = (1e-6, 1e-2, 1.0, 30.0, 1e4)
ALLOWED = 2.0  # ulp that ours may be less precise than jax.grad: each is one rounding or two from the truth


class Accuracy(NamedTuple):
    """The largest errors of a rule's cotangents, in ulp of the largest entry of each, and how many are not finite."""

    rule: str
    scale: float
    ours: float
    theirs: float
    not_finite: int
    theirs_not_finite: int

    @property
    def is_worse(self) -> bool:
        return self.not_finite > 0 or not self.ours <= max(self.theirs, 1.0) + ALLOWED


def accuracies(entry: Entry, seed: int = 0) -> Iterator[Accuracy]:
    """At inputs of each scale. The truth is `jax.vjp` of the rule's output in float64, at the very float32 inputs."""
    drawn = inputs(entry, seed)
    y, J = entry.rule(*jax.tree.map(jnp.asarray, drawn))
    x_bar = jnp.ones_like(y) @ J
    due = sum(bar is not None for bar in x_bar) if type(x_bar) is tuple else 1

    def ours(primals: tuple[Any, ...], y_bar: Any) -> Any:
        return RuleBackward(entry.rule)(primals, y_bar)[:due]

    def theirs(primals: tuple[Any, ...], y_bar: Any) -> Any:
        first, rest = primals[:due], primals[due:]
        _, pullback = jax.vjp(lambda *first: RuleOutput(entry.rule)(*first, *rest), *first)
        return pullback(y_bar)

    for scale in SCALES:
        primals = jax.tree.map(jnp.asarray, inputs(entry, seed, scale=scale))
        y_bar = jnp.asarray(np.random.default_rng(seed).uniform(0.5, 1.5, y.shape), y.dtype)
        found = [jax.tree.map(np.asarray, jax.jit(side)(primals, y_bar)) for side in (ours, theirs)]
        with jax.enable_x64(True):
            wide = jax.tree.map(double, (primals, y_bar))
            truth = jax.tree.map(np.asarray, jax.jit(theirs)(*wide))
        (error, bad), (their_error, their_bad) = (compared(side, truth) for side in found)
        yield Accuracy(entry.name, scale, error, their_error, bad, their_bad)


def double(a: Any) -> Any:
    return jnp.asarray(a, jnp.float64) if jnp.issubdtype(a.dtype, jnp.floating) else a


def compared(found: Any, truth: Any) -> tuple[float, int]:
    """The largest error in ulp where the truth is a finite float32, and how often what was found is not finite."""
    worst, bad = 0.0, 0
    for got, true in zip(jax.tree.leaves(found), jax.tree.leaves(truth), strict=True):
        if not np.issubdtype(true.dtype, np.floating) or not true.size:
            continue
        fits = np.isfinite(true) & (np.abs(true) < np.finfo(np.float32).max)
        finite = fits & np.isfinite(got)
        bad += int((fits & ~np.isfinite(got)).sum())
        if finite.any():
            unit = np.spacing(np.float32(np.abs(true[finite]).max())).astype(np.float64)
            worst = max(worst, float(np.abs(got[finite].astype(np.float64) - true[finite]).max() / unit))
    return worst, bad


def entries(names: list[str]) -> list[Entry]:
    return [entry for entry in CATALOGUE if not names or entry.name in names]
