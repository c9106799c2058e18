"""A finished run as a value: its network with its parameters, wherever its data is."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Num

from functional_bp.errors import InputError
from functional_bp.networks import Layer
from functional_bp.rules.activations import sigmoid
from functional_bp.rules.softmax import softmax
from functional_bp.runs.classification import perceptron
from functional_bp.runs.config import Config
from functional_bp.runs.facts import Facts
from functional_bp.runs.memory import check_network
from functional_bp.runs.run_folder import RunFolder
from functional_bp.training.data.rows import Rows
from functional_bp.training.saving.reports import Report
from functional_bp.training.saving.stores import store

if TYPE_CHECKING:
    from functional_bp.training.devices.sharding import Layout

__all__ = ["load"]


class Trained(NamedTuple):
    """A network, its parameters, and metadata: its options, what it knows of its data, and the result of its run.

    `network.apply(params, facts.scale * x)` gives logits and the Jacobian; `probabilities(x)` and `predict(x)` take
    instances as they are stored.
    """

    network: Layer
    params: Any
    config: Config
    facts: Facts
    result: dict[str, Any] | None
    reports: list[Report]

    def __repr__(self) -> str:
        """In a line: the network, what it tells apart, and how well."""
        learnt = f"{len(self.facts.classes)} classes" if self.facts.classes else self.facts.target or "numbers"
        result = self.result or {}
        found = [f"{name.replace('_', ' ')} {result[name]:.4f}" for name in self.facts.measured if name in result]
        return f"Trained({self.network.name}: {self.facts.inputs} → {learnt}; {', '.join(found) or 'not finished'})"

    def _repr_html_(self) -> str:
        """The same in a notebook, with its pictures where matplotlib is installed."""
        from functional_bp.runs.notebook import html

        return html(self)

    def probabilities(self, x: Num[Array | np.ndarray, "*batch k"]) -> Float[Array, "*batch c"]:
        """p = softmax z of each instance; of two classes (1 − σ(z), σ(z))."""
        return probabilities_of(self.network)(self.params, jnp.asarray(x, jnp.float32) * self.facts.scale)

    def predict(self, x: Num[Array | np.ndarray, "*batch k"]) -> np.ndarray:
        """The name of each instance's class; or, of regression, its numbers "*batch m"."""
        if self.facts.classes:
            return np.array(self.facts.classes)[np.asarray(self.probabilities(x).argmax(-1))]
        return in_their_unit(
            outputs_of(self.network)(self.params, jnp.asarray(x, jnp.float32) * self.facts.scale), self.facts
        )


def load(run: str | Path, layout: "Layout | None" = None) -> Trained:
    """The network that the run in a folder has trained. Raises InputError for a run that is not finished."""
    folder = RunFolder(run)
    config, facts = folder.load_config(), folder.load_facts()
    sizes = (facts.inputs, *config.hidden, facts.outputs)
    check_network(sizes)
    network = perceptron(sizes, config.activation, config.dropout)
    like = jax.eval_shape(lambda: network.init(jax.random.key(0)))
    params = folder.load_params(like, store(config.checkpoints, layout))
    return Trained(
        network, jax.tree.map(jnp.asarray, params), config, facts, folder.load_result(), folder.load_reports()
    )


def probabilities_of(network: Layer) -> Callable[[Any, Array], Array]:
    @jax.jit
    def probabilities(params: Any, x: Array) -> Array:
        z, _ = network.apply(params, x)
        if z.shape[-1] > 1:
            p, _ = softmax(z)
            return p
        p, _ = sigmoid(z)
        return jnp.concatenate([1 - p, p], axis=-1)

    return probabilities


def outputs_of(network: Layer) -> Callable[[Any, Array], Array]:
    @jax.jit
    def outputs(params: Any, x: Array) -> Array:
        y, _ = network.apply(params, x)
        return y

    return outputs


def in_their_unit(y: Array, facts: Facts) -> np.ndarray:
    """The targets that standardised outputs stand for."""
    return np.asarray(y, np.float64) * np.array(facts.deviation) + np.array(facts.mean)


def predictions(trained: Trained, x: Rows, where: str) -> Iterator[np.ndarray]:
    """The probabilities, or the numbers, of all rows, block by block. Raises InputError for other lengths."""
    if x.shape[1] != trained.facts.inputs:
        raise InputError(f"{where}: an instance has {x.shape[1]} numbers, the network takes {trained.facts.inputs}")
    facts, scale = trained.facts, np.float32(trained.facts.scale)
    compiled = probabilities_of(trained.network) if facts.classes else outputs_of(trained.network)
    scaled = (jnp.asarray(block.astype(np.float32) * scale) for block in x.blocks())
    found = (compiled(trained.params, block) for block in scaled)
    return (np.asarray(y) if facts.classes else in_their_unit(y, facts) for y in found)
