"""A stream gives what the arrays on the device would give, in bounded memory."""

import os
import subprocess
import sys
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from functional_bp.training.data.files import Part
from functional_bp.training.data.labelled import Data
from functional_bp.training.data.order import batches
from functional_bp.training.data.rows import Rows
from functional_bp.training.data.stream import ahead, chunks, reader, steps_within


def data(n=50):
    random = np.random.default_rng(0)
    return Part(Rows([random.integers(0, 256, (n, 2, 3), np.uint8)]), random.integers(0, 3, n).astype(np.int32))


@pytest.mark.parametrize(("first", "last", "steps"), [(0, 12, 4), (5, 23, 7), (3, 4, 1)])
def test_the_order_is_that_of_arrays_on_the_device(first, last, steps):
    part, key = data(), jax.random.key(4)
    found = list(chunks(reader(part), key, first, last, steps, n=50, batch=8))
    given = -(-(last - first) // steps) * steps
    rows = np.asarray(batches(key, jnp.int32(first), given, 50, 8))
    x, labels = (np.concatenate([np.asarray(chunk[k]) for chunk in found]) for k in (0, 1))
    np.testing.assert_array_equal(x, np.asarray(part.x)[rows])
    np.testing.assert_array_equal(labels, part.labels[rows])
    assert all(isinstance(leaf, jax.Array) and leaf.shape[0] == steps for chunk in found for leaf in chunk)
    assert found[0][0].dtype == jnp.uint8


def test_plain_arrays_can_be_streamed_too():
    arrays = Data(np.ones((20, 3), np.float32), np.zeros(20, np.int32))
    ((x, _),) = chunks(reader(arrays), jax.random.key(0), 0, 2, 2, 20, 10)
    assert x.shape == (2, 10, 3)


@pytest.mark.parametrize(("most", "steps"), [(1, 1), (48, 1), (95, 1), (96, 2), (480, 10)])
def test_steps_within_a_number_of_bytes(most, steps):
    assert steps_within(data(), batch=8, most_bytes=most) == steps


def test_the_next_is_made_while_one_is_used_and_no_further():
    made = [threading.Event() for _ in range(4)]
    results = ahead((lambda event=event: event.set() or event) for event in made)
    assert next(results) is made[0]
    assert made[1].wait(10)
    assert not made[2].is_set()
    assert list(results) == made[1:]


def test_an_error_reaches_the_reader_and_the_thread_ends():
    def fail():
        raise OSError("the disk is gone")

    results = ahead([lambda: 1, fail, lambda: 3])
    assert next(results) == 1
    with pytest.raises(OSError, match="the disk is gone"):
        next(results)
    next(given_up := ahead([lambda: 1, lambda: 2, lambda: 3]))
    given_up.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("read-ahead")]


IN_BOUNDED_MEMORY = """
import resource, sys
from pathlib import Path
import jax, numpy as np
from functional_bp.training.data.files import Part
from functional_bp.training.data.rows import Rows
from functional_bp.training.data.stream import chunks, reader, steps_within

n, k, limit = 200_000, 1000, 20_000_000
part = Part(Rows([np.memmap(sys.argv[1], np.uint8, "r", 0, (n, k))]), np.zeros(n, np.int32))
assert part.x.nbytes == 10 * limit
steps = steps_within(part, 500, limit // 16)  # a few chunks at a time, and the stack of the thread that reads ahead

def epoch(last):
    return sum(int(np.asarray(x).sum()) for x, _ in chunks(reader(part), jax.random.key(0), 0, last, steps, n, 500))

epoch(2 * steps)
used = 1024 * int(Path("/proc/self/status").read_text().split("VmData:")[1].split()[0])
resource.setrlimit(resource.RLIMIT_DATA, (used + limit, used + limit))
assert epoch(n // 500) == 100_000  # every row once
try:
    part.x[:]
except MemoryError:
    print("bounded")
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="the limit on memory is that of Linux")
def test_data_ten_times_a_limit_on_memory_can_be_streamed(tmp_path):
    """The system refuses all memory beyond `limit` more bytes: the stream needs less, the array as a whole does not."""
    file = tmp_path / "large"
    with open(file, "wb") as content:
        content.truncate(200_000_000)
        content.seek(100_000_000)
        content.write(np.ones(100_000, np.uint8).tobytes())
    done = subprocess.run([sys.executable, "-c", IN_BOUNDED_MEMORY, file], capture_output=True, text=True)
    assert done.stdout.strip() == "bounded", done.stderr
