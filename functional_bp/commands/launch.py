"""Starts the processes of one training run on this machine, and starts them again when one dies or stalls."""

import argparse
import shlex
import socket
import sys
import time
from pathlib import Path

from functional_bp.commands import train
from functional_bp.errors import InputError
from functional_bp.runs import scaling
from functional_bp.runs.naming import unused
from functional_bp.terminal import one_line

HELP = "train in several processes on this machine, restarted from the last checkpoint when one dies or stalls"
LOOPBACK = "127.0.0.1"
MOST_PROCESSES = 256
TRAIN = [sys.executable, "-m", "functional_bp", "train"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    parser.usage = "functional-bp launch [options] -- train [options of train]"
    add("--processes", type=int, default=2, help="how many; default 2")
    add("--restarts", type=int, default=3, help="how often all are started again; default 3")
    add("--stall", type=float, default=600.0, metavar="S", help="seconds without a report that count as a stall; 600")
    add("arguments", nargs=argparse.REMAINDER, metavar="-- train …", help="what each of them runs")


def run(args: argparse.Namespace) -> int:
    from functional_bp.runs.lock import is_unused
    from functional_bp.runs.supervisor import signals_as_exceptions, supervise

    options, given = train_options(args)
    run_folder = options.resume or options.out or unused(Path("runs"), options.task or "run")
    told = given if options.resume or options.out else [*given, "--out", str(run_folder)]
    if options.resume is None and run_folder.is_dir() and not is_unused(run_folder):
        raise InputError(f"the run folder {run_folder} is not empty: choose another with --out")
    logs = run_folder.with_name(f"{run_folder.name}-processes")
    try:
        logs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write {logs}: {error.strerror}") from error

    def say(line: str) -> None:
        line = one_line(f"launch {time.strftime('%H:%M:%S')} {line}")
        print(line, file=sys.stderr, flush=True)
        with open(logs / "launch.log", "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(line + "\n")

    def commands(attempt: int) -> list[list[str]]:
        begun = attempt > 0 and options.resume is None and (run_folder / "config.json").exists()
        how = going_on(options, run_folder) if begun else told
        place = ["--coordinator", f"{LOOPBACK}:{free_port()}", "--processes", str(args.processes), "--process"]
        return [[*TRAIN, *how, *place, str(number)] for number in range(args.processes)]

    with signals_as_exceptions():
        try:
            return supervise(commands, restarts=args.restarts, stall=args.stall, logs=logs, say=say)
        except (KeyboardInterrupt, SystemExit):
            say(f"stopped; continue with: functional-bp launch … -- train --resume {shlex.quote(str(run_folder))}")
            raise


def going_on(options: argparse.Namespace, run_folder: Path) -> list[str]:
    """The arguments of `train` that go on with its run: all else is in the run folder."""
    shown = [f"--{name}" for name in ("json", "plots") if getattr(options, name)]
    return ["--resume", str(run_folder), *scaling.kept(options), *shown]


def train_options(args: argparse.Namespace) -> tuple[argparse.Namespace, list[str]]:
    """What `train` is told, parsed and as it was given. Raises InputError for what cannot be launched."""
    arguments = args.arguments[1:] if args.arguments[:1] == ["--"] else args.arguments
    if not 1 <= args.processes <= MOST_PROCESSES:
        raise InputError(f"--processes must be from 1 to {MOST_PROCESSES}, got {args.processes}")
    if args.restarts < 0 or not args.stall > 0:
        raise InputError(f"--stall must be positive and --restarts not negative, got {args.stall} and {args.restarts}")
    command, given = arguments[:1], arguments[1:]
    if command != ["train"]:
        came = repr(command[0]) if command else "nothing"
        raise InputError(f'expected "-- train" and its options after those of launch, got {came}')
    parser = argparse.ArgumentParser("functional-bp launch -- train")
    train.add_arguments(parser)
    options = parser.parse_args(given)
    if options.cluster or any(getattr(options, name) is not None for name in scaling.PLACE):
        raise InputError("launch gives --coordinator, --process and --processes: leave them out")
    return options, given


def free_port() -> int:
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        return free.getsockname()[1]
