"""Many processes as one, on JAX's distributed runtime: each runs the same program, `jax.devices()` are those of all."""

import os
import sys
from contextlib import suppress
from typing import Any

import jax
import numpy as np
from jax.experimental.multihost_utils import broadcast_one_to_all, process_allgather

from functional_bp.errors import InputError

LOOPBACK = ("127.0.0.1", "localhost")


def join(coordinator: str | None, process: int | None, processes: int | None, cluster: bool = False) -> None:
    """Makes this one of `processes` processes, the first of which is at `coordinator` = HOST:PORT.

    With `cluster`, the environment that the scheduler made (SLURM, Open MPI, Kubernetes, TPU pods) says all three. To
    be called before anything asks JAX for a device. Waits for the others; JAX ends the process if they do not come.
    Raises InputError for arguments that do not go together and where there is no such scheduler.
    """
    given = [value is not None for value in (coordinator, process, processes)]
    if cluster and any(given):
        raise InputError("--cluster asks the scheduler for --coordinator, --process and --processes: give none of them")
    if not cluster and not any(given):
        return
    settings = {} if cluster else explicitly(coordinator, process, processes)
    keep_stdout_clean()
    try:
        jax.distributed.initialize(**settings)
    except (RuntimeError, ValueError) as error:
        raise InputError(f"the processes cannot come together: {' '.join(str(error).split())}") from error


def virtual_devices(devices: int, processes: int) -> None:
    """Makes the CPU of this process its part of `devices`; GPUs and TPUs are as many as there are.

    Raises InputError if the processes do not divide them.
    """
    if devices < 1 or devices % processes:
        raise InputError(f"--devices must be a multiple of the {processes} processes, got {devices}")
    with suppress(RuntimeError):  # too late, JAX has its devices: whoever asks for more than there are is told so
        jax.config.update("jax_num_cpu_devices", devices // processes)


def explicitly(coordinator: str | None, process: int | None, processes: int | None) -> dict[str, Any]:
    """The three, checked, as JAX takes them."""
    if coordinator is None or process is None or processes is None:
        raise InputError("--coordinator, --process and --processes go together")
    host, _, port = coordinator.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise InputError(f"--coordinator must be HOST:PORT, got {coordinator!r}")
    if not 0 <= process < processes:
        raise InputError(f"--process must be from 0 to --processes less 1, got {process} of {processes}")
    return {
        "coordinator_address": coordinator,
        "num_processes": processes,
        "process_id": process,
        "cluster_detection_method": "deactivate",
        "coordinator_bind_address": coordinator if host in LOOPBACK else None,  # None is every address of this machine
    }


def keep_stdout_clean() -> None:
    """The library that carries CPU collectives writes to file descriptor 1: from here on that is stderr, and Python's
    own output goes on to what was stdout."""
    sys.stdout.flush()
    sys.stdout = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)


def as_first(decision: bool) -> bool:
    """What the first process decides: all must take the same steps, and only their clocks differ."""
    if jax.process_count() == 1:
        return decision
    return bool(broadcast_one_to_all(np.int32(decision)))


def by_any(decision: bool) -> bool:
    """What one process decides is what all do."""
    if jax.process_count() == 1:
        return decision
    return bool(process_allgather(np.int32(decision)).any())


def by_all(success: bool) -> bool:
    """Whether all processes have succeeded: one that failed alone would leave the others waiting for it."""
    if jax.process_count() == 1:
        return success
    return bool(process_allgather(np.int32(success)).all())


def is_first() -> bool:
    """Whether this process is the one that writes and prints."""
    return jax.process_index() == 0
