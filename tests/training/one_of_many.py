"""One of the processes that test_processes.py starts: COORDINATOR PROCESS PROCESSES FOLDER.

It joins the others with two devices of its own, and saves the gradients that all of them find together.
"""

import sys
from pathlib import Path

import jax
import numpy as np
import optax

import functional_bp as bp
from functional_bp.training.archive import save_tree
from functional_bp.training.data import Data
from functional_bp.training.processes import is_first, join
from functional_bp.training.sharding import DATA, LAYOUTS, layout
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
        whole = on_mesh.gather(found)
        if is_first():
            save_tree(Path(folder, f"{name}.npz"), whole)
        if name == "data":
            save_tree(Path(folder, f"placed-{process}.npz"), [x.read, d.read])
    x, d = map(Recorded, batch())
    rows = np.arange(ROWS, dtype=np.int32)[::-1].reshape(2, ROWS // 2)
    chunk = layout("data", len(jax.devices())).reader(Data(x, d))(rows)
    assert [part.shape for part in chunk] == [(2, ROWS // 2, 16), (2, ROWS // 2, 10)]
    save_tree(Path(folder, f"streamed-{process}.npz"), [x.read, d.read])


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    main(*sys.argv[1:])
