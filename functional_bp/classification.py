"""What the commands train: a perceptron that tells classes apart, and the tasks made from the digits."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Float, Int

from functional_bp import rules
from functional_bp.errors import InputError
from functional_bp.network import Layer, Rule, affine_layer, chain
from functional_bp.training.data import Data, check, digits, ordered, stratified, with_negatives
from functional_bp.training.metrics import classes, confusion_matrix

ACTIVATIONS: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (rules.relu, rules.leaky_relu, rules.randomised_leaky_relu, rules.sigmoid, rules.tanh, rules.identity)
}


class Task(NamedTuple):
    """`classes` are their names; `prepare(digits, seed)` labels the digits with them.

    The outputs are logits, and the divergence the KL divergence between target and softmax: for two classes one
    logit and its sigmoid are enough. Source: lectures, claim E11.
    """

    classes: tuple[str, ...]
    prepare: Callable[[Data, int], Data]

    @property
    def outputs(self) -> int:
        return 1 if len(self.classes) == 2 else len(self.classes)

    @property
    def divergence(self) -> Rule:
        return rules.sigmoid_binary_nll if self.outputs == 1 else rules.softmax_nll

    def targets(self, labels: Int[np.ndarray, " n"]) -> Float[np.ndarray, "n outputs"]:
        """d: the class as one row of zeros and a one; of two classes, the second is 1 and the first 0."""
        if self.outputs == 1:
            return labels[:, None].astype(np.float32)
        return np.eye(self.outputs, dtype=np.float32)[labels]


DIGIT_NAMES = tuple("0123456789")

TASKS = {
    "ten": Task(DIGIT_NAMES, lambda data, seed: data),
    "two": Task(("not 2", "2"), lambda data, seed: data._replace(labels=(data.labels == 2).astype(np.int32))),
    "eleven": Task((*DIGIT_NAMES, "none"), with_negatives),
}


def perceptron(sizes: Sequence[int], activation: str) -> Layer:
    """affine, activation, affine, …, affine: the last gives logits. He's initialisation.

    Raises InputError for an unknown activation or a size below 1.
    """
    if activation not in ACTIVATIONS:
        raise InputError(f"unknown activation {activation!r}: expected one of {', '.join(ACTIVATIONS)}")
    if min(sizes) < 1:
        raise InputError(f"every layer needs at least one unit, got sizes {','.join(map(str, sizes))}")
    layers = [affine_layer(n_in, n_out, "he") for n_in, n_out in pairwise(sizes)]
    between = [part for layer in layers[:-1] for part in (layer, ACTIVATIONS[activation])]
    return chain(*between, layers[-1], name="perceptron")


class Problem(NamedTuple):
    """A task with its data and the network for it: what `train` and `evaluate` share."""

    task: Task
    train: Data
    test: Data
    network: Layer


SPLITS = ("stratified", "ordered")


def problem(task: str, split: str, seed: int, hidden: Sequence[int], activation: str) -> Problem:
    """Held out is a quarter of the digits: drawn by the seed from each class, or the last ("ordered").

    Raises InputError for an unknown name or an impossible seed.
    """
    if task not in TASKS:
        raise InputError(f"unknown task {task!r}: expected one of {', '.join(TASKS)}")
    if split not in SPLITS:
        raise InputError(f"unknown split {split!r}: expected one of {', '.join(SPLITS)}")
    if not 0 <= seed < 2**32:
        raise InputError(f"the seed must be from 0 to {2**32 - 1}, got {seed}")
    chosen, data = TASKS[task], digits()
    parts = stratified(data.labels, seed) if split == "stratified" else ordered(data.labels)
    train, test = (check(chosen.prepare(data.rows(part), seed), len(chosen.classes), "the digits") for part in parts)
    return Problem(chosen, train, test, perceptron((data.x.shape[1], *hidden, chosen.outputs), activation))


def results(of: Problem, params: Any) -> dict[str, Any]:
    """train_accuracy, test_accuracy, and the confusion matrix of the test set."""
    predict = jax.jit(lambda params, x: classes(of.network.apply(params, x)[0]))
    predicted = np.asarray(predict(params, np.concatenate([of.train.x, of.test.x])))
    train, test = np.split(predicted, [len(of.train.x)])
    return {
        "train_accuracy": float((train == of.train.labels).mean()),
        "test_accuracy": float((test == of.test.labels).mean()),
        "confusion": confusion_matrix(of.test.labels, test, len(of.task.classes)).tolist(),
    }
