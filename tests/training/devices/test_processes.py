"""Four processes of two devices each find what one process finds, each from its own rows."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

import functional_bp as bp
from functional_bp.errors import InputError
from functional_bp.training.devices.processes import join
from functional_bp.training.devices.sharding import LAYOUTS
from functional_bp.training.saving.archive import load_arrays, load_tree
from functional_bp.training.saving.checkpoints import plain
from functional_bp.training.saving.stores import store

from .one_of_many import batch, initial, network

PROCESSES = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What the four have saved."""
    folder = tmp_path_factory.mktemp("processes")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        coordinator = f"127.0.0.1:{free.getsockname()[1]}"
    program = Path(__file__).with_name("one_of_many.py")
    command = [sys.executable, str(program), coordinator]
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}
    running = [
        subprocess.Popen([*command, str(i), str(PROCESSES), str(folder)], env=environment, stderr=subprocess.PIPE)
        for i in range(PROCESSES)
    ]
    try:
        errors = [process.communicate(timeout=240)[1].decode() for process in running]
    finally:
        for process in running:
            process.kill()
    assert [process.returncode for process in running] == [0] * PROCESSES, "\n".join(errors)
    return folder


@pytest.mark.slow
def test_gradients_of_four_processes_are_those_of_one(folder, float64):
    expected = jax.jit(bp.value_and_grad(network(), bp.softmax_nll))(initial().params, *batch())
    for name in LAYOUTS:
        ours = load_tree(folder / f"{name}.npz", expected)
        for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-12 * np.abs(b).max(), err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["placed", "streamed"])
def test_each_process_reads_its_shard(folder, how):
    read = [load_arrays(folder / f"{how}-{i}.npz") for i in range(PROCESSES)]
    for part in ("0", "1"):
        assert [int(rows[part].sum()) for rows in read] == [16] * PROCESSES
        np.testing.assert_array_equal(np.sum([rows[part] for rows in read], axis=0), 1)


@pytest.mark.slow
def test_what_four_processes_have_saved_one_reads(folder, float64):
    assert len(list(folder.glob("state.orbax/arrays/ocdbt.process_*"))) == PROCESSES
    about, read = store("orbax").open(folder / "state.orbax")
    assert about == {"reports": [1.5]}
    expected = plain(initial())
    found = read(jax.eval_shape(lambda: expected))
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("127.0.0.1:1234", None, 4), "--coordinator, --process and --processes go together"),
        ((None, 0, None), "--coordinator, --process and --processes go together"),
        (("1234", 0, 4), "--coordinator must be HOST:PORT, got '1234'"),
        (("host:http", 0, 4), "--coordinator must be HOST:PORT, got 'host:http'"),
        (("127.0.0.1:1234", 4, 4), "--process must be from 0 to --processes less 1, got 4 of 4"),
        (("127.0.0.1:1234", 0, 4, True), "give none of them"),
    ],
)
def test_arguments_that_do_not_go_together(arguments, error):
    with pytest.raises(InputError, match=error):
        join(*arguments)


def started_by_a_scheduler(environment):
    program = (
        "import jax\n"
        "from functional_bp.cli import parser\n"
        "from functional_bp.runs.scaling import layout_of\n"
        "layout = layout_of(parser().parse_args(['train', '--cluster', '--devices', '4']))\n"
        "print(jax.process_index(), jax.process_count(), len(jax.local_devices()), layout.mesh.size)\n"
    )
    others = {name: value for name, value in os.environ.items() if not name.startswith("SLURM")}
    return subprocess.Popen(
        [sys.executable, "-c", program],
        env=others | {"JAX_PLATFORMS": "cpu"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_scheduler_says_who_the_processes_are():
    """As SLURM starts a job of two processes of two devices each."""
    job = {"SLURM_JOB_ID": "77", "SLURM_STEP_NODELIST": "localhost", "SLURM_NTASKS": "2"}
    job |= {"JAX_COORDINATOR_BIND_ADDRESS": "127.0.0.1:61517", "JAX_NUM_CPU_DEVICES": "2"}
    running = [started_by_a_scheduler(job | {"SLURM_PROCID": i, "SLURM_LOCALID": i}) for i in "01"]
    for number, process in enumerate(running):
        printed, errors = process.communicate(timeout=120)
        assert printed == f"{number} 2 2 4\n", errors


def test_without_a_scheduler():
    _, errors = started_by_a_scheduler({}).communicate(timeout=120)
    assert "InputError: the processes cannot come together: coordinator_address should be defined." in errors


def test_alone_nothing_is_joined():
    join(None, None, None)
    assert not jax.distributed.is_initialized()
