"""Measures a trained network again, from nothing but its run folder."""

import argparse
import json
from pathlib import Path

from functional_bp.runs import scaling

HELP = "reproduce the accuracy of a run from its folder"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="a folder that `functional-bp train` made")
    parser.add_argument("--json", action="store_true", help="print the result in JSON")
    scaling.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    from functional_bp.runs.compilation import keep_compiled_programs

    keep_compiled_programs()
    layout = scaling.layout_of(args)
    from functional_bp.runs.classification import results
    from functional_bp.runs.experiment import experiment
    from functional_bp.runs.run_folder import RunFolder
    from functional_bp.runs.showing import print_results
    from functional_bp.training.devices.processes import is_first
    from functional_bp.training.saving.stores import store

    folder = RunFolder(args.run_folder)
    config = folder.load_config()
    of = experiment(config)
    folder.check_content(of.of.content, config.data)
    params = folder.load_params(of.shapes(layout).params, store(of.config.checkpoints, layout))
    found = results(of.of, of.network, params, layout)
    if not is_first():
        return 0
    if args.json:
        print(json.dumps(found))
    else:
        print_results(found, of.of.classes, of.of.tested_on)
    return 0
