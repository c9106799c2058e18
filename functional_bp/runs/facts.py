"""What a run knows of its data, so that its network can be used where the data is not."""

import math
from pathlib import Path
from typing import Any, NamedTuple

from functional_bp.errors import InputError
from functional_bp.training.data.tables import Columns

MOST = 2**31 - 1
CLASSES, NUMBERS = ("train_accuracy", "test_accuracy"), ("train_r2", "test_r2", "test_error")


class Facts(NamedTuple):
    """The checksum of the data, the numbers in an instance, the names of the classes, and what instances are multiplied
    with. Of a table also the names of its columns and its target; where numbers are learnt, mean and standard deviation
    of each."""

    content: str
    inputs: int
    classes: tuple[str, ...]
    scale: float
    columns: tuple[str, ...] = ()
    target: str = ""
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()

    @property
    def outputs(self) -> int:
        """Of two classes one logit tells which."""
        return len(self.mean) or (1 if len(self.classes) == 2 else len(self.classes))

    @property
    def measured(self) -> tuple[str, ...]:
        """What the result of a run says of how good it is."""
        return CLASSES if self.classes else NUMBERS

    @property
    def of_table(self) -> Columns:
        return Columns(self.target, self.columns, self.inputs)


def to_json(facts: Facts) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in facts._asdict().items()}


def from_json(found: Any, path: Path) -> Facts:
    """Raises InputError for what does not describe data."""
    if not isinstance(found, dict) or found.keys() != set(Facts._fields):
        raise InputError(f"{path}: expected facts to be an object with {', '.join(Facts._fields)}")
    learnt = len(found["mean"]) if isinstance(found["mean"], list) else -1
    good = {
        "content": isinstance(found["content"], str),
        "inputs": type(found["inputs"]) is int and 0 < found["inputs"] <= MOST,
        "classes": are_texts(found["classes"]) and (len(found["classes"]) > 1 or learnt > 0),
        "scale": is_finite(found["scale"]) and 0 < found["scale"] <= 1,
        "columns": are_texts(found["columns"]) and len(found["columns"]) in (0, found["inputs"]),
        "target": isinstance(found["target"], str),
        "mean": learnt == 0 if found["classes"] else learnt > 0 and all(map(is_finite, found["mean"])),
        "deviation": are_deviations(found["deviation"], learnt),
    }
    for name, is_good in good.items():
        if not is_good:
            raise InputError(f"{path}: the data cannot have the {name} {found[name]!r}")
    listed: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}
    return Facts(**listed)._replace(scale=float(found["scale"]))


def are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def are_deviations(value: Any, count: int) -> bool:
    return isinstance(value, list) and len(value) == count and all(is_finite(number) and number > 0 for number in value)


def is_finite(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 2.0**1000 and math.isfinite(value)
