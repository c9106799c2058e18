"""Every rule once, with inputs to hold it at: the laws, the checker and the lists of names walk this table."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import numpy as np

from functional_bp import rules

__all__ = ["CATALOGUE", "Entry"]

Rng = np.random.Generator
Batch = tuple[int, ...]
SUBSETS = ((0, 2), (1,), (0, 1, 2, 5))


@dataclass(frozen=True)
class Entry:
    """`rule(*inputs)` → (y, J), with the inputs of `draw(rng, batch, n)` in float64 (or whole numbers).

    The first inputs are those that J is of: `shared` says of each whether the whole batch has one. Those after them
    are constants, one an example. `sizes` are the lengths n at which it is tried; `kinks` the values at which the rule
    has a choice (`at_kink`), each a valid subgradient; `is_total`: it has a derivative at any finite input.
    """

    name: str
    rule: Callable[..., Any]
    draw: Callable[[Rng, Batch, int], tuple[Any, ...]]
    shared: tuple[bool, ...] = (False,)
    sizes: tuple[int, ...] = (4, 1)
    kinks: tuple[float, ...] = ()
    has_kink: bool = False
    is_total: bool = True

    @property
    def rule_name(self) -> str:
        return getattr(self.rule, "func", self.rule).__name__

    @property
    def stem(self) -> str:
        """The file that the rule stands in."""
        return getattr(self.rule, "func", self.rule).__module__.rpartition(".")[2]

    def with_choices(self) -> list["Entry"]:
        """The rule at its default and with each other valid choice at its kink."""
        return [self, *(self.with_options(f"{c:g} at the kink", at_kink=c) for c in self.kinks)]

    def with_options(self, text: str, **options: Any) -> "Entry":
        return replace(self, name=f"{self.name}, {text}", rule=partial(self.rule, **options), kinks=())


def normal(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    return (rng.standard_normal((*batch, n)),)


def affine_inputs(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    params = rules.AffineParams(rng.standard_normal((5, n)), rng.standard_normal(5))  # pyright: ignore[reportArgumentType]
    return params, rng.standard_normal((*batch, n))


def powers(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    return rng.uniform(-2, 2, (n, 3)), rng.uniform(0.5, 2, (*batch, n))


def coefficients(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    return rng.standard_normal(4), rng.standard_normal((*batch, n))


def pairs(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    return rng.standard_normal((*batch, n)), rng.standard_normal((*batch, n))


def probabilities(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    return rng.uniform(0.1, 0.9, (*batch, n)), rng.uniform(0.1, 0.9, (*batch, n))


def logits(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    target = rng.uniform(0.1, 1, (*batch, n))
    return rng.standard_normal((*batch, n)), target / target.sum(axis=-1, keepdims=True)


CATALOGUE = (
    Entry("identity", rules.identity, normal),
    Entry("step", rules.step, normal, has_kink=True),
    Entry("relu", rules.relu, normal, kinks=(0.5, 1.0), has_kink=True),
    Entry("leaky_relu", rules.leaky_relu, normal, kinks=(0.01, 0.5), has_kink=True),
    Entry("leaky_relu, another slope", partial(rules.leaky_relu, slope=0.3), normal, has_kink=True),
    Entry("randomised_leaky_relu", rules.randomised_leaky_relu, normal, kinks=(0.3,), has_kink=True),
    Entry("sigmoid", rules.sigmoid, normal),
    Entry("tanh", rules.tanh, normal),
    Entry("absolute", rules.absolute, normal, kinks=(-1.0, 0.0), has_kink=True),
    Entry("softmax", rules.softmax, normal),
    Entry("log_softmax", rules.log_softmax, normal),
    Entry("dropout with a key", partial(rules.dropout, key=jax.random.key(0)), normal),
    Entry("dropout", rules.dropout, normal),
    Entry("affine", rules.affine, affine_inputs, (True, False)),
    Entry("pair_product", rules.pair_product, normal, sizes=(6, 2)),
    Entry("power_product", rules.power_product, powers, (True, False), is_total=False),
    Entry("polynomial", rules.polynomial, coefficients, (True, False)),
    Entry(
        "subset_max, ties split",
        partial(rules.subset_max, subsets=SUBSETS, ties="split"),
        normal,
        sizes=(6, 7),
        has_kink=True,
    ),
    Entry(
        "subset_max, ties to the first",
        partial(rules.subset_max, subsets=SUBSETS, ties="first"),
        normal,
        sizes=(6,),
        has_kink=True,
    ),
    Entry("squared_error", rules.squared_error, pairs),
    Entry("absolute_error", rules.absolute_error, pairs, has_kink=True),
    Entry("binary_nll", rules.binary_nll, probabilities, is_total=False),
    Entry("nll", rules.nll, probabilities, is_total=False),
    Entry("binary_kl", rules.binary_kl, probabilities, is_total=False),
    Entry("kl", rules.kl, probabilities, is_total=False),
    Entry("sigmoid_binary_nll", rules.sigmoid_binary_nll, probabilities),
    Entry("softmax_nll", rules.softmax_nll, logits),
)
