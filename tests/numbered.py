"""Many backward passes of one forward as one, chosen by a number among the primals: one compilation serves for all."""

from collections.abc import Callable, Sequence
from typing import Any

import jax


def chosen_by_number(forward: Callable, backwards: Sequence[Callable]) -> tuple[Callable, Callable]:
    """Forward and backward with a further primal, the number of the backward."""

    def forward_of_number(*primals: Any) -> Any:
        return forward(*primals[:-1])

    def backward_of_number(primals: tuple, y_bar: Any) -> tuple:
        *primals, number = primals
        if isinstance(number, jax.core.Tracer):
            return *jax.lax.switch(number, backwards, tuple(primals), y_bar), None
        return *backwards[int(number)](tuple(primals), y_bar), None

    return forward_of_number, backward_of_number
