"""Is the backward pass of my custom_vjp right? One call says so, and for a wrong one names the argument and the cause.

python examples/06_check_your_custom_vjp.py
"""

import jax
import jax.numpy as jnp

from functional_bp.checking import check_custom_vjp


@jax.custom_vjp
def rms_norm(x: jax.Array, scale: jax.Array) -> jax.Array:
    """y = s x / r,  r = √(mean x² + ε)."""
    r = jnp.sqrt(jnp.mean(x**2, axis=-1, keepdims=True) + 1e-6)
    return scale * x / r


def forward(x, scale):
    r = jnp.sqrt(jnp.mean(x**2, axis=-1, keepdims=True) + 1e-6)
    return scale * x / r, (x, scale, r)


def backward(residuals, y_bar):
    """x̄ = (s ȳ − n mean(s ȳ n)) / r with n = x / r;  s̄ = Σ ȳ n over the batch."""
    x, scale, r = residuals
    n, g = x / r, scale * y_bar
    return (g - n * jnp.mean(g * n, axis=-1, keepdims=True)) / r, jnp.sum(y_bar * n, axis=0)


def forgetful(residuals, y_bar):
    """The same, but r is taken for a constant, and the sum over the batch for a mean."""
    x, scale, r = residuals
    return scale * y_bar / r, jnp.mean(y_bar * x / r, axis=0)


x = jax.random.normal(jax.random.key(0), (8, 16))
scale = jnp.linspace(0.5, 2.0, 16)

rms_norm.defvjp(forward, backward)
print(right := check_custom_vjp(rms_norm, x, scale))
print()
rms_norm.defvjp(forward, forgetful)
print(wrong := check_custom_vjp(rms_norm, x, scale))

assert right.ok
assert [verdict.ok for verdict in wrong.verdicts] == [False, False]
