"""One mistake in the backward of one operation, and the derivatives that people write by the output."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Pull = Callable[[Any], dict[int, Any]]  # ȳ ↦ the cotangent of each operand

BY_OUTPUT: dict[str, Callable] = {
    "tanh": lambda y: 1 - y * y,
    "logistic": lambda y: y * (1 - y),
    "exp": lambda y: y,
    "sqrt": lambda y: 0.5 / y,
    "rsqrt": lambda y: -0.5 * y**3,
}


@dataclass(frozen=True)
class Mistake:
    """One mistake, in the cotangent of one operand.

    `instead(pull, operands, y, y_bar, x_bar)` comes in the place of the true x_bar; or the residual is `changed`, or is
    a value at hand: that of `row` in the `pool` of its (shape, dtype, transposed), used in some `way`. `skips`: the
    backward's own forward is without this operation. `drops`: the path through this operand is lost,
    or what comes along it multiplied by a weight.
    """

    kind: str
    text: str
    operand: int
    rank: int
    key: Any = None  # what makes two mistakes the same at different steps
    instead: Callable | None = None
    changed: Callable | None = None
    way: Any = None
    pool: tuple | None = None
    row: int = -1
    formula: bool = False  # of a softmax's own backward
    own: int = -1  # the value that is replaced, and the one in its place
    other: int = -1
    skips: bool = False
    drops: bool = False
