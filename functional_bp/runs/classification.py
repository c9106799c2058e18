"""What the commands train: a perceptron that tells classes apart, and the tasks made from digits."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from functional_bp import rules
from functional_bp.errors import InputError
from functional_bp.networks import Layer, Rule, affine_layer, chain
from functional_bp.rules.dropout import dropout
from functional_bp.runs.facts import Facts
from functional_bp.runs.weights import Weighted, class_weights
from functional_bp.training.data.arrays import ANY
from functional_bp.training.data.digits import digits, with_negatives
from functional_bp.training.data.files import DataSet, Part, open_dataset
from functional_bp.training.data.labelled import Data, check, ordered, stratified
from functional_bp.training.data.rows import Chosen
from functional_bp.training.data.tables import Columns
from functional_bp.training.metrics import classes, confusion_matrix, correct

if TYPE_CHECKING:
    from functional_bp.training.devices.sharding import Layout

ACTIVATIONS: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (rules.relu, rules.leaky_relu, rules.randomised_leaky_relu, rules.sigmoid, rules.tanh, rules.identity)
}
SPLITS = ("stratified", "ordered")
DIGIT_NAMES = tuple("0123456789")
LARGE = 20.0


class Problem(NamedTuple):
    """Instances x with the label of each, and the names of the labels: x is stored as it came, scale · x is learnt.

    `content` is a checksum of all of it; `tested_on` names the part that `test` is; `notes` say what was made
    of the data.

    The outputs are logits, and the divergence the KL divergence between target and softmax: for two classes one
    logit and its sigmoid are enough. Source: lectures, claim E11.
    """

    classes: tuple[str, ...]
    train: Data | Part
    test: Data | Part
    scale: float = 1.0
    validation: Data | Part | None = None
    tested_on: str = "test"
    content: str = ""
    notes: tuple[str, ...] = ()
    columns: Columns = ANY
    weights: tuple[float, ...] = ()

    @property
    def facts(self) -> Facts:
        known = self.content, self.train.x.shape[1], self.classes, self.scale
        return Facts(*known, self.columns.names, self.columns.target)

    @property
    def outputs(self) -> int:
        return self.facts.outputs

    @property
    def measured(self) -> Rule:
        """The divergence that reports are of: each instance counts the same."""
        return rules.sigmoid_binary_nll if self.outputs == 1 else rules.softmax_nll

    @property
    def divergence(self) -> Rule:
        """The divergence that is learnt, with the weights of the classes."""
        return Weighted(self.measured, self.weights) if self.weights else self.measured

    def measures(self) -> dict[str, Any]:
        return {"accuracy": correct}

    def results(self, network: Layer, params: Any, layout: "Layout | None" = None) -> dict[str, Any]:
        return results(self, network, params, layout)

    def weighted(self, text: str | None) -> "Problem":
        """With --class-weights. Raises InputError where they do not fit the classes."""
        if text is None:
            return self
        weights = class_weights(text, self.train.labels, len(self.classes))
        note = f"class weights: {', '.join(f'{name} {w:.4g}' for name, w in zip(self.classes, weights, strict=True))}"
        return self._replace(weights=weights, notes=(*self.notes, note))

    def prepare(
        self, x: Array, labels: Int[Array, "*batch"]
    ) -> tuple[Float[Array, "*batch k"], Float[Array, "*batch n"]]:
        """(scale · x, d): d is a row of zeros and a one; of two classes, the second is 1 and the first 0."""
        x = self.scaled(x)
        if self.outputs == 1:
            return x, labels[..., None].astype(x.dtype)
        return x, jax.nn.one_hot(labels, self.outputs, dtype=x.dtype)

    def scaled(self, x: Array) -> Float[Array, "*batch k"]:
        x = x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(jnp.float32)
        return x if self.scale == 1 else x * self.scale


def problem(task: str, split: str, seed: int, data: str | None = None, columns: Columns = ANY) -> Problem:
    """The task on the bundled digits, or on the data set at the path `data`.

    Held out, where the data has no test set of its own, is a quarter: drawn by the seed from each class, or the last
    rows ("ordered"). Raises InputError for an unknown name, or data that cannot be used.
    """
    if task not in TASKS:
        raise InputError(f"unknown task {task!r}: expected one of {', '.join(TASKS)}, regression")
    if split not in SPLITS:
        raise InputError(f"unknown split {split!r}: expected one of {', '.join(SPLITS)}")
    return TASKS[task](bundled(split, seed) if data is None else from_files(data, split, seed, columns), seed)


def bundled(split: str, seed: int) -> Problem:
    data = check(digits(), 10, "the digits")
    train, test = map(data.rows, held_out(data.labels, split, seed))
    return Problem(
        DIGIT_NAMES, train, test, content=hashlib.sha256(data.x.tobytes() + data.labels.tobytes()).hexdigest()
    )


def from_files(path: str, split: str, seed: int, columns: Columns) -> Problem:
    """Held out, where the data has neither a test nor a validation part, is a quarter of the training part."""
    found = open_dataset(path, columns)
    train, test, tested_on = found.train, found.test, "test"
    if test is None and found.validation is not None:
        test, tested_on = found.validation, "validation"
    elif test is None:
        train, test = (part_of(found.train, rows) for rows in held_out(found.train.labels, split, seed))
        if not len(test.labels):
            raise InputError(f"{path}: {len(train.labels)} rows are too few to hold out a quarter for the test")
    notes = tuple(described(found, train, test))
    return Problem(
        found.names, train, test, found.scale, found.validation, tested_on, found.content, notes, found.columns
    )


def described(found: DataSet, train: Data | Part, test: Data | Part) -> Iterator[str]:
    """What was made of the data, line by line."""
    held = "" if found.test is not None else ", held out" if found.validation is None else None
    rows = {"train": len(train.labels)}
    if found.validation is not None:
        rows["validation"] = len(found.validation.labels)
    if held is not None:
        rows["test"] = len(test.labels)
    classes = f"; {found.classes} classes" if found.names else ""
    yield f"data: {', '.join(f'{part} {n} rows' for part, n in rows.items())}{held or ''}{classes}"
    if found.columns.target:
        yield f"data: the target is {found.columns.target}, learnt from {', '.join(found.columns.names)}"
    if found.stored.kind == "f" and found.largest > LARGE:
        yield f"data: numbers up to {found.largest:.6g}, as they are: a network learns best from numbers near 1"
    if found.stored.kind != "f":
        yield f"data: whole numbers, divided by {round(1 / found.scale)}"
    if found.names and found.names != tuple(map(str, range(found.classes))):
        yield f"data: the classes are {', '.join(found.names)}"
    if found.unused:
        yield f"data: not used, as their names do not say what they are: {', '.join(found.unused)}"


def held_out(
    labels: Int[np.ndarray, " n"], split: str, seed: int, part: int | float = 4
) -> tuple[np.ndarray, np.ndarray]:
    return stratified(labels, seed, part) if split == "stratified" else ordered(labels, part)


def part_of(part: Data | Part, rows: Int[np.ndarray, " m"]) -> Data | Part:
    return part.rows(rows) if isinstance(part, Data) else Part(Chosen(part.x, rows), part.labels[rows])


def two_or_not_two(of: Problem, seed: int) -> Problem:
    if len(of.classes) < 3:
        raise InputError(f"--task two needs a class 2, the data has classes 0 to {len(of.classes) - 1}")
    parts = {name: getattr(of, name) for name in ("train", "test", "validation")}
    changed = {name: p and p._replace(labels=(p.labels == 2).astype(np.int32)) for name, p in parts.items()}
    return of._replace(classes=("not 2", "2"), **changed)


def or_none(of: Problem, seed: int) -> Problem:
    if not isinstance(of.train, Data) or not isinstance(of.test, Data):
        raise InputError("--task eleven makes its negatives from the bundled digits: it goes without --data")
    return of._replace(
        classes=(*of.classes, "none"), train=with_negatives(of.train, seed), test=with_negatives(of.test, seed)
    )


TASKS: dict[str, Callable[[Problem, int], Problem]] = {
    "ten": lambda of, seed: of,
    "two": two_or_not_two,
    "eleven": or_none,
}


def perceptron(sizes: Sequence[int], activation: str, dropout_rate: float = 0.0) -> Layer:
    """affine, activation, affine, …, affine: the last gives logits. He's initialisation.

    With a dropout rate each activation is followed by dropout. Raises InputError for an unknown activation or a size
    below 1.
    """
    if activation not in ACTIVATIONS:
        raise InputError(f"unknown activation {activation!r}: expected one of {', '.join(ACTIVATIONS)}")
    if min(sizes) < 1:
        raise InputError(f"every layer needs at least one unit, got sizes {','.join(map(str, sizes))}")
    after = (ACTIVATIONS[activation], *([partial(dropout, rate=dropout_rate)] if dropout_rate else []))
    layers = [affine_layer(n_in, n_out, "he") for n_in, n_out in pairwise(sizes)]
    before_last = [part for layer in layers[:-1] for part in (layer, *after)]
    return chain(*before_last, layers[-1], name="perceptron")


def results(of: Problem, network: Layer, params: Any, layout: "Layout | None" = None) -> dict[str, Any]:
    """train_accuracy, test_accuracy, and the confusion matrix of the test set. The parameters stay where they lie."""

    def classes_of(params: Any, x: Array) -> Array:
        z, _ = network.apply(params, of.scaled(x))
        return classes(z)

    compiled = jax.jit(classes_of, out_shardings=layout.sharding()) if layout else jax.jit(classes_of)
    place = layout.place if layout else jax.device_put

    def predict(x: Any) -> np.ndarray:
        return np.asarray(compiled(params, place(x)))

    train, test = predictions(predict, of.train, of.test)
    return {
        "train_accuracy": float((train == of.train.labels).mean()),
        "test_accuracy": float((test == of.test.labels).mean()),
        "confusion": confusion_matrix(of.test.labels, test, len(of.classes)).tolist(),
    }


def predictions(predict: Callable[[Any], np.ndarray], *parts: Data | Part) -> list[np.ndarray]:
    """The class of each row of each part, as one call on all of what is in memory and block by block from files."""
    if all(isinstance(part, Data) for part in parts):
        together = predict(np.concatenate([part.x for part in parts]))
        return np.split(together, np.cumsum([len(part.x) for part in parts])[:-1])
    return [np.concatenate([predict(block) for block in blocks(part)]) for part in parts]


def blocks(part: Data | Part) -> Any:
    return [part.x] if isinstance(part, Data) else part.x.blocks()
