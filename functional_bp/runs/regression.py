"""What the commands train where numbers are learnt: a perceptron whose outputs are the targets, standardised."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Num

from functional_bp import rules
from functional_bp.errors import InputError
from functional_bp.networks import Layer, Rule
from functional_bp.runs.classification import blocks, described, part_of
from functional_bp.runs.facts import Facts
from functional_bp.training.data.files import Part, open_dataset
from functional_bp.training.data.labelled import drawn, ordered
from functional_bp.training.data.tables import Columns

if TYPE_CHECKING:
    from functional_bp.training.devices.sharding import Layout

TASK = "regression"
ERRORS: dict[str, Rule] = {"squared": rules.squared_error, "absolute": rules.absolute_error}


class Regression(NamedTuple):
    """Instances x with their targets, standardised: d = (target − mean)/deviation, those of the training part.

    The divergence is the squared or the absolute error of d, so that η need not know the targets' unit. The other
    fields are those of `classification.Problem`.
    """

    train: Part
    test: Part
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    error: str
    scale: float
    validation: Part | None
    tested_on: str
    content: str
    notes: tuple[str, ...]
    columns: Columns

    @property
    def facts(self) -> Facts:
        known = self.content, self.train.x.shape[1], (), self.scale
        return Facts(*known, self.columns.names, self.columns.target, self.mean, self.deviation)

    @property
    def outputs(self) -> int:
        return len(self.mean)

    @property
    def divergence(self) -> Rule:
        return ERRORS[self.error]

    measured = divergence

    def prepare(self, x: Array, d: Array) -> tuple[Float[Array, "*batch k"], Float[Array, "*batch m"]]:
        x = self.scaled(x)
        return x, d.astype(x.dtype)

    def scaled(self, x: Array) -> Float[Array, "*batch k"]:
        x = x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(jnp.float32)
        return x if self.scale == 1 else x * self.scale

    def measures(self) -> dict[str, Any]:
        """The mean absolute error, in the targets' own unit."""
        unit = np.array(self.deviation, np.float32) / len(self.deviation)
        return {"error": lambda y, d: jnp.abs(y - d) @ unit}

    def predicted(self, network: Layer, params: Any, layout: "Layout | None" = None) -> list[np.ndarray]:
        """The outputs for the training and the test part, standardised as the targets are."""

        def outputs(params: Any, x: Array) -> Array:
            y, _ = network.apply(params, self.scaled(x))
            return y

        compiled = jax.jit(outputs, out_shardings=layout.sharding()) if layout else jax.jit(outputs)
        place = layout.place if layout else jax.device_put
        return [
            np.concatenate([np.asarray(compiled(params, place(block)), np.float64) for block in blocks(part)])
            for part in (self.train, self.test)
        ]

    def results(self, network: Layer, params: Any, layout: "Layout | None" = None) -> dict[str, Any]:
        """R² of both parts, and the error of the test part in the targets' own unit."""
        train, test = self.predicted(network, params, layout)
        return {
            "train_r2": r2(train, self.train.labels),
            "test_r2": r2(test, self.test.labels),
            "test_error": error_of(self.error, test, self.test.labels, np.array(self.deviation)),
        }


def regression(path: str | None, split: str, seed: int, error: str, columns: Columns) -> Regression:
    """Held out, where the data has neither a test nor a validation part, is a quarter: drawn by the seed, or the last
    rows ("ordered"). Raises InputError for data that cannot be used."""
    if error not in ERRORS:
        raise InputError(f"unknown --error {error!r}: expected one of {', '.join(ERRORS)}")
    if path is None:
        raise InputError("--task regression learns numbers: the bundled digits have none, give --data")
    found = open_dataset(path, columns, numbers=True)
    train, test, tested_on = found.train, found.test, "test"
    if test is None and found.validation is not None:
        test, tested_on = found.validation, "validation"
    elif test is None:
        n = len(found.train.labels)
        rows = drawn(n, seed) if split == "stratified" else ordered(found.train.labels)
        train, test = (part_of(found.train, part) for part in rows)
    if not len(test.labels) or len(train.labels) < 2:
        raise InputError(f"{path}: {len(found.train.labels)} rows are too few to hold out a quarter for the test")
    mean, deviation = train.labels.mean(0), train.labels.std(0)
    if not (deviation > 0).all():
        raise InputError(f"{path}: there is nothing to learn, all targets are {mean[np.argmin(deviation)]:g}")

    def standardised(part: Any) -> Any:
        return part and Part(part.x, ((part.labels - mean) / deviation).astype(np.float32))

    parts = [standardised(part) for part in (train, test, found.validation)]
    for part, name in zip(parts, ("train", tested_on, "validation"), strict=True):
        if part is not None and part.labels.shape[1] != len(mean):
            raise InputError(f"{path}, {name}: expected {len(mean)} targets for each instance")
    notes = *described(found, train, test), *of_targets(mean, deviation)
    known = found.scale, parts[2], tested_on, found.content, notes, found.columns
    return Regression(parts[0], parts[1], tuple(mean.tolist()), tuple(deviation.tolist()), error, *known)


def of_targets(mean: np.ndarray, deviation: np.ndarray) -> Iterator[str]:
    one = f"mean {mean[0]:.6g}, standard deviation {deviation[0]:.6g}"
    text = one if len(mean) == 1 else f"{len(mean)} each, the first with {one}"
    yield f"data: the targets are standardised ({text})"


def r2(y: Float[np.ndarray, "n m"], d: Num[np.ndarray, "n m"]) -> float:
    """R² = 1 − Σ (d − y)²/Σ (d − mean d)², the mean over the targets; of a part whose targets are all alike 0 or 1."""
    rest, spread = ((d - y) ** 2).sum(0), ((d - d.mean(0)) ** 2).sum(0)
    return float(np.where(spread > 0, 1 - rest / np.where(spread > 0, spread, 1), rest == 0).mean())


def error_of(name: str, y: Float[np.ndarray, "n m"], d: Num[np.ndarray, "n m"], unit: np.ndarray) -> float:
    """The mean squared or absolute error, in the targets' own unit."""
    difference = np.abs(y - d) * unit
    return float((difference**2 if name == "squared" else difference).mean())
