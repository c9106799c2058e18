"""The classes that a trained network gives to instances."""

import argparse
import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from functional_bp.runs.memory import check_addresses
from functional_bp.terminal import printable

if TYPE_CHECKING:
    import numpy as np

    from functional_bp.runs.facts import Facts

HELP = "the class of each instance and the probabilities of all; of regression, its numbers"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="a folder that `functional-bp train` made")
    parser.add_argument("data", type=Path, metavar="DATA", help="instances in a folder or file; labels are not needed")
    parser.add_argument("--part", help="train, validation or test; if not given, the only one, or test")
    parser.add_argument("--out", type=Path, metavar="FILE", help="a .csv or .npz to write; by default CSV is printed")


def run(args: argparse.Namespace) -> int:
    import numpy as np

    from functional_bp.errors import InputError

    check_addresses()
    if args.out is not None and args.out.suffix not in (".csv", ".npz"):
        raise InputError(f"--out must be a .csv or .npz, got {args.out}")
    from functional_bp.runs.compilation import keep_compiled_programs

    keep_compiled_programs()
    from functional_bp.runs.loading import load, predictions
    from functional_bp.training.data.files import open_instances
    from functional_bp.training.saving.archive import write_atomically

    trained = load(args.run_folder)
    x = open_instances(args.data, args.part, trained.facts.of_table)
    found, facts = predictions(trained, x, f"{args.data}"), trained.facts
    if args.out is None:
        for line in table(found, facts):
            sys.stdout.write(printable(line) if sys.stdout.isatty() else line)
    elif args.out.suffix == ".csv":
        text = (line.encode() for line in table(found, facts))
        write_atomically(args.out, lambda file: file.writelines(text))
    else:
        p, names = np.concatenate(list(found)), np.array(facts.classes)
        of_classes = {"classes": names[p.argmax(1)], "probabilities": p, "names": names} if facts.classes else {}
        arrays = of_classes or {"numbers": p}
        write_atomically(args.out, lambda file: np.savez(file, allow_pickle=False, **arrays))
    return 0


def table(found: "Iterator[np.ndarray]", facts: "Facts") -> Iterator[str]:
    """Lines of CSV: the row's number, its class, and the probability of each class; or the numbers learnt."""
    classes, several = facts.classes, [f"{facts.target or 'number'} {k}" for k in range(facts.outputs)]
    yield line(
        ["row", "class", *classes]
        if classes
        else ["row", *(several if len(several) > 1 else [facts.target or "number"])]
    )
    row = 0
    for block in found:
        for p in block:
            cells = [f"{value:.6g}" for value in p.tolist()]
            yield line([row, classes[int(p.argmax())], *cells] if classes else [row, *cells])
            row += 1


def line(cells: list[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
