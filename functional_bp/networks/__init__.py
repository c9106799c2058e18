"""Layers, and networks made of them."""

from functional_bp.networks.affine import Initializer, affine_layer
from functional_bp.networks.chain import chain
from functional_bp.networks.layer import Layer, Rule, as_layer, without_params
from functional_bp.networks.loss import value_and_grad
from functional_bp.networks.residual import residual

__all__ = [
    "Initializer",
    "Layer",
    "Rule",
    "affine_layer",
    "as_layer",
    "chain",
    "residual",
    "value_and_grad",
    "without_params",
]
