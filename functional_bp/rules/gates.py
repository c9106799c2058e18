"""Gated units: of the halves of the input, one multiplies the other."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from functional_bp.jacobians import Jacobian, Shape, static
from functional_bp.rules.activations import sigmoid
from functional_bp.rules.smooth import gelu, silu

__all__ = ["Gated", "geglu", "glu", "swiglu"]

Vector = Float[Array, "*batch two_n"]
Half = Float[Array, "*batch n"]


class Gated(Jacobian):
    """J of y_i = f(a_i) b_i, z = (a, b): y_bar @ J = (ȳ b f′(a), ȳ f(a)). With `gate_last` z = (b, a).

    `f` is a rule. J holds z alone: f and f′ are computed again.
    """

    z: Float[Array, "*batch two_n"]
    f: Callable[..., Any] = static()
    gate_last: bool = static(default=False)

    @property
    def shape(self) -> Shape:
        *batch, n = self.z.shape
        return Shape(tuple(batch), (n // 2,), (n,))

    def factors(self) -> tuple[Array, Array]:
        """∂y/∂a and ∂y/∂b, each a diagonal."""
        a, b = halves(self.z, self.gate_last)
        y, J = self.f(a)
        return b @ J, y

    def vjp(self, y_bar: Float[Array, "*batch n"]) -> Float[Array, "*batch two_n"]:
        parts = [y_bar * d for d in self.factors()]
        return jnp.concatenate(parts[::-1] if self.gate_last else parts, -1)

    def jvp(self, z_dot: Float[Array, "*batch two_n"]) -> Float[Array, "*batch n"]:
        by_a, by_b = self.factors()
        a_dot, b_dot = halves(z_dot, self.gate_last)
        return by_a * a_dot + by_b * b_dot


def halves(z: Array, gate_last: bool) -> tuple[Array, Array]:
    if z.shape[-1] % 2:
        raise ValueError(f"a gated unit takes two halves: an even number of components, got {z.shape[-1]}")
    a, b = jnp.split(z, 2, -1)
    return (b, a) if gate_last else (a, b)


def glu(z: Vector) -> tuple[Half, Gated]:
    """y = b ⊙ σ(a) of the halves z = (b, a);  J = [diag(σ(a))  diag(b σ′(a))].

    The value comes first, as in jax.nn.glu. Smooth everywhere. Source: Dauphin et al. 2017, arXiv:1612.08083.
    """
    return gated(z, sigmoid, True)


def swiglu(z: Vector) -> tuple[Half, Gated]:
    """y = silu(a) ⊙ b of the halves z = (a, b);  J = [diag(b silu′(a))  diag(silu(a))].

    Smooth everywhere. Source: Shazeer 2020, arXiv:2002.05202.
    """
    return gated(z, silu)


def geglu(z: Vector) -> tuple[Half, Gated]:
    """y = gelu(a) ⊙ b of the halves z = (a, b);  J = [diag(b gelu′(a))  diag(gelu(a))].

    Smooth everywhere. Source: Shazeer 2020, arXiv:2002.05202.
    """
    return gated(z, gelu)


def gated(z: Vector, f: Callable[..., Any], gate_last: bool = False) -> tuple[Half, Gated]:
    a, b = halves(z, gate_last)
    return f(a)[0] * b, Gated(z, f, gate_last)
