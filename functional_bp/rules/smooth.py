"""Smooth activations y_i = f(z_i), and hardswish: J = diag(f′(z)) as a formula of z, which is all that it holds."""

import math

import jax
import jax.numpy as jnp
from jax.scipy.special import erfc
from jaxtyping import Array, Float

from functional_bp.jacobians import Elementwise
from functional_bp.rules.activations import sigmoid

__all__ = ["elu", "gelu", "gelu_tanh", "hardswish", "mish", "silu", "softplus"]

Vector = Float[Array, "*batch n"]
CUBIC = 0.044715


def softplus(z: Vector) -> tuple[Vector, Elementwise]:
    """y = log(1 + e^z);  J = diag(σ(z)).

    Precise at any z. Smooth everywhere. Source: Dugas et al. 2001.
    """
    return jax.nn.softplus(z), Elementwise(z, softplus_slope)


def softplus_slope(z: Vector) -> Vector:
    return sigmoid(z)[0]


def elu(z: Vector) -> tuple[Vector, Elementwise]:
    """y = z if z > 0 else e^z − 1;  J = diag(1 if z > 0 else e^z).

    f′ is continuous, 1 at 0. Source: Clevert et al. 2016, arXiv:1511.07289, with α = 1.
    """
    return jnp.where(z > 0, z, jnp.expm1(jnp.minimum(z, 0))), Elementwise(z, elu_slope)


def elu_slope(z: Vector) -> Vector:
    return jnp.exp(jnp.minimum(z, 0))


def silu(z: Vector) -> tuple[Vector, Elementwise]:
    """y = z σ(z);  J = diag(σ(z) (1 + z (1 − σ(z)))).

    Smooth everywhere. Source: Elfwing et al. 2018, arXiv:1702.03118; with the name swish, arXiv:1710.05941.
    """
    return z * sigmoid(z)[0], Elementwise(z, silu_slope)


def silu_slope(z: Vector) -> Vector:
    return sigmoid(z)[0] * (1 + z * sigmoid(-z)[0])


def gelu(z: Vector) -> tuple[Vector, Elementwise]:
    """y = z Φ(z);  J = diag(Φ(z) + z φ(z)), Φ and φ those of the normal distribution.

    Φ(z) = erfc(−z/√2)/2 is precise where it is small. Smooth everywhere. Source: Hendrycks & Gimpel 2016,
    arXiv:1606.08415.
    """
    return z * normal_cdf(z), Elementwise(z, gelu_slope)


def gelu_slope(z: Vector) -> Vector:
    """The barrier: where y is computed beside it, XLA would keep three parts of erfc in memory for both."""
    z = jax.lax.optimization_barrier(z)
    return normal_cdf(z) + z * jnp.exp(-0.5 * z * z) * (1 / math.sqrt(2 * math.pi))


def normal_cdf(z: Vector) -> Vector:
    return 0.5 * erfc(-z * math.sqrt(0.5))


def gelu_tanh(z: Vector) -> tuple[Vector, Elementwise]:
    """y = z (1 + tanh u)/2 with u = √(2/π) (z + 0.044715 z³);  J = diag((1 + tanh u)/2 + z (1 − tanh² u) u′/2).

    Computed with (1 + tanh u)/2 = σ(2u), precise where it is small. Smooth everywhere. Source: as `gelu`.
    """
    return z * sigmoid(twice_u(z))[0], Elementwise(z, gelu_tanh_slope)


def gelu_tanh_slope(z: Vector) -> Vector:
    v = twice_u(z)
    square = jnp.minimum(z * z, 1e4)  # far beyond it σ′(2u) is 0
    return sigmoid(v)[0] * (1 + z * sigmoid(-v)[0] * (2 * math.sqrt(2 / math.pi)) * (1 + 3 * CUBIC * square))


def twice_u(z: Vector) -> Vector:
    return 2 * math.sqrt(2 / math.pi) * z * (1 + CUBIC * z * z)


def mish(z: Vector) -> tuple[Vector, Elementwise]:
    """y = z t with t = tanh(log(1 + e^z));  J = diag(t + z σ(z) (1 − t²)).

    Smooth everywhere. Source: Misra 2019, arXiv:1908.08681.
    """
    return z * jnp.tanh(jax.nn.softplus(z)), Elementwise(z, mish_slope)


def mish_slope(z: Vector) -> Vector:
    t = jnp.tanh(jax.nn.softplus(z))
    return t + z * sigmoid(z)[0] * (1 - t) * (1 + t)


def hardswish(z: Vector) -> tuple[Vector, Elementwise]:
    """y = z min(max(z + 3, 0), 6)/6;  J = diag(0 if z < −3, (2 z + 3)/6 between, 1 if z > 3).

    At z = −3 the Clarke interval is [−1/2, 0], at z = 3 [1, 3/2]; 0 and 1 are taken, as JAX does.
    Source: Howard et al. 2019, arXiv:1905.02244.
    """
    return z * jnp.clip(z + 3, 0, 6) / 6, Elementwise(z, hardswish_slope)


def hardswish_slope(z: Vector) -> Vector:
    zero, one = jnp.zeros_like(z), jnp.ones_like(z)
    return jnp.where(z <= -3, zero, jnp.where(z >= 3, one, (2 * z + 3) / 6))
