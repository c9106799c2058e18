"""A layer is two pure functions."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from jaxtyping import PRNGKeyArray

from functional_bp.jacobians import BlockRow, Jacobian

Rule = Callable[..., tuple[Any, Jacobian]]


class Layer(NamedTuple):
    """A function y = f(θ, x) with parameters θ.

    `init(key)` gives θ; `apply(params, x, key=None)` gives y and J with `y_bar @ J` = (θ̄, x̄). The key is for layers
    that draw random numbers (dropout, randomised_leaky_relu); without one they do what is done in evaluation.
    `n_in` is the length of x where it is fixed; it lets `chain` check that neighbours fit. `parts` are the layers
    of a chain; `state(x_t)` gives a recurrent cell's state before the first step.
    """

    init: Callable[[PRNGKeyArray], Any]
    apply: Callable[..., tuple[Any, Any]]  # (y, J); a chain gives a `Chain`
    name: str = "layer"
    n_in: int | None = None
    parts: tuple["Layer", ...] = ()
    state: Callable[[Any], Any] | None = None


def without_params(rule: Rule) -> Layer:
    """A rule y = f(x) as a layer whose θ is empty; a rule with an argument `key` is given the layer's."""
    takes_key = "key" in inspect.signature(rule).parameters

    def apply(params: tuple[()], x: Any, key: PRNGKeyArray | None = None) -> tuple[Any, BlockRow]:
        y, J = rule(x, key=key) if takes_key else rule(x)
        return y, BlockRow(((), J))

    return Layer(lambda key: (), apply, rule_name(rule))


def with_params(
    rule: Rule, init: Callable[[PRNGKeyArray], Any], name: str | None = None, n_in: int | None = None
) -> Layer:
    """A rule y = f(θ, x) as a layer whose θ is drawn by `init`."""
    return Layer(init, lambda params, x, key=None: rule(params, x), name or rule_name(rule), n_in)


def as_layer(link: Layer | Rule) -> Layer:
    return link if isinstance(link, Layer) else without_params(link)


def rule_name(rule: Rule) -> str:
    if isinstance(rule, partial):
        return rule_name(rule.func)
    return getattr(rule, "__name__", type(rule).__name__)
