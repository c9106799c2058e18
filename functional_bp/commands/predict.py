"""The classes that a trained network gives to instances."""

import argparse
import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from functional_bp.runs.memory import check_addresses

if TYPE_CHECKING:
    import numpy as np

HELP = "the class of each instance, and the probabilities of all classes"


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
    x = open_instances(args.data, args.part)
    found, classes = predictions(trained, x, f"{args.data}"), trained.facts.classes
    if args.out is None:
        for line in table(found, classes):
            sys.stdout.write(line)
    elif args.out.suffix == ".csv":
        text = (line.encode() for line in table(found, classes))
        write_atomically(args.out, lambda file: file.writelines(text))
    else:
        p = np.concatenate(list(found))
        arrays = {"classes": np.array(classes)[p.argmax(1)], "probabilities": p, "names": np.array(classes)}
        write_atomically(args.out, lambda file: np.savez(file, allow_pickle=False, **arrays))
    return 0


def table(found: "Iterator[np.ndarray]", classes: tuple[str, ...]) -> Iterator[str]:
    """Lines of CSV: the row's number, its class, and the probability of each class."""
    yield line(["row", "class", *classes])
    row = 0
    for block in found:
        for p in block:
            yield line([row, classes[int(p.argmax())], *(f"{value:.6g}" for value in p.tolist())])
            row += 1


def line(cells: list[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
