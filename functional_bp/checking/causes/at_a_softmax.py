"""What goes wrong in the backward of a softmax, or of its logarithm: one sum, and the axis it runs over."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp

from functional_bp.checking.causes.mistake import Mistake, Pull
from functional_bp.checking.program.traced import Step


def of_a_softmax(step: Step, k: int) -> Iterator[Mistake]:
    """y (ȳ − Σ y ȳ) for softmax, ȳ − p Σ ȳ for its logarithm: the sum missing, along another axis, a mean, added."""
    inner = {s.primitive for s in step.whole_and_parts()}
    if not {"exp", "reduce_sum"} <= inner or len(step.inputs) != 1:
        return
    log = "log" in inner
    name = step.name

    def formula(
        axes: Any,
        weight: float = 1.0,
        outer: bool = True,
        at_input: bool = False,
        mean: bool = False,
        normal: Any = None,
    ) -> Callable:
        def instead(pull: Pull, operands: list, y: Any, g: Any, x: Any) -> Any:
            p = operands[k] if at_input else jnp.exp(y) if log else y
            p = p if normal is None else jax.nn.softmax(operands[k], axis=normal)
            summed = (jnp.mean if mean else jnp.sum)(g if log else p * g, axis=axes, keepdims=True)
            return g - weight * p * summed if log else (p if outer else 1) * (g - weight * summed)

        return instead

    axis = next(s.equation.params["axes"] for s in step.whole_and_parts() if s.primitive == "reduce_sum")
    rank = len(next(iter(axis_shapes(step)), ()))
    for other in [*((a,) for a in range(rank) if (a,) != tuple(axis)), tuple(range(rank))]:
        text = f"the sum in `{name}`'s backward runs over axis {listed(other)} in the place of {listed(axis)}"
        yield Mistake("wrong axis", text, k, 2, ("axis", other), formula(other))
        text = f"`{name}`'s backward sums to one over axis {listed(other)} in the place of {listed(axis)}"
        yield Mistake("wrong axis", text, k, 2, ("normal", other), formula(axis, normal=other))
    yield Mistake("missing term", f"the sum in `{name}`'s backward is missing", k, 2, "no sum", formula(axis, 0.0))
    text = f"`{name}`'s backward takes a mean where a sum is due"
    yield Mistake("factor", text, k, 2, "mean", formula(axis, mean=True))
    text = f"the sum in `{name}`'s backward is added, not subtracted"
    yield Mistake("sign", text, k, 2, "plus", formula(axis, -1.0))
    text = f"`{name}`'s backward is evaluated at its input in the place of its output"
    yield Mistake("wrong residual", text, k, 2, "at input", formula(axis, at_input=True))
    if not log:
        text = f"the outer factor in `{name}`'s backward is missing"
        yield Mistake("missing factor", text, k, 2, "no outer", formula(axis, outer=False))
        yield Mistake(
            "missing term",
            f"only the diagonal of `{name}`'s Jacobian is there",
            k,
            2,
            "diagonal",
            lambda p, o, y, g, x: y * (1 - y) * g,
        )


def axis_shapes(step: Step) -> Iterator[tuple[int, ...]]:
    for inner in step.whole_and_parts():
        if inner.primitive == "reduce_sum":
            yield tuple(inner.equation.invars[0].aval.shape)


def listed(axes: Any) -> str:
    return " and ".join(map(str, axes))
