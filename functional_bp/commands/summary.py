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
    from functional_bp.runs.classification import perceptron
    from functional_bp.runs.memory import check_network
    from functional_bp.runs.run_folder import RunFolder
    from functional_bp.runs.summary import summary

    folder = RunFolder(args.run_folder)
    config, facts = folder.load_config(), folder.load_facts()
    sizes = (facts.inputs, *config.hidden, facts.outputs)
    check_network(sizes)
    print(summary(perceptron(sizes, config.activation, config.dropout), facts.inputs))
    learnt = f"classes: {', '.join(facts.classes)}" if facts.classes else f"numbers: {facts.target or facts.outputs}"
    print(printable(learnt))
    return 0
