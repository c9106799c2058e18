"""A layer is two pure functions."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from jaxtyping import Array, PRNGKeyArray

from functional_bp.jacobians import BlockRow, Jacobian

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    P = TypeVar("P", default=Any, covariant=True)  # the tree of the parameters
    J = TypeVar("J", default=Jacobian, covariant=True)
else:
    P, J = TypeVar("P", covariant=True), TypeVar("J", covariant=True)

Rule = Callable[..., tuple[Any, Jacobian]]


@dataclass(frozen=True, repr=False)
class Layer(Generic[P, J]):
    """A function y = f(θ, x) with parameters θ.

    `init(key)` gives θ; `apply(params, x, key=None)` gives y and J with `y_bar @ J` = (θ̄, x̄). The key is for layers
    that draw random numbers (dropout, randomised_leaky_relu); without one they do what is done in evaluation.
    `n_in` is the length of x where it is fixed; it lets `chain` check that neighbours fit. `parts` are the layers
    of a chain; `state(x_t)` gives a recurrent cell's state before the first step.
    """

    init: Callable[[PRNGKeyArray], P]
    apply: Callable[..., tuple[Array, J]]  # what is recurrent may give a tree in the place of an array
    name: str = "layer"
    n_in: int | None = None
    parts: tuple["Layer", ...] = ()
    state: Callable[[Any], Any] | None = None

    def __repr__(self) -> str:
        """The layer's name; of a chain, those of its parts in their order."""
        return f"{self.name}: {' → '.join(part.name for part in self.parts)}" if self.parts else self.name


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
