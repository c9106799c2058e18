"""What a run knows of its data, so that its network can be used where the data is not."""

import math
from pathlib import Path
from typing import Any, NamedTuple

from functional_bp.errors import InputError

MOST = 2**31 - 1


class Facts(NamedTuple):
    """The checksum of the data, the numbers in an instance, the names of the classes, and what instances are multiplied
    with."""

    content: str
    inputs: int
    classes: tuple[str, ...]
    scale: float

    @property
    def outputs(self) -> int:
        """Of two classes one logit tells which."""
        return 1 if len(self.classes) == 2 else len(self.classes)


def to_json(facts: Facts) -> dict[str, Any]:
    return facts._asdict() | {"classes": list(facts.classes)}


def from_json(found: Any, path: Path) -> Facts:
    """Raises InputError for what does not describe data."""
    if not isinstance(found, dict) or found.keys() != set(Facts._fields):
        raise InputError(f"{path}: expected facts to be an object with {', '.join(Facts._fields)}")
    content, inputs, classes, scale = (found[name] for name in Facts._fields)
    good = {
        "content": isinstance(content, str),
        "inputs": type(inputs) is int and 0 < inputs <= MOST,
        "classes": isinstance(classes, list) and len(classes) > 1 and all(isinstance(name, str) for name in classes),
        "scale": type(scale) in (int, float) and 0 < scale <= 1 and math.isfinite(scale),
    }
    for name, is_good in good.items():
        if not is_good:
            raise InputError(f"{path}: the data cannot have the {name} {found[name]!r}")
    return Facts(content, inputs, tuple(classes), float(scale))
