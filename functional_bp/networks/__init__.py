"""Layers, and networks made of them."""

from functional_bp.networks.affine import Initializer, affine_layer
from functional_bp.networks.cells import gru_cell, lstm_cell, rnn_cell
from functional_bp.networks.chain import chain
from functional_bp.networks.convolutional import conv_layer, flattened, image_of
from functional_bp.networks.delta import delta_block, delta_layer
from functional_bp.networks.embedding import embedding_layer, linear_layer, position_layer
from functional_bp.networks.layer import Layer, Rule, as_layer, with_params, without_params
from functional_bp.networks.loss import value_and_grad
from functional_bp.networks.norm import layer_norm_layer, rms_norm_layer
from functional_bp.networks.parallel import parallel
from functional_bp.networks.recompute import recompute
from functional_bp.networks.repeat import repeat
from functional_bp.networks.residual import residual
from functional_bp.networks.reversible import reversible
from functional_bp.networks.state import batch_norm_layer, refreshed
from functional_bp.networks.tied import tied
from functional_bp.networks.transformer import (
    attention_layer,
    feed_forward,
    merge_heads,
    split_heads,
    transformer_block,
)
from functional_bp.networks.unroll import bidirectional, concatenate, recurrent, unroll

__all__ = [
    "Initializer",
    "Layer",
    "Rule",
    "affine_layer",
    "as_layer",
    "attention_layer",
    "batch_norm_layer",
    "bidirectional",
    "chain",
    "concatenate",
    "conv_layer",
    "delta_block",
    "delta_layer",
    "embedding_layer",
    "feed_forward",
    "flattened",
    "gru_cell",
    "image_of",
    "layer_norm_layer",
    "linear_layer",
    "lstm_cell",
    "merge_heads",
    "parallel",
    "position_layer",
    "recompute",
    "recurrent",
    "refreshed",
    "repeat",
    "residual",
    "reversible",
    "rms_norm_layer",
    "rnn_cell",
    "split_heads",
    "tied",
    "transformer_block",
    "unroll",
    "value_and_grad",
    "with_params",
    "without_params",
]
