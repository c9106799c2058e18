"""Layers, and networks made of them."""

from functional_bp.networks.affine import Initializer, affine_layer
from functional_bp.networks.chain import chain
from functional_bp.networks.layer import Layer, Rule, as_layer, with_params, without_params
from functional_bp.networks.loss import value_and_grad
from functional_bp.networks.parallel import parallel
from functional_bp.networks.recompute import recompute
from functional_bp.networks.repeat import repeat
from functional_bp.networks.residual import residual
from functional_bp.networks.reversible import reversible
from functional_bp.networks.tied import tied
from functional_bp.networks.unroll import bidirectional, concatenate, recurrent, unroll

__all__ = [
    "Initializer",
    "Layer",
    "Rule",
    "affine_layer",
    "as_layer",
    "bidirectional",
    "chain",
    "concatenate",
    "parallel",
    "recompute",
    "recurrent",
    "repeat",
    "residual",
    "reversible",
    "tied",
    "unroll",
    "value_and_grad",
    "with_params",
    "without_params",
]
