"""What a language model learns: the next character of a text, at every position."""

import math
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from functional_bp import rules
from functional_bp.errors import InputError
from functional_bp.networks import Layer, Rule
from functional_bp.networks.sampling import continued
from functional_bp.runs.config import Config
from functional_bp.runs.facts import Facts
from functional_bp.training.data.labelled import Data
from functional_bp.training.data.texts import decoded, encoded, read_text, windows
from functional_bp.training.measures import blockwise
from functional_bp.training.metrics import confusion_matrix

if TYPE_CHECKING:
    from functional_bp.training.devices.sharding import Layout

HELD_OUT = 10  # one part in so many, at the text's end
SAMPLE = 300


class TextProblem(NamedTuple):
    """Windows of a text, with the character that follows at each position; the text's end is held out."""

    classes: tuple[str, ...]
    train: Data
    test: Data
    content: str
    notes: tuple[str, ...]
    as_bytes: bool
    scale = 1.0
    validation = None
    tested_on = "held-out"

    @property
    def facts(self) -> Facts:
        return Facts(self.content, self.train.x.shape[1], self.classes, self.scale)

    @property
    def divergence(self) -> Rule:
        return rules.label_nll

    measured = divergence

    def measures(self) -> dict[str, Any]:
        return {"accuracy": correct, "bits": bits}

    def prepare(self, x: Array, labels: Array) -> tuple[Array, Array]:
        return x, labels

    def results(self, network: Layer, params: Any, layout: "Layout | None" = None) -> dict[str, Any]:
        """Bits per character and accuracy on both parts, and how often each character was taken for which."""
        place = layout.place if layout else jax.device_put
        found_by = partial(of_windows, network)
        compiled = jax.jit(found_by, out_shardings=layout.sharding()) if layout else jax.jit(found_by)
        found: dict[str, Any] = {}
        for name, part in (("train", self.train), ("test", self.test)):
            D, predicted = (np.asarray(a) for a in compiled(params, place(part.x), place(part.labels)))
            found[f"{name}_bits"] = float(D.mean()) / math.log(2)
            found[f"{name}_accuracy"] = float((predicted == part.labels).mean())
            if name == "test":
                counts = confusion_matrix(part.labels.ravel(), predicted.ravel(), len(self.classes))
                found["confusion"] = counts.tolist()
        return found

    def sampled(self, network: Layer, params: Any, seed: int) -> str:
        """What the end of a run shows."""
        return sample(network, params, self.facts, self.as_bytes, "", SAMPLE, jax.random.key(seed))


def text_problem(config: Config) -> TextProblem:
    """Raises InputError for a text that is too short for a window of the context in each part."""
    text = read_text(config.text, config.tokens == "bytes")
    held = len(text.tokens) // HELD_OUT
    if held <= config.context:
        least = HELD_OUT * (config.context + 1)
        raise InputError(f"a --context of {config.context} takes a text of {least} characters, got {len(text.tokens)}")
    parts = text.tokens[:-held], text.tokens[-held:]
    train, test = (windows(part, config.context) for part in parts)
    what = "bytes" if config.tokens == "bytes" else "characters"
    name = "The Tragedy of Coriolanus, which comes with the library" if config.text is None else config.text
    notes = (
        f"text: {name}",
        f"text: {len(parts[0])} {what} to learn, the last {held} held out; {len(text.alphabet)} different ones",
    )
    return TextProblem(text.alphabet, train, test, text.content, notes, config.tokens == "bytes")


def of_windows(network: Layer, params: Any, x: Array, labels: Array) -> tuple[Array, Array]:
    """The divergence and the most likely token at each position."""

    def of_block(block: tuple[Array, Array]) -> tuple[Array, Array]:
        x, labels = block
        z, _ = network.apply(params, x)
        return rules.label_nll(z, labels)[0], z.argmax(-1).astype(labels.dtype)

    return blockwise(of_block, (x, labels))


def correct(z: Float[Array, "*batch v"], labels: Int[Array, "*batch"]) -> Float[Array, "*batch"]:
    return (z.argmax(-1) == labels).astype(z.dtype)


def bits(z: Float[Array, "*batch v"], labels: Int[Array, "*batch"]) -> Float[Array, "*batch"]:
    """−log₂ of the probability that the character had."""
    return rules.label_nll(z, labels)[0] / math.log(2)


def sample(
    network: Layer, params: Any, facts: Facts, as_bytes: bool, start: str, n: int, key: Any, temperature: float = 1.0
) -> str:
    """n characters after `start`, of which the network sees the last `facts.inputs`; without it, after a new line."""
    written = start.encode().decode("latin-1") if as_bytes else start
    tokens = encoded(written, facts.classes) if start else first_token(facts.classes)
    seen = tokens[-facts.inputs :]
    window = np.zeros(facts.inputs, np.int32)
    window[: len(seen)] = seen
    found = continued(network, params, window, jnp.int32(len(seen)), n, key, jnp.float32(temperature))
    return start + decoded(np.asarray(found), facts.classes, as_bytes)


def first_token(classes: tuple[str, ...]) -> np.ndarray:
    return np.array([classes.index("\n") if "\n" in classes else 0], np.int32)
