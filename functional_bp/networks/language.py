"""Language models: tokens "*batch T" ↦ the logits of each next token, from those before it alone."""

from functional_bp.networks.cells import gru_cell, lstm_cell
from functional_bp.networks.chain import chain
from functional_bp.networks.delta import delta_block
from functional_bp.networks.embedding import embedding_layer, linear_layer, position_layer
from functional_bp.networks.layer import Layer
from functional_bp.networks.norm import layer_norm_layer
from functional_bp.networks.repeat import repeat
from functional_bp.networks.transformer import transformer_block
from functional_bp.networks.unroll import recurrent

CHUNK = 32  # steps after which the weights' gradient is one product


def lstm_model(tokens: int, width: int, depth: int) -> Layer:
    """`depth` LSTMs of `width` units, one above the other."""
    cells = [recurrent(lstm_cell(width, width), CHUNK) for _ in range(depth)]
    return chain(embedding_layer(tokens, width), *cells, linear_layer(width, tokens), name="lstm_model")


def gru_model(tokens: int, width: int, depth: int) -> Layer:
    """`depth` GRUs of `width` units, one above the other."""
    cells = [recurrent(gru_cell(width, width), CHUNK) for _ in range(depth)]
    return chain(embedding_layer(tokens, width), *cells, linear_layer(width, tokens), name="gru_model")


def transformer_model(tokens: int, width: int, depth: int, heads: int, context: int) -> Layer:
    """`depth` causal blocks of `heads` heads on vectors of length `width`; it sees `context` positions."""
    return chain(
        embedding_layer(tokens, width),
        position_layer(context, width),
        repeat(transformer_block(width, heads), depth),
        layer_norm_layer(width),
        linear_layer(width, tokens),
        name="transformer_model",
    )


def gdn_model(tokens: int, width: int, depth: int, heads: int) -> Layer:
    """`depth` gated delta blocks: what it has read stands in a matrix a head, so it needs no positions."""
    return chain(
        embedding_layer(tokens, width),
        repeat(delta_block(width, heads), depth),
        layer_norm_layer(width),
        linear_layer(width, tokens),
        name="gdn_model",
    )
