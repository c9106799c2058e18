"""Every rule of the library with what the laws need: an independent reference and inputs of any shape.

A rule without a case here fails `tests/laws/test_catalogue.py`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

import functional_bp as bp

SUBSETS = ((0, 2), (1,), (0, 1, 2))


@dataclass(frozen=True)
class Case:
    """`rule(*inputs, *constants)` gives (y, J); `reference(*inputs, *constants)` gives y of one example.

    `shared` tells of each input whether the whole batch has one; constants always come one an example.
    `sizes` are the lengths n of an example at which the rule is tried; `sample(key, batch, n)` draws
    (inputs, constants) in default float precision, away from kinks.
    """

    name: str
    rule: Callable[..., Any]
    reference: Callable[..., Any]
    sample: Callable[[Any, tuple[int, ...], int], tuple[tuple[Any, ...], tuple[Any, ...]]]
    shared: tuple[bool, ...] = (False,)
    sizes: tuple[int, ...] = (4, 1)
    total: bool = True  # defined and with a finite derivative at any finite input
    kink: bool = False  # not differentiable where inputs are 0 or tie


def normal(key: Any, batch: tuple[int, ...], n: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Components of random sign with magnitudes in [0.1, 2]: away from a kink at 0."""
    sign_key, size_key = jax.random.split(key)
    sign = jax.random.rademacher(sign_key, (*batch, n), jnp.result_type(float))
    return (sign * jax.random.uniform(size_key, (*batch, n), minval=0.1, maxval=2.0),), ()


def distinct(key: Any, batch: tuple[int, ...], n: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Components that differ by at least 0.1: away from ties."""
    order_key, noise_key = jax.random.split(key)
    ranks = jax.random.permutation(order_key, jnp.broadcast_to(jnp.arange(n), (*batch, n)), axis=-1, independent=True)
    noise = jax.random.uniform(noise_key, (*batch, n))
    return (0.2 * ranks.astype(noise.dtype) - 0.3 + 0.1 * noise,), ()


def affine_inputs(key: Any, batch: tuple[int, ...], n: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    W_key, b_key, y_key = jax.random.split(key, 3)
    params = bp.AffineParams(jax.random.normal(W_key, (3, n)), jax.random.normal(b_key, (3,)))
    return (params, jax.random.normal(y_key, (*batch, n))), ()


def power_inputs(key: Any, batch: tuple[int, ...], n: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    alpha_key, z_key = jax.random.split(key)
    alpha = jax.random.uniform(alpha_key, (n, 2), minval=-2.0, maxval=2.0)
    return (alpha, jax.random.uniform(z_key, (*batch, n), minval=0.5, maxval=2.0)), ()


def polynomial_inputs(key: Any, batch: tuple[int, ...], n: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    c_key, z_key = jax.random.split(key)
    return (jax.random.normal(c_key, (4,)), normal(z_key, batch, n)[0][0]), ()


def apart(key: Any, batch: tuple[int, ...], n: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """An output and a target that differ in every component."""
    y_key, gap_key = jax.random.split(key)
    y = jax.random.normal(y_key, (*batch, n))
    return (y,), (y + normal(gap_key, batch, n)[0][0],)


def probabilities(key: Any, batch: tuple[int, ...], n: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    y_key, d_key = jax.random.split(key)
    uniform = partial(jax.random.uniform, shape=(*batch, n), minval=0.1, maxval=0.9)
    return (uniform(y_key),), (uniform(d_key),)


def logits(key: Any, batch: tuple[int, ...], n: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    z_key, d_key = jax.random.split(key)
    return (jax.random.normal(z_key, (*batch, n)),), (jax.random.uniform(d_key, (*batch, n)),)


def maxima(z: Any) -> Any:
    return jnp.stack([jnp.max(jnp.stack([z[i] for i in subset])) for subset in SUBSETS])


def randomised(z: Any) -> Any:
    return jnp.where(z < 0, z * ((1 / 8 + 1 / 3) / 2), z)


CASES = (
    Case("identity", bp.identity, lambda z: z, normal),
    Case("step", bp.step, lambda z: jnp.where(z < 0, jnp.zeros_like(z), jnp.ones_like(z)), normal, kink=True),
    Case("relu", bp.relu, jax.nn.relu, normal, kink=True),
    Case("leaky_relu", bp.leaky_relu, jax.nn.leaky_relu, normal, kink=True),
    Case("leaky_relu", partial(bp.leaky_relu, slope=0.3), lambda z: jnp.maximum(z, 0.3 * z), normal, kink=True),
    Case("randomised_leaky_relu", bp.randomised_leaky_relu, randomised, normal, kink=True),
    Case("sigmoid", bp.sigmoid, jax.nn.sigmoid, normal),
    Case("tanh", bp.tanh, lambda z: 2 / (1 + jnp.exp(-2 * z)) - 1, normal),
    Case("absolute", bp.absolute, lambda z: jnp.maximum(z, -z), normal, kink=True),
    Case("dropout", bp.dropout, lambda z: z, normal),
    Case("softmax", bp.softmax, jax.nn.softmax, normal),
    Case("log_softmax", bp.log_softmax, lambda z: z - jax.nn.logsumexp(z, keepdims=True), normal),
    Case("affine", bp.affine, lambda p, y: p.W @ y + p.b, affine_inputs, (True, False)),
    Case("pair_product", bp.pair_product, lambda z: z[::2] * z[1::2], normal, sizes=(6, 2)),
    Case(
        "power_product",
        bp.power_product,
        lambda alpha, z: jnp.exp(alpha.T @ jnp.log(z)),
        power_inputs,
        (True, False),
        total=False,
    ),
    Case("subset_max", partial(bp.subset_max, subsets=SUBSETS), maxima, distinct, sizes=(3, 5), kink=True),
    Case("subset_max", partial(bp.subset_max, subsets=SUBSETS, ties="first"), maxima, distinct, sizes=(3,), kink=True),
    Case(
        "polynomial",
        bp.polynomial,
        lambda c, z: sum(c[k] * z**k for k in range(4)),
        polynomial_inputs,
        (True, False),
    ),
    Case("squared_error", bp.squared_error, lambda y, d: jnp.vdot(y - d, y - d), apart),
    Case("absolute_error", bp.absolute_error, lambda y, d: jnp.linalg.norm(y - d, ord=1), apart, kink=True),
    Case(
        "binary_nll",
        bp.binary_nll,
        lambda y, d: -jnp.sum(jnp.log(y**d * (1 - y) ** (1 - d))),
        probabilities,
        total=False,
    ),
    Case("nll", bp.nll, lambda y, d: -jnp.log(y) @ d, probabilities, total=False),
    Case(
        "binary_kl",
        bp.binary_kl,
        lambda y, d: jnp.sum(jnp.log((d / y) ** d * ((1 - d) / (1 - y)) ** (1 - d))),
        probabilities,
        total=False,
    ),
    Case("kl", bp.kl, lambda y, d: jnp.log(d / y) @ d, probabilities, total=False),
    Case(
        "sigmoid_binary_nll",
        bp.sigmoid_binary_nll,
        lambda z, d: -jnp.sum(d * jax.nn.log_sigmoid(z) + (1 - d) * jax.nn.log_sigmoid(-z)),
        logits,
    ),
    Case("softmax_nll", bp.softmax_nll, lambda z, d: -jax.nn.log_softmax(z) @ d, logits),
)


def case_id(case: Case) -> str:
    return case.name + ("" if not isinstance(case.rule, partial) else f"-{next(reversed(case.rule.keywords))}")


def batched(function: Callable[..., Any], shared: tuple[bool, ...], batch: tuple[int, ...]) -> Callable[..., Any]:
    """A function of one example, over any leading batch axes; shared inputs have none of them."""
    in_axes = tuple(None if is_shared else 0 for is_shared in shared)
    for _ in batch:
        function = jax.vmap(function, in_axes=in_axes)
    return function


def of_one_kind(tree: Any, dtype: Any) -> Any:
    return jax.tree.map(lambda leaf: leaf.astype(dtype), tree)


def size_of(batch: tuple[int, ...]) -> int:
    return math.prod(batch)
