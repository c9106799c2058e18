"""Learns the handwritten digits by hand-derived Jacobians."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functional_bp.errors import InputError

if TYPE_CHECKING:
    from functional_bp.classification import Problem
    from functional_bp.training.loop import Fit, Pair
    from functional_bp.training.run_folder import RunFolder

HELP = "train a network on the handwritten digits"
MOST_REPORTS = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--task", default="ten", help='ten (digits), two ("2 or not 2"), eleven (digits or none); default ten')
    add("--hidden", default="64,32", metavar="N,N", help='units of the hidden layers, "" for none; default 64,32')
    add("--activation", default="relu", help="of the hidden layers; default relu")
    add("--optimizer", default="adam", help="any of optax by its name: adam, sgd, rmsprop …; default adam")
    add("--rate", type=float, default=1e-3, help="learning rate η; default 0.001")
    add("--schedule", default="constant", help="of η: constant, or linear or cosine to 0 at the end")
    add("--batch", default="32", help='rows a step: a number, or "all"; default 32')
    add("--epochs", type=int, default=40, help="passes through the data; default 40")
    add("--tolerance", type=float, help="stop when the loss of an epoch is this near to that of the one before")
    add("--seed", type=int, default=0, help="of the weights, the order of the rows and what is held out; default 0")
    add("--split", default="stratified", help="held-out quarter: stratified (by the seed) or ordered (the last rows)")
    add("--out", type=Path, metavar="RUN", help="the run folder to make; default runs/TASK-TIME")
    add("--json", action="store_true", help="print nothing but a summary in JSON")


def run(args: argparse.Namespace) -> int:
    from functional_bp.compilation import keep_compiled_programs

    keep_compiled_programs()
    from functional_bp.checking.gradients import gradient_differences
    from functional_bp.classification import problem, results
    from functional_bp.training.optimizers import optimizer
    from functional_bp.training.run_folder import RunFolder
    from functional_bp.training.step import start

    config = configuration(args)
    of = problem(args.task, args.split, args.seed, config["hidden"], args.activation)
    train, test = ((part.x, of.task.targets(part.labels)) for part in (of.train, of.test))
    batch = batch_size(args.batch, len(of.train.x))
    steps = args.epochs * (len(of.train.x) // batch)
    update = optimizer(args.optimizer, args.rate, args.schedule, steps)
    folder = RunFolder(args.out or unused(Path("runs"), args.task))
    folder.create(config)

    state = start(of.network, update, args.seed)
    first_batch = (part[:batch] for part in train)
    differences = gradient_differences(of.network, of.task.divergence, state.params, *first_batch)
    if not args.json:
        print_differences(differences)
    settings = {"optimizer": update, "batch": batch, "steps": steps, "tolerance": args.tolerance, "state": state}
    fitted, seconds = fit_with_progress(of, train, test, settings, folder, quiet=args.json)
    folder.save_params(fitted.params)

    found = results(of, fitted.params)
    if args.json:
        print(json.dumps(summary(found, differences, fitted, seconds, folder)))
    else:
        print_results(found, of)
        stopped = "" if fitted.reason == "steps" else " (converged)"
        print(f"{int(fitted.state.step)} steps in {seconds:.2f} s{stopped}; run folder {folder.path}")
    return 0


def configuration(args: argparse.Namespace) -> dict[str, Any]:
    """What config.json keeps: every option, checked as far as it can be without the data."""
    if args.epochs < 1:
        raise InputError(f"--epochs must be at least 1, got {args.epochs}")
    if args.tolerance is not None and not args.tolerance >= 0:
        raise InputError(f"--tolerance must be at least 0, got {args.tolerance}")
    try:
        hidden = [int(units) for units in args.hidden.split(",") if args.hidden.strip()]
    except ValueError as error:
        raise InputError(f"--hidden must be numbers with commas between, as 64,32, got {args.hidden!r}") from error
    names = "task activation optimizer rate schedule batch epochs tolerance seed split"
    return {"hidden": hidden} | {name: getattr(args, name) for name in names.split()}


def batch_size(text: str, n: int) -> int:
    size = n if text == "all" else int(text) if text.isdecimal() else 0
    if not 1 <= size <= n:
        raise InputError(f'--batch must be a number from 1 to {n} (the rows there are) or "all", got {text!r}')
    return size


def unused(parent: Path, task: str) -> Path:
    """A new folder named after the task and the time."""
    name = f"{task}-{time.strftime('%Y%m%d-%H%M%S')}"
    candidates = [parent / name, *(parent / f"{name}-{number}" for number in range(2, 1000))]
    return next(path for path in candidates if not path.exists())


def fit_with_progress(
    of: "Problem", train: "Pair", test: "Pair", settings: dict[str, Any], folder: "RunFolder", quiet: bool
) -> tuple["Fit", float]:
    """Trains with a bar on stderr and each report in the run folder; also gives the seconds that it took."""
    from tqdm import tqdm

    from functional_bp.training.loop import fit
    from functional_bp.training.metrics import accuracy

    epoch = len(of.train.x) // settings["batch"]
    epochs = settings["steps"] // epoch
    began = time.perf_counter()
    with tqdm(total=settings["steps"], unit="step", disable=quiet, file=sys.stderr) as bar:

        def on_report(report: dict[str, int | float], _: Any) -> None:
            folder.add_report(report)
            loss, accuracy = report["loss"], report["validation_accuracy"]
            bar.set_postfix_str(f"loss {loss:.4f}, held-out accuracy {accuracy:.4f}", refresh=False)
            bar.update(int(report["step"]) - bar.n)

        fitted = fit(
            of.network,
            of.task.divergence,
            train,
            report_every=epoch * max(1, epochs // MOST_REPORTS),
            validation=test,
            measures=(("accuracy", accuracy),),
            on_report=on_report,
            **settings,
        )
    return fitted, time.perf_counter() - began


def print_differences(differences: dict[str, float]) -> None:
    print("hand-derived gradient of the first batch against jax.grad, in float64:")
    for layer, difference in differences.items():
        print(f"  layer {layer:<20} largest relative difference {difference:.1e}")


def print_results(found: dict[str, Any], of: "Problem") -> None:
    import numpy as np

    from functional_bp.training.metrics import table

    print(f"confusion matrix of the {len(of.test.x)} held-out rows (true class down, predicted across):")
    print(table(np.array(found["confusion"]), of.task.classes))
    print(f"train accuracy {found['train_accuracy']:.4f}")
    print(f"test accuracy  {found['test_accuracy']:.4f}")


def summary(
    found: dict[str, Any], differences: dict[str, float], fitted: "Fit", seconds: float, folder: "RunFolder"
) -> dict[str, Any]:
    return {
        "test_accuracy": found["test_accuracy"],
        "train_accuracy": found["train_accuracy"],
        "max_gradient_difference": max(differences.values()),
        "gradient_differences": differences,
        "steps": int(fitted.state.step),
        "stopped": fitted.reason,
        "loss": fitted.reports[-1]["loss"],
        "seconds": seconds,
        "confusion": found["confusion"],
        "run": str(folder.path),
    }
