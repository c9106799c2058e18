"""Blocks whose inputs are found again from their outputs."""

from collections.abc import Callable
from typing import Any

import jax

from functional_bp.jacobians.base import Jacobian, Shape, static
from functional_bp.jacobians.repeated import Stacked
from functional_bp.jacobians.shape import Size


class Coupled(Jacobian):
    """J of (x_1, x_2) ↦ (y_1, y_2) = (x_1 + f(x_2), x_2 + g(y_1)), n times: it holds the last outputs alone.

    Backwards each block first finds its inputs again, x_2 = y_2 − g(y_1) and x_1 = y_1 − f(x_2).
    """

    params: Stacked  # of (f, g)
    y: Any
    f: Callable[..., Any] = static()
    g: Callable[..., Any] = static()

    @property
    def shape(self) -> Shape:
        pair = tuple(Size(y.shape[-1:]) for y in self.y)
        return Shape(self.y[0].shape[:-1], pair, (jax.tree.map(lambda p: Size(p.shape), self.params), pair))

    def vjp(self, y_bar: Any) -> Any:
        def back(carry: Any, params: Any) -> Any:
            y, (y1_bar, y2_bar) = carry
            (x1, x2), J_f, J_g = self._before(params, y)
            phi_bar, from_g = y2_bar @ J_g
            y1_bar = y1_bar + from_g
            theta_bar, from_f = y1_bar @ J_f
            return ((x1, x2), (y1_bar, y2_bar + from_f)), Stacked((theta_bar, phi_bar))

        (_, x_bar), params_bar = jax.lax.scan(back, (self.y, y_bar), self.params, reverse=True)
        return params_bar, x_bar

    def jvp(self, z_dot: Any) -> Any:
        params_dot, x_dot = z_dot
        x, _ = jax.lax.scan(lambda y, params: (self._before(params, y)[0], None), self.y, self.params, reverse=True)

        def forth(carry: Any, at: Any) -> Any:
            (x1, x2), (x1_dot, x2_dot) = carry
            (theta, phi), (theta_dot, phi_dot) = (stack.layers for stack in at)
            f, J_f = self.f(theta, x2)
            y1, y1_dot = x1 + f, x1_dot + J_f @ (theta_dot, x2_dot)
            g, J_g = self.g(phi, y1)
            return ((y1, x2 + g), (y1_dot, x2_dot + J_g @ (phi_dot, y1_dot))), None

        return jax.lax.scan(forth, (x, x_dot), (self.params, params_dot))[0][1]

    def _before(self, params: Any, y: Any) -> Any:
        """A block's inputs, and the Jacobians of its f and g."""
        (theta, phi), (y1, y2) = params.layers, y
        g, J_g = self.g(phi, y1)
        x2 = y2 - g
        f, J_f = self.f(theta, x2)
        return (y1 - f, x2), J_f, J_g

    def __repr__(self) -> str:
        return "Coupled"
