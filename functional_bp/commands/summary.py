"""A trained network, layer by layer."""

import argparse
from pathlib import Path

from functional_bp.runs.memory import check_addresses
from functional_bp.terminal import printable

HELP = "the layers of a run's network: shapes, parameters, and what its Jacobian keeps"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="a folder that `functional-bp train` made")


def run(args: argparse.Namespace) -> int:
    check_addresses()
    from functional_bp.runs.models import instance_of, network_of
    from functional_bp.runs.run_folder import RunFolder
    from functional_bp.runs.summary import summary

    folder = RunFolder(args.run_folder)
    config, facts = folder.load_config(), folder.load_facts()
    instance = instance_of(config, facts)
    print(summary(network_of(config, facts), *instance.shape, dtype=instance.dtype))
    names = ", ".join(map(shown, facts.classes))
    print(printable(f"classes: {names}" if facts.classes else f"numbers: {facts.target or facts.outputs}"))
    return 0


def shown(name: str) -> str:
    """A line's end is written out."""
    return name if name.isprintable() and name.strip() else repr(name)
