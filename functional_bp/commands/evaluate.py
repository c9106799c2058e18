"""Measures a trained network again, from nothing but its run folder; or on other data."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functional_bp.errors import InputError
from functional_bp.runs import scaling
from functional_bp.runs.memory import check_addresses

if TYPE_CHECKING:
    from functional_bp.training.devices.sharding import Layout

HELP = "reproduce the accuracy of a run from its folder, or measure it on other data"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="a folder that `functional-bp train` made")
    parser.add_argument("--data", type=Path, metavar="PATH", help="instances with labels to measure it on instead")
    parser.add_argument("--part", help="of --data: train, validation or test; if not given, the only one, or test")
    parser.add_argument("--json", action="store_true", help="print the result in JSON")
    scaling.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    check_addresses()
    from functional_bp.runs.compilation import keep_compiled_programs

    keep_compiled_programs()
    if args.part is not None and args.data is None:
        raise InputError("--part needs --data")
    layout = scaling.layout_of(args)
    from functional_bp.training.devices.processes import is_first

    found, classes, tested_on = again(args, layout) if args.data is None else on_other_data(args)
    if not is_first():
        return 0
    if args.json:
        print(json.dumps(found))
        return 0
    from functional_bp.runs.showing import print_results

    print_results(found, classes, tested_on)
    return 0


def again(args: argparse.Namespace, layout: "Layout | None") -> tuple[dict[str, Any], tuple[str, ...], str]:
    from functional_bp.runs.experiment import experiment
    from functional_bp.runs.run_folder import RunFolder
    from functional_bp.training.saving.stores import store

    folder = RunFolder(args.run_folder)
    config = folder.load_config()
    of = experiment(config)
    folder.check_content(of.of.content, config.data)
    params = folder.load_params(of.shapes(layout).params, store(of.config.checkpoints, layout))
    return of.of.results(of.network, params, layout), of.of.facts.classes, of.of.tested_on


def on_other_data(args: argparse.Namespace) -> tuple[dict[str, Any], tuple[str, ...], str]:
    import numpy as np

    from functional_bp.runs.loading import load, predictions
    from functional_bp.training.data.files import open_labelled
    from functional_bp.training.metrics import confusion_matrix

    trained = load(args.run_folder)
    facts, classes = trained.facts, trained.facts.classes
    x, labels = open_labelled(args.data, classes, args.part, facts.of_table)
    found = list(predictions(trained, x, f"{args.data}"))
    if not classes:
        return numbers_of(np.concatenate(found), labels, trained, args.data), (), "test"
    found = np.concatenate([p.argmax(1) for p in found])
    confusion = confusion_matrix(labels, found, len(classes)).tolist()
    return {"test_accuracy": float((found == labels).mean()), "confusion": confusion}, classes, "test"


def numbers_of(y: Any, targets: Any, trained: Any, data: Path) -> dict[str, Any]:
    import numpy as np

    from functional_bp.runs.regression import error_of, r2

    if y.shape != targets.shape:
        raise InputError(f"{data}: expected {y.shape[1]} targets for each instance, got {targets.shape[1]}")
    error = error_of(trained.config.error, y, targets, np.ones(y.shape[1]))
    return {"test_r2": r2(y, targets), "test_error": error}
