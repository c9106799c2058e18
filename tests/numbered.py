"""Many backward passes of one forward as one, chosen by a constant among the primals: one compilation for all."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from functional_bp.checking import Report, check_backward


def chosen_by_number(forward: Callable, backwards: Sequence[Callable]) -> tuple[Callable, Callable]:
    """Forward and backward with a further primal, the number of the backward."""

    def forward_of_number(*primals: Any) -> Any:
        return forward(*primals[:-1])

    def backward_of_number(primals: tuple, y_bar: Any) -> tuple:
        *primals, number = primals
        if isinstance(number, jax.core.Tracer):
            return *jax.lax.switch(number.astype("int32"), backwards, tuple(primals), y_bar), None
        return *backwards[int(number)](tuple(primals), y_bar), None

    return forward_of_number, backward_of_number


def check_number(forward: Callable, backward: Callable, primals: tuple, number: int, **options: Any) -> Report:
    """The report on one of them. As a float that is declared constant its number stays what it is at every point."""
    return check_backward(forward, backward, *primals, np.float32(number), constant=(len(primals),), **options)
