"""A right backward pass, with the call that judges it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from functional_bp.checking import Report, check_backward, check_custom_vjp, check_vjp


@dataclass(frozen=True)
class Right:
    """`example()` gives the primals; `parts` is what stands before them in the call of `check`."""

    name: str
    check: Callable[..., Report]
    parts: tuple[Callable, ...]
    example: Callable[[], tuple]
    options: dict[str, Any] = field(default_factory=dict, hash=False)

    def report(self, **options: Any) -> Report:
        return self.check(*self.parts, *self.example(), **self.options, **options)


def pair(name: str, forward: Callable, backward: Callable, example: Callable[[], tuple], **options: Any) -> Right:
    """`backward(primals, y_bar)`."""
    return Right(name, check_backward, (forward, backward), example, options)


def custom(name: str, f: Callable, example: Callable[[], tuple], **options: Any) -> Right:
    """A `jax.custom_vjp`."""
    return Right(name, check_custom_vjp, (f,), example, options)


def halves(name: str, primal: Callable, fwd: Callable, bwd: Callable, example: Callable[[], tuple]) -> Right:
    """`fwd(*primals)` → (y, residuals), `bwd(residuals, y_bar)`."""
    return Right(name, check_vjp, (primal, fwd, bwd), example)


def normal(*shapes: tuple[int, ...], seed: int = 0, **constants: Any) -> Callable[[], tuple]:
    """Standard normal float32 primals, then the constants."""
    rng = np.random.default_rng(seed)
    drawn = tuple(rng.standard_normal(shape, "float32") for shape in shapes)
    return lambda: (*drawn, *constants.values())
