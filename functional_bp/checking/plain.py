"""The models' forward passes once more, each written down plainly: what `jax.grad` is asked about.

They share nothing with the rules and combinators but the parameters' tree.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array


def transformer(heads: int, params: Any, tokens: Array) -> Array:
    """The logits of `transformer_model`, the scores whole."""
    E, P, blocks, last, out = params
    x = E[tokens] + P[: tokens.shape[1]][None]

    def block(x: Array, p: Any) -> tuple[Array, None]:
        ((norm, qkv), _, _, (_, merge)), ((norm_2, up), (_, down)) = p
        q, k, v = jnp.split(affine(qkv, layer_norm(norm, x)).reshape(*x.shape[:2], 3 * heads, -1), 3, 2)
        s = jnp.einsum("bihd,bjhd->bhij", q, k) / jnp.sqrt(q.shape[-1])
        seen = jnp.tril(jnp.ones(s.shape[2:], bool))[None, None]
        y = jnp.einsum("bhij,bjhd->bihd", jax.nn.softmax(jnp.where(seen, s, -1e30)), v)
        x = x + affine(merge, y.reshape(x.shape))
        return x + affine(down, jax.nn.gelu(affine(up, layer_norm(norm_2, x)), approximate=False)), None

    x, _ = jax.lax.scan(block, x, blocks.layers)
    return layer_norm(last, x) @ out.T


def gdn(heads: int, params: Any, tokens: Array) -> Array:
    """The logits of `gdn_model`, step by step."""
    E, blocks, last, out = params

    def heads_of(x: Array) -> Array:
        return jnp.moveaxis(x.reshape(*x.shape[:2], heads, -1), 1, 0)

    def unit(x: Array) -> Array:
        return x / jnp.sqrt((x * x).sum(-1, keepdims=True) + 1e-12)

    def step(S: Array, at: Any) -> tuple[Array, Array]:
        q, k, v, alpha, beta = at
        S = alpha * S
        S = S + beta * (v - jnp.einsum("bhcd,bhd->bhc", S, k))[..., None] * k[..., None, :]
        return S, jnp.einsum("bhcd,bhd->bhc", S, q)

    def block(x: Array, p: Any) -> tuple[Array, None]:
        (norm, parts, _, _, _, _, merge), ((norm_2, up), (_, down)) = p
        q, k, v, decay, beta = (affine(part[0], layer_norm(norm, x)) for part in parts)
        gates = (jnp.exp(-jax.nn.softplus(decay) / 16), jax.nn.sigmoid(beta))
        steps = unit(heads_of(q)), unit(heads_of(k)), heads_of(v), *(heads_of(gate)[..., None] for gate in gates)
        zero = jnp.zeros((*steps[2].shape[1:], steps[1].shape[-1]), x.dtype)
        _, y = jax.lax.scan(step, zero, steps)
        x = x + affine(merge, jnp.moveaxis(y, 0, 1).reshape(x.shape))
        return x + affine(down, jax.nn.gelu(affine(up, layer_norm(norm_2, x)), approximate=False)), None

    x, _ = jax.lax.scan(block, E[tokens], blocks.layers)
    return layer_norm(last, x) @ out.T


def recurrent(step: Any, params: Any, tokens: Array) -> Array:
    """The logits of a stack of cells: `step(cell, state, x)` gives the state, whose first part goes on upwards."""
    E, *cells, out = params
    y = jnp.swapaxes(E[tokens], 0, 1)
    for _, cell, _ in cells:
        zero = jnp.zeros((y.shape[1], cell.W_h.shape[1]), y.dtype)
        _, y = jax.lax.scan(lambda state, x, cell=cell: step(cell, state, x), (zero, zero), y)
    return jnp.swapaxes(y, 0, 1) @ out.T


def lstm_step(cell: Any, state: Any, x: Array) -> Any:
    h, c = state
    i, f, g, o = jnp.split(x @ cell.W_x.T + h @ cell.W_h.T + cell.b[None], 4, -1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    h = jax.nn.sigmoid(o) * jnp.tanh(c)
    return (h, c), h


def gru_step(cell: Any, state: Any, x: Array) -> Any:
    h, zero = state
    r, u, g = jnp.split(x @ cell.W_x.T + cell.b[None], 3, -1)
    by_r, by_u, by_g = jnp.split(h @ cell.W_h.T, 3, -1)
    u = jax.nn.sigmoid(u + by_u)
    h = u * h + (1 - u) * jnp.tanh(g + jax.nn.sigmoid(r + by_r) * by_g)
    return (h, zero), h


def affine(p: Any, x: Array) -> Array:
    return jnp.einsum("...n,mn->...m", x, p.W) + p.b[None, None]


def layer_norm(p: Any, x: Array) -> Array:
    return p.gain[None, None] * jax.nn.standardize(x, epsilon=1e-5) + p.bias[None, None]
