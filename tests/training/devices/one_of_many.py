"""One of the processes that test_processes.py starts: COORDINATOR PROCESS PROCESSES FOLDER.

It joins the others with two devices of its own, and saves the gradients that all of them find together, and a state in
shards.
"""

import sys
from pathlib import Path

import jax
import numpy as np
import optax
import pytest

import functional_bp as bp
from functional_bp.training.data.labelled import Data
from functional_bp.training.devices.processes import join
from functional_bp.training.devices.sharding import DATA, LAYOUTS, layout
from functional_bp.training.saving.archive import Damaged, save_tree
from functional_bp.training.saving.checkpoints import plain
from functional_bp.training.saving.stores import store
from functional_bp.training.step import start

ROWS, DEVICES_EACH = 64, 2


def network():
    return bp.chain(bp.affine_layer(16, 32), bp.tanh, bp.affine_layer(32, 10))


class Recorded:
    """An array that knows which of its rows were read."""

    def __init__(self, array):
        self.array, self.shape, self.read = array, array.shape, np.zeros(len(array), bool)

    def __getitem__(self, part):
        self.read[part[0] if isinstance(part, tuple) else part] = True
        return self.array[part]


def batch():
    random = np.random.default_rng(0)
    return random.normal(size=(ROWS, 16)), np.eye(10)[random.integers(0, 10, ROWS)]


def initial():
    return start(network(), optax.adam(0.01), seed=0)


def main(coordinator, process, processes, folder):
    jax.config.update("jax_num_cpu_devices", DEVICES_EACH)
    join(coordinator, int(process), int(processes))
    x, d = map(Recorded, batch())
    state = initial()
    for name in LAYOUTS:
        on_mesh = layout(name, len(jax.devices()))
        placed = [on_mesh.place(part, DATA) for part in (x, d)]
        params = on_mesh.place_state(state, optax.adam(0.01)).params
        found = jax.jit(on_mesh.value_and_grad(network(), bp.softmax_nll))(params, *placed)
        store("npz", on_mesh).save(Path(folder, f"{name}.npz"), found)
        if name == "data":
            save_tree(Path(folder, f"placed-{process}.npz"), [x.read, d.read])
    x, d = map(Recorded, batch())
    rows = np.arange(ROWS, dtype=np.int32)[::-1].reshape(2, ROWS // 2)
    chunk = layout("data", len(jax.devices())).reader(Data(x, d))(rows)
    assert [part.shape for part in chunk] == [(2, ROWS // 2, 16), (2, ROWS // 2, 10)]
    save_tree(Path(folder, f"streamed-{process}.npz"), [x.read, d.read])
    save_and_read(Path(folder, "state.orbax"), int(process))


def save_and_read(path, process):
    """As the layout `full` has it, and read as `tensor` has it; when one process cannot read its part, all refuse."""
    devices, shards, adam = len(jax.devices()), store("orbax"), optax.adam(0.01)
    state = plain(layout("full", devices).start(network(), adam, seed=0))
    shards.save(path, state, {"reports": [1.5]})
    shards.wait()
    on_mesh = layout("tensor", devices)
    like = on_mesh.shapes(jax.eval_shape(lambda: plain(initial())), adam)
    found = on_mesh.gather(shards.open(path).read(like))
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(layout("full", devices).gather(state)), strict=True):
        np.testing.assert_array_equal(a, b)
    saved = shards.open(path)
    if process == 2:
        shards.restored = lambda path, **item: (None, "unreadable")
    with pytest.raises(Damaged, match="unreadable$" if process == 2 else "another process cannot read its part$"):
        saved.read(like)


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    main(*sys.argv[1:])
