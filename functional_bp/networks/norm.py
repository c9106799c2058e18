"""Norms as layers: the gain begins with 1 and the bias with 0."""

import jax.numpy as jnp

from functional_bp.networks.layer import Layer, with_params
from functional_bp.rules import GainParams, layer_norm, rms_norm


def layer_norm_layer(n: int) -> Layer:
    """y = g ⊙ x̂ + b, each example standardised."""
    return with_params(layer_norm, lambda key: GainParams(jnp.ones(n), jnp.zeros(n)), n_in=n)


def rms_norm_layer(n: int) -> Layer:
    """y = g ⊙ x/√(mean x² + ε)."""
    return with_params(rms_norm, lambda key: jnp.ones(n), n_in=n)
