"""What may come with a backward pass is held to the same Jacobian: a jvp, its own derivative, the fwd of a pair."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from functional_bp.checking.program.compiled import Programs
from functional_bp.checking.question.problem import Point, Problem, contained, is_float
from functional_bp.checking.question.structure import Fault, first_line
from functional_bp.checking.truth.tolerance import excess, roundoff
from functional_bp.checking.verdict.judge import Judge


@dataclass(frozen=True)
class Options:
    """What the entry points are asked for beside the problem itself."""

    title: str
    jvp: Callable | None = None
    second_order: bool = False
    seed: int = 0
    fwd: Callable | None = None
    thorough: bool = False
    shapes: str | None = None  # "given": no others
    primal: Callable | None = None  # what fwd is held to, where a surrogate's derivative is meant
    intended: str = ""  # a derivative of its own, on purpose: only the structure is checked


def faults(
    problem: Problem, programs: Programs, options: Options, given: Point, truth: Callable, judge: Judge
) -> Iterator[Fault]:
    """The faults of whatever came with the backward."""
    primals = problem.primals(list(map(jnp.asarray, given.floats)), list(map(jnp.asarray, given.indices)))
    if options.jvp is not None:
        yield from compare_jvp(problem, primals, options, given, truth, judge)
    if options.second_order and programs.refusal:
        judge.note("second order: only where JAX differentiates the forward")
    elif options.second_order:
        yield from compare_second_order(programs, given)
    if options.fwd is not None:
        yield from compare_fwd((options.primal or problem.forward)(*primals), options.fwd(*primals)[0])


def compare_jvp(
    problem: Problem, primals: tuple, options: Options, given: Point, truth: Callable, judge: Judge
) -> Iterator[Fault]:
    """⟨ȳ, J ẋ⟩ = ⟨ȳ J, ẋ⟩ with the given jvp on the left."""
    assert options.jvp is not None
    rng = np.random.default_rng(options.seed)
    tangents = [rng.standard_normal(a.shape).astype(a.dtype) for a in given.floats]
    zeros = [np.zeros(a.shape, a.dtype if is_float(a) else jax.dtypes.float0) for a in given.indices]
    try:
        with contained("jvp"):
            y_dot = options.jvp(primals, problem.primals(list(map(jnp.asarray, tangents)), zeros))
    except Exception as error:  # as for the backward, what a jvp raises is its fault
        yield Fault(None, "jvp", f"the jvp raised {type(error).__name__}: {first_line(error)}")
        return
    left = [np.asarray(y).astype("float64") for y in jax.tree.leaves(y_dot) if is_float(y)]
    if [y.shape for y in left] != [b.shape for b in given.y_bar]:
        due, came = [list(b.shape) for b in given.y_bar], [list(y.shape) for y in left]
        yield Fault(None, "jvp", f"the jvp returned arrays of shapes {came} for outputs of shapes {due}")
        return
    x_bar = truth([given])[1]
    terms = np.concatenate([(b.astype("float64") * y).ravel() for b, y in zip(given.y_bar, left, strict=True)])
    others = np.concatenate([(a[0] * t).ravel() for a, t in zip(x_bar, tangents, strict=True)])
    eps = roundoff([a.dtype for a in given.floats])
    floor = sum(a.size * max(size for *_, size in judge.sizes.get(i, [(0.0,)])) for i, a in enumerate(tangents))
    if abs(terms.sum() - others.sum()) > 64 * eps * (np.abs(terms).sum() + np.abs(others).sum() + floor):
        text = f"the jvp is not the same Jacobian's: ⟨ȳ, J ẋ⟩ = {terms.sum():.7g}, ⟨ȳ J, ẋ⟩ = {others.sum():.7g}"
        yield Fault(None, "jvp", text)


def compare_second_order(programs: Programs, given: Point) -> Iterator[Fault]:
    """The derivative of (x, ȳ) ↦ ȳ J: the claimed backward's against the forward's."""
    seconds = []
    directions = [np.ones(a.shape, a.dtype) for a in given.floats]
    for function in (
        lambda x, b: programs.oracle(x, list(given.indices), b)[1],
        lambda x, b: programs.claimed(x, list(given.indices), b),
    ):
        try:
            _, pull = jax.vjp(function, list(map(jnp.asarray, given.floats)), list(map(jnp.asarray, given.y_bar)))
            seconds.append([np.asarray(a).astype("float64") for a in jax.tree.leaves(pull(directions))])
        except Exception as error:  # a backward that can't be differentiated is the finding
            yield Fault(None, "second order", f"second order: {type(error).__name__}: {first_line(error)}")
            return
    eps = roundoff([a.dtype for a in given.floats])
    for true, claimed in zip(*seconds, strict=True):
        if np.any(np.abs(true - claimed) > 1e3 * eps * (np.abs(true) + np.abs(true).max(initial=0.0)) + 1e-30):
            yield Fault(None, "second order", "the derivative of the backward itself is wrong (second order)")
            return


def compare_fwd(y: Any, out: Any) -> Iterator[Fault]:
    """fwd must return the primal's own output."""
    if jax.tree.structure(y) != jax.tree.structure(out):
        yield Fault(None, "fwd", "fwd returns an output of another tree than the primal's")
        return
    for a, b in zip(jax.tree.leaves(y), jax.tree.leaves(out), strict=True):
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape or a.dtype != b.dtype:
            text = f"fwd returns {b.dtype}{list(b.shape)} where the primal returns {a.dtype}{list(a.shape)}"
            yield Fault(None, "fwd", text)
        elif is_float(a):
            wide = a.astype("float64")
            allowed = 64 * roundoff([a.dtype]) * (np.abs(wide) + np.abs(wide).max(initial=0.0)) + 1e-30
            if np.any(excess(b, wide, allowed) > 1):
                yield Fault(None, "fwd", "fwd returns other output values than the primal")
