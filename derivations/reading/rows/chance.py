"""Masks that are drawn: with one key, one probability and one shape they are one array, of zeros and ones."""

import functools
from typing import Any

import jax
import numpy as np

from derivations.reading.arrays import Array, Outside
from derivations.reading.rows.special import special
from derivations.reading.sizes import as_size, factors


def random_key(key: Any) -> Array:
    def entry(*i: Any) -> Any:
        raise Outside("the bits of a random key")

    return Array((), entry, bare=True, source=key)


@special("_bernoulli")
def bernoulli(r: Any, p: Any, key: Array, chance: Array) -> Array | None:
    """1 with this probability: any array of zeros and ones, the same wherever the same is drawn."""
    if key.source is None or chance.axes or not chance.at().is_number:
        return None
    bits = np.asarray(jax.random.key_data(key.source)).tobytes()
    axes = tuple(factors(as_size(d), r.order) for d in p["jaxpr"].out_avals[0].shape)
    known = ("drawn", bits, str(jax.random.key_impl(key.source)), chance.at(), axes)

    @functools.cache
    def drawn(shape: tuple[int, ...]) -> np.ndarray:
        with jax.enable_x64(True):  # as at a trial
            return np.asarray(jax.random.bernoulli(key.source, float(chance.at()), shape))

    def evaluate(values: Any, where: Any) -> float:
        shape = tuple(int(f.subs(values.sizes)) for axis in axes for f in axis)
        return float(drawn(shape)[tuple(k - 1 for k in where)])

    return r.valued("M", known, axes, evaluate, zero_or_one=True)
