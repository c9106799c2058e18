"""Doors to the rest of JAX: a rule as a function that jax.grad differentiates by the rule's own Jacobian."""

from collections.abc import Callable
from typing import Any

import jax

from functional_bp.network import Rule


def custom_vjp(rule: Rule) -> Callable[..., Any]:
    """The function y of a rule x ↦ (y, J), whose reverse mode under JAX is ȳ ↦ ȳ @ J.

    `fwd` is the rule itself and the Jacobian is the residuals. For a rule of several inputs (`affine`) the cotangents
    come as its block row gives them. Every argument is an array; fix options with functools.partial first.
    """

    @jax.custom_vjp
    def function(*inputs: Any) -> Any:
        return rule(*inputs)[0]

    def backward(J: Any, y_bar: Any) -> tuple[Any, ...]:
        x_bar = y_bar @ J
        return x_bar if isinstance(x_bar, tuple) else (x_bar,)

    function.defvjp(rule, backward)
    return function
