"""Checks backward passes: those of a Python file, or the library's own rules."""

import argparse
import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functional_bp.commands.recheck import save_certificates
from functional_bp.errors import InputError

if TYPE_CHECKING:
    from derivations.reading import Proofs
    from functional_bp.checking import Report
    from functional_bp.checking.catalogue import Entry
    from functional_bp.checking.files import Found

GRACE = 10.0  # seconds that a compiled loop may go on for
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
    parser.add_argument(
        "--prove", action="store_true", help="prove each for all sizes as well; what is read is said, and what is not"
    )
    parser.add_argument(
        "--certificate", type=Path, metavar="FILE", help="with --prove: save the proofs, for functional-bp recheck"
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
    proofs: dict[str, Proofs] = {}

    console = sys.stdout

    def give_up(name: str) -> None:
        """Compiled code that never returns can't be interrupted: what was finished is shown, and the process ends."""
        problems[name] = f"no answer within {args.timeout:g} s, and it can't be stopped: what follows was not checked"
        with contextlib.redirect_stdout(console):
            show(args, reports, problems, proofs)
            sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code(reports.values(), problems))

    try:
        for name, check, prove in progress(list(questions(args, problems, give_up)), args):
            try:
                with contextlib.redirect_stdout(sys.stderr), time_limit(args.timeout, partial(give_up, name)):
                    reports[name] = check()  # its prints are no report
                    if args.prove:
                        proofs[name] = prove()
            except InputError as error:
                problems[name] = str(error)
            except TimeLimit:
                problems[name] = f"no answer within {args.timeout:g} s"
    except KeyboardInterrupt:
        show(args, reports, problems, proofs)
        print(f"interrupted: {len(reports)} checked", file=sys.stderr)
        return 130
    show(args, reports, problems, proofs)
    if args.certificate is not None:
        parts = (proof.called(name).parts for name, proof in proofs.items())
        save_certificates(args.certificate, {title: part for found in parts for title, part in found.items()})
    return 1 if any(proof.refuted for proof in proofs.values()) else exit_code(reports.values(), problems)


class TimeLimit(KeyboardInterrupt):
    """Passes through everything that lets Ctrl-C through."""


@contextlib.contextmanager
def time_limit(seconds: float, give_up: Callable[[], None]) -> Iterator[None]:
    """Ends a loop of Python's that is still running; for one in compiled code `give_up` is called, soon after."""
    if seconds <= 0 or threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: Any) -> None:
        raise TimeLimit

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    watch = threading.Timer(seconds + GRACE, give_up)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def exit_code(reports: "Iterable[Report]", problems: dict[str, str]) -> int:
    """What is worst: 1 wrong, 2 could not be checked, 3 right at the given shapes only, 0 right."""
    found = {1 if not report.ok else 3 if report.given_only else 0 for report in reports} | ({2} if problems else set())
    return next(code for code in (1, 2, 3, 0) if code in found or code == 0)


def questions(
    args: argparse.Namespace, problems: dict[str, str], give_up: Callable[[str], None]
) -> Iterator[tuple[str, "Callable[[], Report]", "Callable[[], Proofs]"]]:
    """Name, check and proof of everything asked for; of several files what can't be read is a problem of its own."""
    options = {"seed": args.seed, "thorough": args.thorough, "shapes": args.shapes}
    if args.files:
        from functional_bp.checking.files import find, targets, without_inputs

        named = targets(args.files)
        for path in without_inputs(args.files):
            print(f"{path}: has no example_inputs(), so it is not checked", file=sys.stderr)
        for target in named:
            try:
                with time_limit(args.timeout, partial(give_up, target)):
                    found = find(target)
            except (InputError, TimeLimit) as error:
                if len(named) == 1 and isinstance(error, InputError):
                    raise
                problems[target] = str(error) or f"{target}: no answer within {args.timeout:g} s"
                continue
            for each in found:
                name = each.name if len(named) == 1 else f"{target}:{each.name}"
                yield name, partial(each.report, **options), partial(prove_found, each)
        return
    from functional_bp.checking import check_rule
    from functional_bp.checking.catalogue import CATALOGUE, inputs

    for entry in CATALOGUE:
        for choice in entry.with_choices():
            check = partial(check_rule, choice.rule, *inputs(choice, args.seed), **options)
            yield choice.name, check, partial(prove_choice, choice)


def prove_found(found: "Found") -> "Proofs":
    from derivations.reading import prove_backward, prove_custom_vjp
    from functional_bp.checking import check_custom_vjp

    check: Any = found.check
    return (prove_custom_vjp if check.func is check_custom_vjp else prove_backward)(*check.args)


def prove_choice(choice: "Entry") -> "Proofs":
    from derivations.reading import prove_rule
    from functional_bp.checking.catalogue import inputs

    return prove_rule(choice.rule, *inputs(choice))


def progress(items: list[Any], args: argparse.Namespace) -> Iterator[Any]:
    """The items, told on stderr: as a bar on a terminal, else in a line each where there are several."""
    from tqdm import tqdm

    what = "backward pass" if args.files else "rule"
    bar = tqdm(items, desc="checked", unit=what, disable=not sys.stderr.isatty() or len(items) < 2, leave=False)
    for number, item in enumerate(bar, 1):
        if args.files and bar.disable and len(items) > 1:
            print(f"{number} of {len(items)}: {item[0]}", file=sys.stderr, flush=True)
        yield item


def show(
    args: argparse.Namespace, reports: "dict[str, Report]", problems: dict[str, str], proofs: "dict[str, Proofs]"
) -> None:
    if args.json:
        rules = {name: report.to_dict() for name, report in reports.items()}
        proven = {"proofs": {name: proof.to_dict() for name, proof in proofs.items()}} if args.prove else {}
        print(json.dumps({"rules": rules, "unchecked": problems} | proven, indent=2, ensure_ascii=False))
        return
    for name, report in reports.items():
        if args.files or not report.ok:
            title, _, rest = str(report).partition(":")
            print(f"{name}:{rest}" if title else rest)
        if name in proofs and (args.files or not proofs[name].proven):
            print(proofs[name].called(name))
            if proofs[name].proven and not report.ok:
                print("  right over the real numbers, wrong as computed: overflow, cancellation or another dtype")
                for form in proofs[name].stable:
                    print(f"  {form}")
    for name, problem in problems.items():
        print(f"{name}: could not be checked: {problem}", file=sys.stderr)
    if not args.files:
        wrong = sum(not report.ok for report in reports.values())
        proven = f", {sum(proof.proven for proof in proofs.values())} proven" if args.prove else ""
        print(f"{len(reports)} rules checked, {wrong} wrong{proven}")
