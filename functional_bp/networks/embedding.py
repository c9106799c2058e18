"""Tokens and positions as layers, and what turns a vector into logits."""

import jax
import jax.numpy as jnp

from functional_bp.networks.layer import Layer, with_params
from functional_bp.rules import embedding, linear, position


def embedding_layer(tokens: int, n: int) -> Layer:
    """y = E[token] with E[tokens, n] drawn from a Gaussian of standard deviation 1/√n."""
    return with_params(embedding, lambda key: n**-0.5 * jax.random.normal(key, (tokens, n)), f"embedding({tokens}→{n})")


def position_layer(most: int, n: int) -> Layer:
    """y = x + P_1 … P_T with P[most, n] drawn from a Gaussian of standard deviation 1/√n."""
    return with_params(position, lambda key: n**-0.5 * jax.random.normal(key, (most, n)), f"position({most})", n)


def linear_layer(n_in: int, n_out: int) -> Layer:
    """y = W x with W[n_out, n_in] drawn from a Gaussian of standard deviation √(2/(n_in + n_out))."""
    deviation = jnp.sqrt(2 / (n_in + n_out))
    return with_params(
        linear, lambda key: deviation * jax.random.normal(key, (n_out, n_in)), f"linear({n_in}→{n_out})", n_in
    )
