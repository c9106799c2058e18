"""Is this backward pass right for every size? The code is read as formulas, and the engine proves or refutes them."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from derivations.reading.freed import with_numbers
from derivations.reading.judging import judging
from derivations.reading.question import ask, parameter_names
from derivations.reading.stable import stable_forms
from derivations.reading.verdict import Proofs
from derivations.reading.with_numpy import traceable
from functional_bp.checking.question.adapters import FromResiduals, RuleBackward, RuleOutput
from functional_bp.errors import InputError

SECONDS = 20.0


def prove_backward(
    forward: Callable,
    backward: Callable,
    *primals: Any,
    names: Sequence[str] | None = None,
    sizes: Mapping[str, str] | None = None,
    constant: Sequence[int] = (),
    limit: float = SECONDS,
) -> Proofs:
    """x̄ = ȳ ∂y/∂x for each argument of `backward(primals, y_bar)`: proven for all sizes, refuted, or undecided.

    primals: example arrays. Their sizes, as far as the forward allows, become symbols; equal ones stay one symbol
    unless the forward runs without.
    sizes: the axes of an array by name, {"x": "b n", "W": "n h*k"}; equal names are equal sizes, h*k is a product.
    constant: positions of primals for which no cotangent is due. limit: seconds of the processor for one argument.
    A proof is over the real numbers, where its conditions hold: off kinks, inside domains, labels in their range.
    A refutation was run through the code itself. Raises InputError when there is nothing to prove.
    """
    title = getattr(backward, "__name__", "backward")
    forward = traceable(forward, lambda: primals)
    backward = traceable(backward, lambda: (primals, jax.eval_shape(forward, *primals)))
    question = ask(forward, backward, primals, names, constant, title)
    first = judging(question, sizes, limit)
    found = first.proofs()
    found = found if sizes else with_numbers(first, found)
    return replace(found, stable=stable_forms(question)) if found.proven else found


def prove_custom_vjp(f: Callable, *primals: Any, **options: Any) -> Proofs:
    """`prove_backward` for a function decorated with `jax.custom_vjp`, against the undecorated one."""
    f = inspect.unwrap(f, stop=lambda g: isinstance(g, jax.custom_vjp))
    if not isinstance(f, jax.custom_vjp) or f.fwd is None or f.bwd is None:
        raise InputError(f"prove_custom_vjp: expected a jax.custom_vjp with its rule, got {type(f).__name__}")
    nondiff = tuple(sorted(n % max(1, len(primals)) for n in f.nondiff_argnums))
    options = {"constant": nondiff} | options
    proofs = prove_backward(f.fun, FromResiduals(f.fwd, f.bwd, nondiff), *primals, **options)
    return proofs.called(getattr(f.fun, "__name__", "custom_vjp"))


def prove_rule(rule: Callable, *inputs: Any, **options: Any) -> Proofs:
    """`prove_backward` for a rule of this library, `rule(*inputs)` → (y, J): ȳ @ J against the derivative of y.

    Inputs after those that J has cotangents for (a divergence's target) are constants.
    """
    x_bar = jax.eval_shape(functools.partial(pulled_ones, rule), *inputs)
    due = len(x_bar) if type(x_bar) is tuple else 1
    options = {"constant": tuple(range(due, len(inputs)))} | options
    names = options.pop("names", None) or parameter_names(rule, len(inputs))
    proofs = prove_backward(RuleOutput(rule), RuleBackward(rule), *inputs, names=names, **options)
    return proofs.called(getattr(getattr(rule, "func", rule), "__name__", "rule"))


def pulled_ones(rule: Callable, *inputs: Any) -> Any:
    y, J = rule(*inputs)
    return jax.tree.map(jnp.ones_like, y) @ J
