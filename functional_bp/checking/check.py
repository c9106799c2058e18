"""The entry points: a forward and a backward go in, a report comes out."""

import functools
import inspect
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from functional_bp.checking.examination import Examination
from functional_bp.checking.question.adapters import FromResiduals, RuleBackward, RuleOutput, RuleTangent
from functional_bp.checking.question.problem import argument_names, pose
from functional_bp.checking.question.structure import first_line
from functional_bp.checking.report import Report
from functional_bp.checking.verdict.companions import Options
from functional_bp.errors import InputError


def check_backward(
    forward: Callable,
    backward: Callable,
    *primals: Any,
    names: Sequence[str] | None = None,
    jvp: Callable | None = None,
    second_order: bool = False,
    seed: int = 0,
    thorough: bool = False,
    shapes: str | None = None,
    surrogate: Callable | None = None,
    intended: str = "",
    constant: Sequence[str | int] = (),
) -> Report:
    """Is `backward(primals, y_bar)` = ȳ J, J the Jacobian of `forward(*primals)`? And if not, why?

    forward: any function of pytrees of arrays; if JAX can't trace or differentiate it, finite differences judge alone.
    backward: returns one cotangent per primal, of the primal's tree, shape and dtype; None for integers and booleans.
    What it returns may speak `__array__` or DLPack. A single primal's cotangent may come without its tuple.
    jvp(primals, tangents): if given, must belong to the same Jacobian: ⟨ȳ, J ẋ⟩ = ⟨ȳ J, ẋ⟩.
    names: what to call the primals; by default the forward's own parameter names.
    second_order: also compares the derivative of the backward itself.
    shapes: "given" if the backward is meant for the given shapes alone; else others are tried as well.
    surrogate: the function whose derivative the backward is meant to be (a straight-through estimator's identity, say).
    intended: why the backward is no derivative at all; then only structure, finiteness and determinism are checked.
    constant: names or positions of primals that have no cotangent, though they are floats: None is due, and they stay.
    thorough: looks at large primals (above 20,000 numbers) as at small ones, and compares values at all smaller shapes.

    At a kink every element of Clarke's subdifferential is right. Raises InputError when there is nothing to check: no
    float primal, no float output, or a forward that itself raises at the given primals.
    """
    options = Options(title_of(backward), jvp, second_order, seed, thorough=thorough, shapes=shapes, intended=intended)
    names = names or argument_names(forward, len(primals))
    fixed = positions(constant, names)
    return examine(surrogate or forward, backward, primals, options, names=names, constant=fixed, bare=True)


def assert_backward(forward: Callable, backward: Callable, *primals: Any, **options: Any) -> None:
    """Raises AssertionError, with the report as its message, unless `check_backward` finds the backward right."""
    report = check_backward(forward, backward, *primals, **options)
    if not report.ok:
        raise AssertionError(str(report))


def check_vjp(
    primal: Callable,
    fwd: Callable,
    bwd: Callable,
    *primals: Any,
    names: Sequence[str] | None = None,
    second_order: bool = False,
    seed: int = 0,
    thorough: bool = False,
    shapes: str | None = None,
    surrogate: Callable | None = None,
    intended: str = "",
    constant: Sequence[str | int] = (),
) -> Report:
    """`check_backward` for the pair of a `jax.custom_vjp`: `fwd(*primals)` → (y, residuals), `bwd(residuals, y_bar)`.

    Also compares fwd's output with the primal's.
    """
    options = Options(title_of(bwd), None, second_order, seed, fwd, thorough, shapes, primal, intended)
    names = names or argument_names(primal, len(primals))
    fixed = positions(constant, names)
    return examine(surrogate or primal, FromResiduals(fwd, bwd), primals, options, names=names, constant=fixed)


def check_custom_vjp(
    f: Callable,
    *primals: Any,
    names: Sequence[str] | None = None,
    second_order: bool = False,
    seed: int = 0,
    thorough: bool = False,
    shapes: str | None = None,
    surrogate: Callable | None = None,
    intended: str = "",
    constant: Sequence[str | int] = (),
) -> Report:
    """`check_vjp` for a function decorated with `jax.custom_vjp`, against the undecorated one.

    Its `nondiff_argnums` stay the Python values that they are; default arguments are filled in, as JAX does. Raises
    InputError if f is no custom_vjp or has no rule yet.
    """
    f = inspect.unwrap(f, stop=lambda g: isinstance(g, jax.custom_vjp))  # from a jax.jit around it, for one
    if not isinstance(f, jax.custom_vjp):
        raise InputError(f"check_custom_vjp: expected a jax.custom_vjp, got {type(f).__name__}")
    if f.fwd is None or f.bwd is None:
        raise InputError(f"check_custom_vjp: {title_of(f.fun)} has no rule yet: call its defvjp(fwd, bwd) first")
    if f.symbolic_zeros:
        raise InputError(f"check_custom_vjp: {title_of(f.fun)} uses symbolic_zeros: give its parts to check_vjp")
    primals, names = with_defaults(f.fun, primals, names)
    nondiff = tuple(sorted(n % max(1, len(primals)) for n in f.nondiff_argnums))
    options = Options(title_of(f.fun), None, second_order, seed, f.fwd, thorough, shapes, f.fun, intended)
    backward = FromResiduals(f.fwd, f.bwd, nondiff)
    names = names or argument_names(f.fun, len(primals))
    fixed = positions(constant, names)
    return examine(surrogate or f.fun, backward, primals, options, names=names, constant=fixed, static=nondiff)


def check_rule(
    rule: Callable,
    *inputs: Any,
    names: Sequence[str] | None = None,
    seed: int = 0,
    thorough: bool = False,
    shapes: str | None = None,
) -> Report:
    """`check_backward` for a rule of this library, `rule(*inputs)` → (y, J), with J @ ẋ held to ȳ @ J as well.

    Inputs after those that J has cotangents for (a divergence's target) are constants.
    """
    try:
        x_bar = jax.eval_shape(functools.partial(pull_ones, rule), *inputs)
    except Exception as error:
        text = (
            f"check_rule: {title_of(rule)} gives no (y, J) at these inputs: {type(error).__name__}: {first_line(error)}"
        )
        raise InputError(text) from error
    due = len(x_bar) if type(x_bar) is tuple else 1
    options = Options(title_of(rule), RuleTangent(rule, due), False, seed, thorough=thorough, shapes=shapes)
    constant = tuple(range(due, len(inputs)))
    names = names or argument_names(rule, len(inputs))
    return examine(RuleOutput(rule), RuleBackward(rule), inputs, options, names=names, constant=constant)


def positions(constant: Sequence[str | int], names: Sequence[str]) -> tuple[int, ...]:
    """Where the primals stand that are named, or given by their position."""
    if isinstance(constant, str):
        raise InputError(f"check: constant must be a tuple of names or positions, got the string {constant!r}")
    for entry in constant:
        if entry not in names and entry not in range(len(names)):
            raise InputError(f"check: constant: no primal {entry!r}; they are {', '.join(names)}")
    return tuple(names.index(entry) if isinstance(entry, str) else entry for entry in constant)


def pull_ones(rule: Callable, *inputs: Any) -> Any:
    y, J = rule(*inputs)
    return jnp.ones_like(y) @ J


def examine(
    forward: Callable,
    backward: Callable,
    primals: tuple,
    options: Options,
    *,
    names: Sequence[str] | None = None,
    constant: Sequence[int] = (),
    static: Sequence[int] = (),
    bare: bool = False,
) -> Report:
    if not isinstance(options.seed, int) or options.seed < 0:
        raise InputError(f"check: seed must be a non-negative integer, got {options.seed!r}")
    if options.shapes not in (None, "given"):
        raise InputError(f"check: shapes must be 'given' or None, got {options.shapes!r}")
    start = time.perf_counter()
    posed = pose(forward, backward, primals, names, frozenset(constant), bare, frozenset(static))
    with np.errstate(all="ignore"):
        report = Examination(*posed, options).report()
    return replace(report, seconds=time.perf_counter() - start)


def with_defaults(
    function: Callable, primals: tuple, names: Sequence[str] | None
) -> tuple[tuple, Sequence[str] | None]:
    """The primals with the function's own defaults for those not given."""
    try:
        bound = inspect.signature(function).bind(*primals)
    except (TypeError, ValueError):  # the call itself will say it better
        return primals, names
    given = len(bound.args)
    bound.apply_defaults()
    filled = argument_names(function, len(bound.args))[given:]
    return bound.args, None if names is None else (*names, *filled)


def title_of(function: Any) -> str:
    inner = function.func if isinstance(function, functools.partial) else function
    return getattr(inner, "__name__", type(inner).__name__)
