"""Is the backward pass of my custom_vjp right for every size? Attention is proven; a wrong one is refuted by its code.

python examples/10_prove_your_custom_vjp.py
"""

import jax
import jax.numpy as jnp

from derivations.reading import prove_custom_vjp


@jax.custom_vjp
def attention(q: jax.Array, k: jax.Array, v: jax.Array) -> jax.Array:
    """y = softmax(q kᵀ / √d) v."""
    return jax.nn.softmax(q @ k.T / jnp.sqrt(q.shape[-1])) @ v


def forward(q, k, v):
    a = jax.nn.softmax(q @ k.T / jnp.sqrt(q.shape[-1]))
    return a @ v, (a, q, k, v)


def backward(residuals, y_bar):
    """s̄ = a (ā − Σ a ā) / √d with ā = ȳ vᵀ;  q̄ = s̄ k,  k̄ = s̄ᵀ q,  v̄ = aᵀ ȳ."""
    a, q, k, v = residuals
    a_bar = y_bar @ v.T
    s_bar = a * (a_bar - jnp.sum(a * a_bar, axis=-1, keepdims=True)) / jnp.sqrt(q.shape[-1])
    return s_bar @ k, s_bar.T @ q, a.T @ y_bar


def forgetful(residuals, y_bar):
    """The same with a (1 − a), the diagonal of the softmax's Jacobian, in place of the whole."""
    a, q, k, v = residuals
    s_bar = a * (1 - a) * (y_bar @ v.T) / jnp.sqrt(q.shape[-1])
    return s_bar @ k, s_bar.T @ q, a.T @ y_bar


q, k, v = (jax.random.normal(jax.random.key(n), shape) for n, shape in enumerate([(3, 4), (5, 4), (5, 2)]))

attention.defvjp(forward, backward)
print(right := prove_custom_vjp(attention, q, k, v))
print()
attention.defvjp(forward, forgetful)
print(wrong := prove_custom_vjp(attention, q, k, v))

assert right.proven
assert [finding.status for finding in wrong.findings] == ["refuted", "refuted", "proven"]
