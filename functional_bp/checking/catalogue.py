"""The library's own rules with inputs to check them at: what `functional-bp check` without a file walks."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np

from functional_bp import rules

BATCH, N = 4, 6
Rng = np.random.Generator


@dataclass(frozen=True)
class Entry:
    """`rule(*inputs)` → (y, J); the inputs of `draw(rng)` come as float64 and are cast to the dtype of the check.

    `kinks` are the values at which the rule has a choice (`at_kink`), each of them a valid subgradient.
    """

    name: str
    rule: Callable
    draw: Callable[[Rng], tuple[Any, ...]]
    kinks: tuple[float, ...] = ()

    def with_choices(self) -> list["Entry"]:
        """The rule at its default and with each other valid choice at its kink."""
        chosen = [
            Entry(f"{self.name}, {c:g} at the kink", partial(self.rule, at_kink=c), self.draw) for c in self.kinks
        ]
        return [self, *chosen]


def normal(rng: Rng) -> tuple[Any, ...]:
    return (rng.standard_normal((BATCH, N)),)


def affine_inputs(rng: Rng) -> tuple[Any, ...]:
    params = rules.AffineParams(rng.standard_normal((5, N)), rng.standard_normal(5))  # pyright: ignore[reportArgumentType]
    return params, rng.standard_normal((BATCH, N))


def powers(rng: Rng) -> tuple[Any, ...]:
    return rng.uniform(-2, 2, (N, 3)), rng.uniform(0.5, 2, (BATCH, N))


def coefficients(rng: Rng) -> tuple[Any, ...]:
    return rng.standard_normal(4), rng.standard_normal((BATCH, N))


def pairs(rng: Rng) -> tuple[Any, ...]:
    return rng.standard_normal((BATCH, N)), rng.standard_normal((BATCH, N))


def probabilities(rng: Rng) -> tuple[Any, ...]:
    return rng.uniform(0.1, 0.9, (BATCH, N)), rng.uniform(0.1, 0.9, (BATCH, N))


def logits(rng: Rng) -> tuple[Any, ...]:
    target = rng.uniform(0.1, 1, (BATCH, N))
    return rng.standard_normal((BATCH, N)), target / target.sum(axis=-1, keepdims=True)


SUBSETS = ((0, 2), (1,), (0, 1, 2, 5))

CATALOGUE = (
    Entry("identity", rules.identity, normal),
    Entry("step", rules.step, normal),
    Entry("relu", rules.relu, normal, (0.5, 1.0)),
    Entry("leaky_relu", rules.leaky_relu, normal, (0.01, 0.5)),
    Entry("randomised_leaky_relu", rules.randomised_leaky_relu, normal, (0.3,)),
    Entry("sigmoid", rules.sigmoid, normal),
    Entry("tanh", rules.tanh, normal),
    Entry("absolute", rules.absolute, normal, (-1.0, 0.0)),
    Entry("softmax", rules.softmax, normal),
    Entry("log_softmax", rules.log_softmax, normal),
    Entry("dropout", partial(rules.dropout, key=jax.random.key(0)), normal),
    Entry("affine", rules.affine, affine_inputs),
    Entry("pair_product", rules.pair_product, normal),
    Entry("power_product", rules.power_product, powers),
    Entry("polynomial", rules.polynomial, coefficients),
    Entry("subset_max, ties split", partial(rules.subset_max, subsets=SUBSETS, ties="split"), normal),
    Entry("subset_max, ties to the first", partial(rules.subset_max, subsets=SUBSETS, ties="first"), normal),
    Entry("squared_error", rules.squared_error, pairs),
    Entry("absolute_error", rules.absolute_error, pairs),
    Entry("binary_nll", rules.binary_nll, probabilities),
    Entry("nll", rules.nll, probabilities),
    Entry("binary_kl", rules.binary_kl, probabilities),
    Entry("kl", rules.kl, probabilities),
    Entry("sigmoid_binary_nll", rules.sigmoid_binary_nll, probabilities),
    Entry("softmax_nll", rules.softmax_nll, logits),
)


def inputs(entry: Entry, seed: int = 0, dtype: Any = "float32", scale: float = 1.0) -> tuple[Any, ...]:
    """The entry's inputs in a dtype, the first of them (what a gradient flows to) scaled."""
    first, *others = entry.draw(np.random.default_rng(seed))
    cast = partial(jax.tree.map, lambda a: np.asarray(a).astype(dtype))
    return cast(jax.tree.map(lambda a: a * scale, first)), *map(cast, others)
