"""Trains a network by hand-derived Jacobians."""

import argparse
import json
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functional_bp.errors import InputError
from functional_bp.runs import board, scaling
from functional_bp.runs.config import Config, add_options, from_options, given_options

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
        "--resume", type=Path, metavar="RUN", help="go on with a run; with --epochs or --steps, to a later end"
    )
    parser.add_argument("--plots", action="store_true", help="also draw curves, confusion matrix and weights")
    parser.add_argument("--json", action="store_true", help="print nothing but a summary in JSON")


def run(args: argparse.Namespace) -> int:
    from functional_bp.runs.compilation import keep_compiled_programs

    keep_compiled_programs()
    layout = scaling.layout_of(args)
    from functional_bp.runs.experiment import experiment
    from functional_bp.runs.run import begin, is_over, made_longer, newest
    from functional_bp.training.devices.processes import is_first
    from functional_bp.training.saving.stores import store

    first = is_first()
    folder, config = new_or_old(args, first)
    of = experiment(config)
    kept_in = store(config.checkpoints, layout)
    if config.tensorboard:
        board.modules()
    if args.resume is None:
        folder.create(config)
    elif given_options(args):
        of = made_longer(of, folder, from_options(args))
    result = folder.load_result()
    if result is None or not is_over(result, of):
        stands = begin(of, layout) if args.resume is None else newest(of, folder, kept_in, layout, warn)
        result = trained(of, folder, stands, kept_in, args.json or not first, layout)
    elif first and not args.json:
        print(f"{folder.path} is finished:")
    if args.plots:
        from functional_bp.runs.pictures import draw

        draw(folder, of, kept_in)
    if first:
        show(result, of, args.json)
    return 0


def new_or_old(args: argparse.Namespace, writes: bool) -> tuple["RunFolder", Config]:
    """The folder and the options of the run to make, or to go on with."""
    from functional_bp.runs.run_folder import RunFolder

    if args.resume is None:
        config = from_options(args)
        return RunFolder(args.out or unused(Path("runs"), config.task), writes), config
    given = [*given_options(args), *(["--out"] if args.out else [])]
    if others := [name for name in given if name not in LENGTH]:
        raise InputError(f"--resume takes the options from the run folder: leave out {', '.join(others)}")
    folder = RunFolder(args.resume, writes)
    return folder, folder.load_config()


def unused(parent: Path, task: str) -> Path:
    """A new folder named after the task and the time."""
    name = f"{task}-{time.strftime('%Y%m%d-%H%M%S')}"
    candidates = [parent / name, *(parent / f"{name}-{number}" for number in range(2, 1000))]
    return next(path for path in candidates if not path.exists())


def trained(
    of: "Experiment",
    folder: "RunFolder",
    stands: "Checkpoint",
    store: "Store",
    quiet: bool,
    layout: "Layout | None",
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

        return conduct(of, folder, stands, store, on_all, about, layout)


def show(result: dict[str, Any], of: "Experiment", as_json: bool) -> None:
    from functional_bp.runs.showing import print_results

    if as_json:
        print(json.dumps(result))
        return
    print_results(result, of.of.classes)
    stopped = "" if result["stopped"] == "steps" else f" ({result['stopped']})"
    print(f"{result['steps']} steps in {result['seconds']:.2f} s{stopped}; run folder {result['run']}")


def warn(message: str) -> None:
    print(f"functional-bp train: {message}", file=sys.stderr)
