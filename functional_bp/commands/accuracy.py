"""How precise the rules' gradients are in float32, beside those of jax.grad."""

import argparse

from functional_bp.errors import InputError
from functional_bp.runs.memory import check_addresses

HELP = "the errors of the rules' float32 gradients in units in the last place, beside those of jax.grad"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rules", nargs="*", metavar="RULE", help="some rules by name; if not given, all")


def run(args: argparse.Namespace) -> int:
    """Exit code 1 if a rule is less precise than jax.grad, or not finite where the truth is."""
    check_addresses()
    from functional_bp.checking.accuracy import accuracies, entries

    chosen = entries(args.rules)
    known = {entry.name for entry in chosen}
    if unknown := [name for name in args.rules if name not in known]:
        raise InputError(f"no such rule: {', '.join(unknown)}; known are {', '.join(e.name for e in entries([]))}")
    print("largest error of a cotangent, in units in the last place of its largest entry:")
    print(f"{'rule':<36}{'scale of x':>11}{'ours':>9}{'jax.grad':>10}  not finite: ours, jax.grad")
    worse = 0
    for entry in chosen:
        for row in accuracies(entry):
            worse += row.is_worse
            mark = "  worse" if row.is_worse else ""
            print(
                f"{row.rule:<36}{row.scale:>11g}{row.ours:>9.2f}{row.theirs:>10.2f}"
                f"{row.not_finite:>12}{row.theirs_not_finite:>5}{mark}",
                flush=True,
            )
    print(f"{worse} worse than jax.grad" if worse else "none is worse than jax.grad")
    return int(worse > 0)
