"""The library's own formula as an oracle: where the forward computes what one of the library's rules computes.

A rule's Jacobian is derived by hand, so it owes nothing to autodiff or to differences. It is asked where these have
little to say: where JAX cannot trace the forward, and where `jax.vjp` is not finite although the forward is.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from functional_bp.checking.catalogue import CATALOGUE, Entry
from functional_bp.checking.limits import TRIALS
from functional_bp.checking.program.compiled import Arrays, Program, Programs, double_precision, finite_rows, upcast
from functional_bp.checking.question.adapters import RuleOutput
from functional_bp.checking.question.points import neighbours, rms
from functional_bp.checking.question.problem import Point
from functional_bp.checking.truth.autodiff import AutodiffOracle
from functional_bp.checking.truth.differences import NumericalOracle, flat, step_sizes
from functional_bp.checking.truth.oracle import NothingLost
from functional_bp.checking.truth.tolerance import roundoff
from functional_bp.jacobians.minus_outer import DiagonalMinusOuter


class Formula:
    """A rule's y and ȳ J in float64, over the arrays of the primals as they come."""

    def __init__(self, entry: Entry, programs: Programs) -> None:
        self.name, self.rule = f"the library's {entry.name}", entry.rule
        self.structure = jax.tree.structure(entry.draw(np.random.default_rng(0)))
        self.floats = [leaf.kind == "float" for leaf in programs.problem.leaves]
        ways = ("vmap", "jit")
        self.program = Program(self.pull, double_precision, programs.batch, ways, programs.size)
        self.written = Program(self.pull_as_written, double_precision, programs.batch, ways, programs.size)

    def pull(self, floats: list, indices: list, y_bar: list) -> tuple[list, list]:
        y, J = self.applied(floats, indices)
        return [y], jax.tree.leaves(y_bar[0] @ J)[: len(floats)]

    def pull_as_written(self, floats: list, indices: list, y_bar: list) -> tuple[list, list]:
        """By the textbook's product, where the library's own is more precise: a right claim may be that."""
        y, J = self.applied(floats, indices)
        product = J.as_written if isinstance(J, DiagonalMinusOuter) else J.vjp
        return [y], jax.tree.leaves(product(y_bar[0]))[: len(floats)]

    def applied(self, floats: list, indices: list) -> tuple[Any, Any]:
        rest = {True: iter(floats), False: iter(indices)}
        inputs = jax.tree.unflatten(self.structure, [next(rest[due]) for due in self.floats])
        return self.rule(*inputs)

    def __call__(self, points: Sequence[Point]) -> tuple[Arrays, Arrays]:
        return self.program([upcast(point) for point in points])

    def lost(self, points: Sequence[Point], x_bar: Arrays) -> Arrays:
        """What the same formula loses in the primals' own dtype."""
        with np.errstate(all="ignore"):
            gaps = [np.abs(own.astype(a.dtype) - a) for own, a in zip(self.written(points)[1], x_bar, strict=True)]
        return [np.where(np.isfinite(gap), gap, 0.0) for gap in gaps]

    def fits(self, programs: Programs) -> bool:
        """Does the rule take such arrays, give such an output, and a cotangent for each float array?"""
        if self.structure.num_leaves != len(self.floats) or not all(self.floats[: sum(self.floats)]):
            return False
        wide = [[widened(s) for s in part] for part in (*programs.inputs, programs.zero_cotangent())]
        if len(wide[2]) != 1 or not all(jnp.issubdtype(s.dtype, jnp.floating) for part in wide for s in part):
            return False
        try:
            with double_precision():
                (y,), x_bar = jax.eval_shape(self.pull, *wide)
        except Exception:  # shapes that this rule does not take
            return False
        return y.shape == wide[2][0].shape and [a.shape for a in x_bar] == [a.shape for a in wide[0]]


def widened(a: Any) -> jax.ShapeDtypeStruct:
    floating = jnp.issubdtype(a.dtype, jnp.floating)
    return jax.ShapeDtypeStruct(a.shape, np.dtype("float64") if floating else a.dtype)


class FormulaOracle(NothingLost):
    """ȳ J of the matching rule wherever its values are the forward's, else what finite differences say."""

    step, spans_kinks = AutodiffOracle.near, False

    def __init__(self, formula: Formula, numerical: NumericalOracle) -> None:
        self.formula, self.numerical = formula, numerical
        self.name = formula.name

    def __call__(self, points: Sequence[Point]) -> tuple[Arrays, Arrays, Arrays]:
        outputs = self.numerical.programs.values([self.numerical.placed(point) for point in points])
        y, x_bar = self.formula(points)
        error = self.formula.lost(points, x_bar)
        elsewhere = np.flatnonzero(~agreeing(outputs[0], y[0]))
        if elsewhere.size:
            _, others, errors = self.numerical([points[p] for p in map(int, elsewhere)])
            for mine, theirs in zip((*x_bar, *error), (*others, *errors), strict=True):
                mine[elsewhere] = theirs
        return outputs, x_bar, error


class SecondOpinion:
    """Autodiff's cotangents, by the formula wherever they are not finite although the forward is, there and around."""

    def __init__(self, programs: Programs, given: Point) -> None:
        self.programs, self.given = programs, given
        self.name = ""  # until it was of use

    @cached_property
    def formula(self) -> Formula | None:
        return matching_formula(self.programs, self.given)

    def __call__(self, points: Sequence[Point], y: Arrays, x_bar: Arrays) -> Arrays:
        silent = finite_rows(y, len(points)) & ~finite_rows(x_bar, len(points))
        if not silent.any() or self.at_an_edge(points[int(np.argmax(silent))]) or self.formula is None:
            return x_bar
        own_y, own = self.formula(points)
        silent &= agreeing(y[0], own_y[0])
        self.name = self.formula.name if silent.any() else self.name
        rows = [silent.reshape(-1, *[1] * (a.ndim - 1)) for a in x_bar]
        return [np.where(row & ~np.isfinite(a), b, a) for row, a, b in zip(rows, x_bar, own, strict=True)]

    def at_an_edge(self, point: Point) -> bool:
        """Is the forward not finite nearby? Then it is the domain that ends, and no formula is missed."""
        around = list(map(upcast, neighbours(point, AutodiffOracle.near, np.random.default_rng(0))))
        return not finite_rows(self.programs.truth(around)[0], len(around)).all()


def agreeing(outputs: np.ndarray, y: np.ndarray) -> np.ndarray:
    """At which points the rule's values are the forward's, up to rounding in the forward's dtype."""
    count = len(outputs)
    eps = roundoff([outputs.dtype])
    wide, y = outputs.astype("float64").reshape(count, -1), y.reshape(count, -1)
    with np.errstate(all="ignore"):
        allowed = 64 * eps * (np.abs(y) + np.abs(y).max(axis=1, keepdims=True, initial=0.0))
        return np.all(np.abs(wide - y) <= allowed, axis=1)


def matching_formula(programs: Programs, given: Point) -> Formula | None:
    """The first rule of the catalogue with the forward's values at the given point and others; None if there is none.

    It must also give the forward's difference quotients along random directions there: no formula is taken on trust.
    A rule is never its own witness.
    """
    if programs.problem.statics:
        return None
    numerical = NumericalOracle(programs)
    trials = [given, *trial_points(given)]
    try:
        values = programs.values([numerical.placed(point) for point in trials])[0]
    except Exception:  # a forward that does not run at every point
        return None
    finite = np.isfinite(values.astype("float64")).reshape(len(trials), -1).all(axis=1)
    if not finite[0] or finite.sum() < 3:
        return None
    trials, values = [p for p, fine in zip(trials, finite, strict=True) if fine], values[finite]
    others = [entry for entry in CATALOGUE if programs.problem.forward != RuleOutput(entry.rule)]
    fitting = [formula for formula in (Formula(entry, programs) for entry in others) if formula.fits(programs)]
    everything = Program(
        lambda *arrays: [formula.pull(*arrays)[0][0] for formula in fitting],
        double_precision,
        programs.batch,
        ("vmap", "jit"),
        programs.size,
    )
    all_values = everything([upcast(point) for point in trials]) if fitting else []
    for formula, y in zip(fitting, all_values, strict=True):
        if agreeing(values, y).all() and confirmed(formula, numerical, trials):
            return formula
    return None


def confirmed(formula: Formula, numerical: NumericalOracle, points: list[Point]) -> bool:
    """Does ⟨ȳ J, v⟩ agree with the forward's difference quotients along a random v at each point?"""
    _, x_bar = formula(points)
    size, rng = numerical.programs.size, np.random.default_rng(0)
    for p, point in enumerate(map(numerical.placed, points)):
        signs = rng.choice([-1.0, 1.0], size)
        along, error = numerical.along(point, [np.arange(size)], signs)
        terms = flat([a[p] for a in x_bar]) * signs * step_sizes(point.floats, numerical.eps(point))
        if not abs(terms.sum() - along[0]) <= 10 * error[0] + 1e-6 * np.abs(terms).sum():
            return False
    return True


def trial_points(given: Point) -> list[Point]:
    """Random numbers of both signs, as large as the given ones and of size one, and between 0 and 1."""
    rng = np.random.default_rng(0)
    draws: list[Callable[[np.ndarray], np.ndarray]] = [
        lambda a: rng.standard_normal(a.shape) * (rms(a.astype("float64")) or 1.0),
        lambda a: rng.standard_normal(a.shape),
        lambda a: rng.uniform(0.1, 0.9, a.shape),
        lambda a: rng.permutation(a.astype("float64").ravel()).reshape(a.shape) * rng.uniform(0.65, 1.0, a.shape),
    ]
    return [
        replace(given, floats=tuple(np.asarray(draw(a)).astype(a.dtype) for a in given.floats))
        for draw in draws[:TRIALS]
    ]
