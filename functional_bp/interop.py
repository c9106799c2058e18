"""Doors to the rest of JAX: a rule as a function that JAX differentiates by its own Jacobian, and the way back."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from functional_bp.jacobians import BlockRow, Jacobian, Shape, static
from functional_bp.jacobians.shape import Size
from functional_bp.networks import Layer, Rule
from functional_bp.networks.layer import rule_name

__all__ = ["OfFunction", "custom_jvp", "custom_vjp", "from_jax"]


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


def custom_jvp(rule: Rule) -> Callable[..., Any]:
    """The function y of a rule x ↦ (y, J), whose forward mode under JAX is ẋ ↦ J @ ẋ.

    For `jax.jvp`, `jax.jacfwd` and `jax.linearize`. Inputs as in `custom_vjp`, which is the one for `jax.grad`: here
    JAX would transpose J @ ẋ, which not every rule's lets.
    """

    @jax.custom_jvp
    def function(*inputs: Any) -> Any:
        return rule(*inputs)[0]

    @function.defjvp
    def forward(inputs: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
        y, J = rule(*inputs)
        of_each = J.shape.inputs if isinstance(J, BlockRow) else (J.shape.inputs,)
        of_each = of_each if type(of_each) is tuple else (of_each,)
        z_dot = tuple(None if size is None else dot for size, dot in zip(of_each, tangents, strict=False))
        return y, J @ (z_dot if isinstance(J, BlockRow) else z_dot[0])

    return function


class OfFunction(Jacobian):
    """J of any function of JAX, by jax.vjp: the one Jacobian here that no one has derived."""

    pullback: Any
    sizes: Shape = static()
    y_type: Any = static()

    @property
    def shape(self) -> Shape:
        return self.sizes

    @property
    def dtype(self) -> Any:
        return self.y_type.dtype

    def vjp(self, y_bar: Any) -> Any:
        return self.pullback(jnp.asarray(y_bar, self.y_type.dtype))

    def jvp(self, z_dot: Any) -> Any:
        (y_dot,) = jax.linear_transpose(self.pullback, self.y_type)(z_dot)
        return y_dot


def from_jax(function: Callable[..., Any], init: Callable[[PRNGKeyArray], Any] | None = None, axes: int = 1) -> Layer:
    """Any differentiable function of JAX as a layer, whose J is that of `jax.vjp`: y = f(x), or f(θ, x) with `init`.

    So a network may have parts whose backward pass is not written out. x and y are one array each; the last `axes` axes
    of x are one example's, those before them the batch's.
    """
    rule = function if init is not None else lambda params, x: function(x)

    def apply(params: Any, x: Any, key: PRNGKeyArray | None = None) -> tuple[Any, OfFunction]:
        y, pullback = jax.vjp(rule, params, x)
        batch = x.shape[: x.ndim - axes]
        sizes = jax.tree.map(lambda theta: Size(theta.shape), params), Size(x.shape[len(batch) :])
        return y, OfFunction(pullback, Shape(batch, y.shape[len(batch) :], sizes), jax.typeof(y))

    return Layer(init or (lambda key: ()), apply, rule_name(function))
