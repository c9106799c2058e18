"""Checks backward passes: those of a Python file, or the library's own rules."""

import argparse
import contextlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from functional_bp.errors import InputError

if TYPE_CHECKING:
    from functional_bp.checking import Report

HELP = "check a backward pass, and say why it is wrong if it is"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        nargs="?",
        metavar="FILE.py[:NAME]",
        help="checks every jax.custom_vjp and every forward/backward pair in it at its example_inputs(); "
        "the file is run. Without a file: the library's own rules",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the points and cotangents tried; default 0")
    parser.add_argument("--thorough", action="store_true", help="look at large inputs as closely as at small ones")
    parser.add_argument("--json", action="store_true", help="print the reports as JSON and nothing else")
    parser.add_argument(
        "--shapes", choices=["given"], help="given: the backward is meant for these shapes alone; no others are tried"
    )
    parser.epilog = (
        "Exit code 0: all right; 1: something is wrong; 2: something could not be checked; "
        "3: right at the given shapes only."
    )


def run(args: argparse.Namespace) -> int:
    from functional_bp.runs.compilation import keep_compiled_programs

    keep_compiled_programs()
    reports, problems = {}, {}
    for name, check in progress(list(questions(args)), args.json or args.file is not None):
        try:
            with contextlib.redirect_stdout(sys.stderr):  # what a backward prints is no part of the report
                reports[name] = check()
        except InputError as error:
            problems[name] = str(error)
    show(args, reports, problems)
    return exit_code(reports.values(), problems)


def exit_code(reports: "Iterable[Report]", problems: dict[str, str]) -> int:
    """What is worst: 1 wrong, 2 could not be checked, 3 right at the given shapes only, 0 right."""
    found = {1 if not report.ok else 3 if report.given_only else 0 for report in reports} | ({2} if problems else set())
    return next(code for code in (1, 2, 3, 0) if code in found or code == 0)


def questions(args: argparse.Namespace) -> Iterator[tuple[str, "Callable[[], Report]"]]:
    """Name and check of everything asked for."""
    options = {"seed": args.seed, "thorough": args.thorough, "shapes": args.shapes}
    if args.file is not None:
        from functional_bp.checking.files import find

        for found in find(args.file):
            yield found.name, lambda found=found: found.report(**options)
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
        if args.file is not None or not report.ok:
            title, _, rest = str(report).partition(":")
            print(f"{name}:{rest}" if title else rest)
    for name, problem in problems.items():
        print(f"{name}: could not be checked: {problem}", file=sys.stderr)
    if args.file is None:
        wrong = sum(not report.ok for report in reports.values())
        print(f"{len(reports)} rules checked, {wrong} wrong")
