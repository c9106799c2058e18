"""Trains a network by hand-derived Jacobians."""

import argparse
import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functional_bp.errors import InputError
from functional_bp.runs import board, scaling
from functional_bp.runs.config import add_options, from_options, given_options
from functional_bp.runs.interruption import Interrupted, Interruption
from functional_bp.runs.memory import check_addresses
from functional_bp.runs.naming import claimed
from functional_bp.terminal import printable

if TYPE_CHECKING:
    from functional_bp.runs.experiment import Experiment
    from functional_bp.runs.run_folder import RunFolder
    from functional_bp.training.devices.sharding import Layout
    from functional_bp.training.loop import Report
    from functional_bp.training.saving.checkpoints import Checkpoint
    from functional_bp.training.saving.stores import Store

LENGTH = ("--epochs", "--steps")
HELP = "train a network on the handwritten digits or other data"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_options(parser)
    scaling.add_arguments(parser)
    parser.add_argument("--out", type=Path, metavar="RUN", help="the run folder to make; default runs/TASK-TIME")
    parser.add_argument(
        "--resume", type=Path, metavar="RUN", help="continue a run; with --epochs or --steps, to a later end"
    )
    parser.add_argument("--plots", action="store_true", help="also draw curves, confusion matrix and weights")
    parser.add_argument("--json", action="store_true", help="print nothing but a summary in JSON")


def run(args: argparse.Namespace) -> int:
    """Exit code 128 + N where signal N has stopped the run: the first such saves, the second ends it at once."""
    with Interruption() as interruption, ExitStack() as stack:
        try:
            train(args, interruption, stack)
        except Interrupted as stopped:
            warn(str(stopped))
        return 128 + interruption.number if interruption.number else 0


def train(args: argparse.Namespace, interruption: Interruption, stack: ExitStack) -> None:
    check_addresses()
    from functional_bp.runs.compilation import keep_compiled_programs

    keep_compiled_programs()
    layout = scaling.layout_of(args)
    interruption.renew()
    from functional_bp.runs.run import begin, is_over, newest
    from functional_bp.training.devices.processes import is_first

    first = is_first()
    folder, of, kept_in = new_run(args, layout, stack) if args.resume is None else old_run(args, layout, stack)
    layout = of.layout(layout)
    interruption.message = f"continue with: {folder.how_to_go_on()}"
    quiet = args.json or not first
    result = folder.load_result()
    if result is None or not is_over(result, of):
        if not quiet:
            print_notes(of)
        stands = begin(of, layout) if args.resume is None else newest(of, folder, kept_in, layout, warn)
        result = trained(of, folder, stands, kept_in, quiet, layout, interruption)
    elif not quiet:
        print(f"{folder.path} is finished:")
    if args.plots:
        from functional_bp.runs.pictures import draw

        draw(folder, of, kept_in)
    if first:
        show(result, of, args.json)


def new_run(
    args: argparse.Namespace, layout: "Layout | None", stack: ExitStack
) -> tuple["RunFolder", "Experiment", "Store"]:
    """Nothing is made before all options are known to be good. The folder is ours until the stack is left."""
    from functional_bp.runs.experiment import experiment
    from functional_bp.runs.run_folder import RunFolder
    from functional_bp.training.devices.processes import is_first
    from functional_bp.training.saving.stores import store

    config = from_options(args)
    if args.out is None and scaling.are_many():
        raise InputError("many processes need --out: they have one run folder")
    of = experiment(config)
    of.layout(layout)
    kept_in = store(config.checkpoints, layout)
    if config.tensorboard:
        board.modules()
    first = is_first()
    folder = RunFolder(args.out or claimed(Path("runs"), config.task), first)
    if first:
        stack.enter_context(folder.created())
        folder.save_config(config, of.of.facts)
    return folder, of, kept_in


def old_run(
    args: argparse.Namespace, layout: "Layout | None", stack: ExitStack
) -> tuple["RunFolder", "Experiment", "Store"]:
    """The run of a folder, perhaps made longer. One that is finished can be shown from where nothing can be written."""
    from functional_bp.runs.experiment import experiment
    from functional_bp.runs.run import made_longer
    from functional_bp.runs.run_folder import RunFolder
    from functional_bp.training.devices.processes import is_first
    from functional_bp.training.saving.stores import store

    given = [*given_options(args), *(["--out"] if args.out else [])]
    if others := [name for name in given if name not in LENGTH]:
        raise InputError(f"--resume takes the options from the run folder: leave out {', '.join(others)}")
    folder = RunFolder(args.resume, is_first())
    folder.load_config()
    if folder.writes and not (folder.is_read_only() and folder.load_result()):
        stack.enter_context(folder.owned())
        folder.tidy()
    config = folder.load_config()
    of = experiment(config)
    folder.check_content(of.of.content, config.data)
    if config.tensorboard:
        board.modules()
    return folder, made_longer(of, folder, from_options(args)) if given else of, store(config.checkpoints, layout)


def trained(
    of: "Experiment",
    folder: "RunFolder",
    stands: "Checkpoint",
    store: "Store",
    quiet: bool,
    layout: "Layout | None",
    interruption: Interruption,
) -> dict[str, Any]:
    """First the comparison with autodiff, then the run to its end."""
    from functional_bp.runs.experiment import compare_with_autodiff
    from functional_bp.runs.run import conduct
    from functional_bp.runs.showing import Progress, print_differences

    differences = compare_with_autodiff(of, stands.state.params)
    if not quiet:
        print_differences(differences)
    about = {"max_gradient_difference": max(differences.values()), "gradient_differences": differences}
    with ExitStack() as stack:
        views = [stack.enter_context(Progress(of.steps, int(stands.state.step), quiet)).show]
        if of.config.tensorboard and folder.writes:
            views.append(stack.enter_context(board.Board(folder.board, stands.reports)).report)

        def on_all(report: "Report") -> None:
            for view in views:
                view(report)

        stack.enter_context(interruption.patiently())
        return conduct(of, folder, stands, store, on_all, about, layout, lambda: interruption.number > 0)


def print_notes(of: "Experiment") -> None:
    for note in of.of.notes:
        print(printable(note))
    if of.config.steps and of.config.epochs:
        print(f"{of.steps} steps: the earlier of --steps {of.config.steps} and --epochs {of.config.epochs}")


def show(result: dict[str, Any], of: "Experiment", as_json: bool) -> None:
    from functional_bp.runs.showing import print_results

    if as_json:
        print(json.dumps(result))
        return
    print_results(result, of.of.facts.classes, of.of.tested_on)
    stopped = "" if result["stopped"] == "steps" else f" ({result['stopped']})"
    print(f"{result['steps']} steps in {result['seconds']:.2f} s{stopped}; run folder {result['run']}")


def warn(message: str) -> None:
    from functional_bp.terminal import say

    say(f"functional-bp train: {message}", sys.stderr)
