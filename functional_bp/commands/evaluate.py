"""Measures a trained network again, from nothing but its run folder."""

import argparse
import json
from pathlib import Path

HELP = "reproduce the accuracy of a run from its folder"
KINDS: dict[str, type | tuple[type, ...]] = {
    "task": str,
    "split": str,
    "seed": int,
    "hidden": list,
    "activation": str,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="a folder that `functional-bp train` made")
    parser.add_argument("--json", action="store_true", help="print the result in JSON")


def run(args: argparse.Namespace) -> int:
    from functional_bp.compilation import keep_compiled_programs

    keep_compiled_programs()
    import jax

    from functional_bp.classification import problem, results
    from functional_bp.commands.train import print_results
    from functional_bp.errors import InputError
    from functional_bp.training.run_folder import RunFolder

    folder = RunFolder(args.run_folder)
    config = folder.load_config(KINDS)
    if not all(type(units) is int for units in config["hidden"]):
        raise InputError(f"{folder.config}: hidden must be whole numbers, got {config['hidden']}")
    of = problem(*(config[name] for name in ("task", "split", "seed", "hidden", "activation")))
    params = folder.load_params(jax.eval_shape(of.network.init, jax.random.key(0)))
    found = results(of, params)
    if args.json:
        print(json.dumps(found))
    else:
        print_results(found, of)
    return 0
