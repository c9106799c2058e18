"""Doors to the rest of JAX: a rule as a function that jax.grad differentiates by the rule's own Jacobian."""

from collections.abc import Callable
from typing import Any

import jax

from functional_bp.networks import Rule

__all__ = ["custom_vjp"]


def custom_vjp(rule: Rule) -> Callable[..., Any]:
    """The function y of a rule x ↦ (y, J), whose reverse mode under JAX is ȳ ↦ ȳ @ J.

    `fwd` is the rule itself and the Jacobian is the residuals. For a rule of several inputs (`affine`) the cotangents
    come as its block row gives them; inputs after those that the Jacobian is of (a divergence's target) are
    constants. Every argument is an array; fix options with functools.partial first.
    """

    @jax.custom_vjp
    def function(*inputs: Any) -> Any:
        return rule(*inputs)[0]

    def forward(*inputs: Any) -> tuple[Any, Any]:
        y, J = rule(*inputs)
        return y, (J, (None,) * len(inputs))

    def backward(residuals: Any, y_bar: Any) -> tuple[Any, ...]:
        J, nothing = residuals
        x_bar = y_bar @ J
        x_bar = x_bar if type(x_bar) is tuple else (x_bar,)
        return x_bar + nothing[len(x_bar) :]

    function.defvjp(forward, backward)
    return function
