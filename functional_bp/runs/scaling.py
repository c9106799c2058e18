"""The options of `train` that spread a run over devices and processes; `launch` fills in some of them."""

import argparse
from typing import TYPE_CHECKING

from functional_bp.errors import InputError

if TYPE_CHECKING:
    from functional_bp.training.devices.sharding import Layout

PLACE = ("coordinator", "process", "processes")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("many devices and processes").add_argument
    add("--devices", type=int, metavar="N", help="train on N devices, those of all processes; CPUs are made virtually")
    add("--layout", default="data", help="data (rows of a batch divided), explicit, tensor or full; default data")
    add("--coordinator", metavar="HOST:PORT", help="where the first process is; with --process and --processes")
    add("--process", type=int, metavar="I", help="the number of this process, from 0")
    add("--processes", type=int, metavar="N", help="how many processes there are")
    add("--cluster", action="store_true", help="the scheduler says who the processes are (SLURM, Kubernetes, TPU …)")


def layout_of(args: argparse.Namespace) -> "Layout | None":
    """Joins the other processes, and gives the layout on the devices of all; None for a run on one device.

    Raises InputError for options that do not go together or ask for too much.
    """
    from functional_bp.training.devices.processes import join, virtual_devices
    from functional_bp.training.devices.sharding import layout

    join(*(getattr(args, name) for name in PLACE), cluster=args.cluster)
    if args.devices is not None and not args.cluster:  # how many processes there are, JAX tells with its devices alone
        virtual_devices(args.devices, args.processes or 1)
    if args.devices is None and args.processes is None and not args.cluster:
        if args.layout != "data":
            raise InputError(f"--layout {args.layout} needs --devices")
        return None
    import jax

    return layout(args.layout, args.devices or len(jax.devices()))


def are_many() -> bool:
    import jax

    return jax.process_count() > 1


def kept(args: argparse.Namespace) -> list[str]:
    """The options again, for a process that goes on with the run."""
    devices = [] if args.devices is None else ["--devices", str(args.devices)]
    return [*devices, "--layout", args.layout]
