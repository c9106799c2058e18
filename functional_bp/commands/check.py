"""Checks backward passes: those of a Python file, or the library's own rules."""

import argparse
import contextlib
import faulthandler
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from functional_bp.errors import InputError

if TYPE_CHECKING:
    from functional_bp.checking import Report

GRACE = 15.0  # seconds that a compiled loop may go on for
HELP = "check a backward pass, and say why it is wrong if it is"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE.py[:NAME]|DIR",
        help="checks every jax.custom_vjp and every forward/backward pair in it at its example_inputs(); "
        "the file is run; of a directory, every file that has example_inputs(). Without: the library's own rules",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the points and cotangents tried; default 0")
    parser.add_argument("--thorough", action="store_true", help="look at large inputs as closely as at small ones")
    parser.add_argument("--json", action="store_true", help="print the reports as JSON and nothing else")
    parser.add_argument(
        "--shapes", choices=["given"], help="given: the backward is meant for these shapes alone; no others are tried"
    )
    parser.add_argument(
        "--timeout", type=float, default=300.0, metavar="SECONDS", help="for each backward pass; 0: none; default 300"
    )
    parser.epilog = (
        "Exit code 0: all right; 1: something is wrong; 2: something could not be checked; "
        "3: right at the given shapes only."
    )


def run(args: argparse.Namespace) -> int:
    from functional_bp.runs.compilation import keep_compiled_programs

    keep_compiled_programs()
    reports: dict[str, Report] = {}
    problems: dict[str, str] = {}
    try:
        for name, check in progress(list(questions(args, problems)), args.json or bool(args.files)):
            try:
                with contextlib.redirect_stdout(sys.stderr), time_limit(args.timeout):  # its prints are no report
                    reports[name] = check()
            except InputError as error:
                problems[name] = str(error)
            except TimeLimit:
                problems[name] = f"no answer within {args.timeout:g} s"
    except KeyboardInterrupt:
        show(args, reports, problems)
        print(f"interrupted: {len(reports)} checked", file=sys.stderr)
        return 130
    show(args, reports, problems)
    return exit_code(reports.values(), problems)


class TimeLimit(KeyboardInterrupt):
    """Passes through everything that lets Ctrl-C through."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Ends a loop of Python's that is still running; one in compiled code ends the process, soon after."""
    if seconds <= 0 or threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: Any) -> None:
        raise TimeLimit

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    console = sys.__stderr__
    if console is not None:
        faulthandler.dump_traceback_later(seconds + GRACE, exit=True, file=console)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        faulthandler.cancel_dump_traceback_later()


def exit_code(reports: "Iterable[Report]", problems: dict[str, str]) -> int:
    """What is worst: 1 wrong, 2 could not be checked, 3 right at the given shapes only, 0 right."""
    found = {1 if not report.ok else 3 if report.given_only else 0 for report in reports} | ({2} if problems else set())
    return next(code for code in (1, 2, 3, 0) if code in found or code == 0)


def questions(args: argparse.Namespace, problems: dict[str, str]) -> Iterator[tuple[str, "Callable[[], Report]"]]:
    """Name and check of everything asked for; of several files what can't be read is a problem of its own."""
    options = {"seed": args.seed, "thorough": args.thorough, "shapes": args.shapes}
    if args.files:
        from functional_bp.checking.files import find, targets

        named = targets(args.files)
        for target in named:
            try:
                with time_limit(args.timeout):
                    found = find(target)
            except (InputError, TimeLimit) as error:
                if len(named) == 1 and isinstance(error, InputError):
                    raise
                problems[target] = str(error) or f"{target}: no answer within {args.timeout:g} s"
                continue
            for each in found:
                name = each.name if len(named) == 1 else f"{target}:{each.name}"
                yield name, lambda each=each: each.report(**options)
        return
    from functional_bp.checking import check_rule
    from functional_bp.checking.catalogue import CATALOGUE, inputs

    for entry in CATALOGUE:
        for choice in entry.with_choices():
            yield choice.name, lambda choice=choice: check_rule(choice.rule, *inputs(choice, args.seed), **options)


def progress(items: list[Any], quiet: bool) -> Any:
    from tqdm import tqdm

    return tqdm(items, desc="rules", unit="rule", disable=quiet or not sys.stderr.isatty(), leave=False)


def show(args: argparse.Namespace, reports: "dict[str, Report]", problems: dict[str, str]) -> None:
    if args.json:
        rules = {name: report.to_dict() for name, report in reports.items()}
        print(json.dumps({"rules": rules, "unchecked": problems}, indent=2, ensure_ascii=False))
        return
    for name, report in reports.items():
        if args.files or not report.ok:
            title, _, rest = str(report).partition(":")
            print(f"{name}:{rest}" if title else rest)
    for name, problem in problems.items():
        print(f"{name}: could not be checked: {problem}", file=sys.stderr)
    if not args.files:
        wrong = sum(not report.ok for report in reports.values())
        print(f"{len(reports)} rules checked, {wrong} wrong")
