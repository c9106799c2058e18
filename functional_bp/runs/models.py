"""The networks that `train --model` knows, each a row."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from functional_bp import rules
from functional_bp.checking import plain
from functional_bp.errors import InputError
from functional_bp.networks import Layer
from functional_bp.networks.convolutional import convolutional
from functional_bp.networks.language import gdn_model, gru_model, lstm_model, transformer_model
from functional_bp.runs.classification import activation_of, perceptron
from functional_bp.runs.config import Config
from functional_bp.runs.facts import Facts
from functional_bp.runs.memory import check_network, check_parameters


class Model(NamedTuple):
    """`network(config, facts)`; `options` are the options that are its own.

    `plain(config)` is the same forward pass written again, (θ, x) ↦ y, for `jax.grad`; without one it is the network's.
    """

    network: Callable[[Config, Facts], Layer]
    options: tuple[str, ...]
    plain: Callable[[Config], Callable[[Any, Any], Any]] | None = None
    of_text: bool = False


def of_layers(config: Config, facts: Facts) -> Layer:
    sizes = (facts.inputs, *config.hidden, facts.outputs)
    check_network(sizes)
    return perceptron(sizes, config.activation, config.dropout)


def of_images(config: Config, facts: Facts) -> Layer:
    """Of square images, grey or in three colours."""
    channels = 3 if facts.inputs % 3 == 0 and math.isqrt(facts.inputs // 3) ** 2 * 3 == facts.inputs else 1
    side = math.isqrt(facts.inputs // channels)
    if side * side * channels != facts.inputs or side < 2:
        raise InputError(f"--model cnn takes square images, grey or of three colours: {facts.inputs} numbers are none")
    dropout = [partial(rules.dropout, rate=config.dropout)] if config.dropout else []
    if min(config.hidden, default=1) < 1:
        raise InputError(f"every convolution needs at least one channel, got {','.join(map(str, config.hidden))}")
    return convolutional(side, channels, config.hidden, facts.outputs, activation_of(config.activation), *dropout)


def of_cells(make: Callable[..., Layer], config: Config, facts: Facts) -> Layer:
    return make(len(facts.classes), config.width, config.depth)


def of_blocks(config: Config, facts: Facts) -> Layer:
    check_heads(config)
    return transformer_model(len(facts.classes), config.width, config.depth, config.heads, facts.inputs)


ROWS = ("task", "data", "target", "error", "class_weights", "split", "hidden", "activation", "dropout")


def check_heads(config: Config) -> None:
    if config.width % config.heads:
        raise InputError(f"--heads {config.heads} must divide --width {config.width}")


def of_delta_blocks(config: Config, facts: Facts) -> Layer:
    check_heads(config)
    return gdn_model(len(facts.classes), config.width, config.depth, config.heads)


TEXT = ("text", "tokens", "context", "width", "depth")
MODELS = {
    "perceptron": Model(of_layers, ROWS),
    "cnn": Model(of_images, ROWS),
    "lstm": Model(partial(of_cells, lstm_model), TEXT, lambda config: partial(plain.recurrent, plain.lstm_step), True),
    "gru": Model(partial(of_cells, gru_model), TEXT, lambda config: partial(plain.recurrent, plain.gru_step), True),
    "transformer": Model(of_blocks, (*TEXT, "heads"), lambda config: partial(plain.transformer, config.heads), True),
    "gdn": Model(of_delta_blocks, (*TEXT, "heads"), lambda config: partial(plain.gdn, config.heads), True),
}


def model_of(config: Config) -> Model:
    """Raises InputError for an unknown model, and for options that belong to other models alone."""
    if config.model not in MODELS:
        raise InputError(f"unknown --model {config.model!r}: expected one of {', '.join(MODELS)}")
    model, default = MODELS[config.model], Config()
    for name in sorted({name for other in MODELS.values() for name in other.options} - set(model.options)):
        if getattr(config, name) != getattr(default, name):
            raise InputError(f"--{name.replace('_', '-')} does not go with --model {config.model}")
    return model


def network_of(config: Config, facts: Facts) -> Layer:
    """Raises InputError as `model_of`, and where this machine has no memory for it."""
    network = model_of(config).network(config, facts)
    params = jax.eval_shape(network.init, jax.random.key(0))
    check_parameters(sum(leaf.size for leaf in jax.tree.leaves(params)))
    return network


def instance_of(config: Config, facts: Facts) -> jax.ShapeDtypeStruct:
    """What the network takes: numbers, or tokens."""
    return jax.ShapeDtypeStruct((facts.inputs,), jnp.int32 if model_of(config).of_text else jnp.float32)
