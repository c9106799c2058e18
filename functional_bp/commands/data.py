"""Says what is in a data set, and whether it can be used."""

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functional_bp.errors import InputError
from functional_bp.terminal import printable

if TYPE_CHECKING:
    import numpy as np

    from functional_bp.training.data.files import DataSet
    from functional_bp.training.data.rows import Rows

HELP = "shape, counts, histogram and checksums of a data set"
BAR = 40
MOST_VALUES = 1000

Table = dict[str, dict[str, int]]  # of each part, how often each class or value occurs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", type=Path, help="a folder of IDX, .npy, .npz or .csv files, or one such file")
    parser.add_argument("--target", default="", metavar="NAME", help="the column of a CSV that is learnt")
    parser.add_argument("--numbers", action="store_true", help="the targets are numbers, as for --task regression")
    parser.add_argument("--json", action="store_true", help="print the result in JSON")


def run(args: argparse.Namespace) -> int:
    from functional_bp.training.data.arrays import TABLES, data_files, open_arrays
    from functional_bp.training.data.files import open_dataset
    from functional_bp.training.data.tables import Columns

    if args.path.is_dir() or args.path.suffix in (".npz", *TABLES):
        found = of_dataset(open_dataset(args.path, Columns(args.target), args.numbers))
    else:
        found = of_array(open_arrays(args.path)[""], args.path)
    found["files"] = {file.name: checksum(file) for file in data_files(args.path)}
    print(json.dumps(found) if args.json else printable("\n".join(lines(found))))
    return 0


def of_dataset(data: "DataSet") -> dict[str, Any]:
    import numpy as np

    counts = {
        name: np.bincount(part.labels, minlength=data.classes).tolist()
        for name, part in data.parts.items()
        if data.names
    }
    return {
        "classes": data.classes,
        "target": data.columns.target,
        "shape": list(data.shape),
        "dtype": str(data.stored),
        "parts": {name: summary(part.x) for name, part in data.parts.items()},
        "histogram": {name: dict(zip(data.names, of_part, strict=True)) for name, of_part in counts.items()},
        "unused": list(data.unused),
    }


def of_array(array: "np.ndarray", path: Path) -> dict[str, Any]:
    """One file alone; of whole numbers in one row, as labels are, also how often each occurs."""
    from functional_bp.training.data.rows import Rows
    from functional_bp.training.data.survey import survey

    if array.dtype.kind not in "uif":
        raise InputError(f"{path}: expected whole or floating-point numbers, got {array.dtype}")
    rows = Rows([array])
    survey(rows, str(path))
    found = {"shape": list(array.shape[1:]), "dtype": str(rows.dtype), "parts": {path.name: summary(rows)}}
    if array.ndim == 1 and array.dtype.kind in "ui" and (counts := histogram(rows)):
        found["histogram"] = {path.name: {str(value): counts[value] for value in sorted(counts)}}
    return found


def histogram(rows: "Rows") -> Counter[int] | None:
    """How often each value occurs; None where there are too many."""
    import numpy as np

    counts: Counter[int] = Counter()
    for block in rows.blocks():
        values, times = np.unique(block, return_counts=True)
        counts.update(dict(zip(values.tolist(), times.tolist(), strict=True)))
        if len(counts) > MOST_VALUES:
            return None
    return counts


def summary(rows: "Rows") -> dict[str, int | float]:
    """Count, range, mean and standard deviation, in one pass."""
    low, high, total, squares = float("inf"), float("-inf"), 0.0, 0.0
    for block in rows.blocks():
        numbers = block.astype(float)
        low, high = min(low, float(numbers.min())), max(high, float(numbers.max()))
        total, squares = total + float(numbers.sum()), squares + float((numbers**2).sum())
    count = rows.shape[0] * rows.shape[1]
    mean = total / count
    deviation = max(squares / count - mean**2, 0.0) ** 0.5
    return {"rows": len(rows), "lowest": low, "highest": high, "mean": mean, "deviation": deviation}


def checksum(file: Path) -> dict[str, Any]:
    """Bytes and SHA-256 of the file as it lies there: what `sha256sum` gives."""
    from functional_bp.training.regular import checksum_of

    return {"bytes": file.stat().st_size, "sha256": checksum_of(file)}


def lines(found: dict[str, Any]) -> list[str]:
    instance = " × ".join(map(str, found["shape"])) or "one number"
    classes = f"{found['classes']} classes, " if found.get("classes") else ""
    text = [f"{classes}instances of {instance}, {found['dtype']}"]
    for name, part in found["parts"].items():
        spread = f"mean {part['mean']:.6g}, standard deviation {part['deviation']:.6g}"
        text.append(f"{name}: {part['rows']} rows, from {part['lowest']:g} to {part['highest']:g}, {spread}")
    if found.get("target"):
        text.append(f"the target is {found['target']}")
    if found.get("histogram"):
        text += ["", *table(found["histogram"])]
    if found.get("unused"):
        text += ["", f"not used, as their names do not say what they are: {', '.join(found['unused'])}"]
    files = (f"{name}  {file['bytes']} bytes  sha256 {file['sha256']}" for name, file in found["files"].items())
    return [*text, "", *files]


def table(histogram: Table) -> list[str]:
    """One row for each class: its count in each part, and a bar for the first part."""
    first = next(iter(histogram.values()))
    widths = [max(len(name), 8) for name in histogram]
    heading = "  ".join(name.rjust(width) for name, width in zip(histogram, widths, strict=True))
    name = max(8, *map(len, first))
    rows = [f"{'class':>{name}}  {heading}"]
    for value, count in first.items():
        cells = "  ".join(f"{part[value]:>{width}}" for part, width in zip(histogram.values(), widths, strict=True))
        rows.append(f"{value:>{name}}  {cells}  {'█' * round(BAR * count / max(first.values()))}")
    return rows
