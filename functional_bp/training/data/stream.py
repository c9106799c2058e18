"""Batches of data that need not be in memory, read ahead by a thread while the device computes."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Int, PRNGKeyArray

from functional_bp.training.data.files import Part
from functional_bp.training.data.labelled import Data
from functional_bp.training.data.order import batches

T = TypeVar("T")
Chunk = tuple[Any, Any]
rows_of = jax.jit(batches, static_argnums=(2, 3, 4))


def chunks(
    read: Callable[[Int[np.ndarray, "steps batch"]], Chunk],
    key: PRNGKeyArray,
    first: int,
    last: int,
    steps: int,
    n: int,
    batch: int,
) -> Iterator[Chunk]:
    """`read(rows)` for the rows of `order.batches`, `steps` steps at a time: as if all n rows were on the device.

    Begins at step `first` and ends when step `last` − 1 has been given; every chunk has all its steps. While one is
    in use the next is read, and no more than three are in memory.
    """

    def chunk(start: int) -> Chunk:
        with jax.default_device(jax.local_devices(backend="cpu")[0]):
            rows = rows_of(key, jnp.int32(start), steps, n, batch)
        return read(np.asarray(rows))

    return ahead(partial(chunk, start) for start in range(first, last, steps))


def reader(data: Data | Part) -> Callable[[Int[np.ndarray, "steps batch"]], Chunk]:
    """(x[steps, batch, k], labels[steps, batch]) of given rows, on the device, as they are stored."""

    def read(rows: Int[np.ndarray, "steps batch"]) -> Chunk:
        x = data.x[rows.ravel()]
        return jax.device_put((x.reshape(*rows.shape, -1), data.labels[rows]))

    return read


def steps_within(data: Data | Part, batch: int, most_bytes: int) -> int:
    """How many steps a chunk can have so that its x has at most that many bytes; at least one."""
    return max(1, most_bytes // (batch * data.x[:1].nbytes))


def ahead(calls: Iterable[Callable[[], T]]) -> Iterator[T]:
    """The results of the calls in order; while one is used, a thread makes the next."""
    with ThreadPoolExecutor(1, "read-ahead") as thread:
        coming = None
        for call in calls:
            coming, ready = thread.submit(call), coming
            if ready is not None:
                yield ready.result()
        if coming is not None:
            yield coming.result()
