"""Says what is in a data set, and whether it can be used."""

import argparse
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from functional_bp.training.data.files import DataSet
    from functional_bp.training.data.rows import Rows

HELP = "shape, counts, histogram and checksums of a data set"
BAR = 40
MOST_VALUES = 1000

Table = dict[str, dict[str, int]]  # of each part, how often each class or value occurs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", type=Path, help="a folder of IDX, .npy or .npz files, or one such file")
    parser.add_argument("--json", action="store_true", help="print the result in JSON")


def run(args: argparse.Namespace) -> int:
    from functional_bp.training.data.arrays import data_files, open_arrays
    from functional_bp.training.data.files import open_dataset

    if args.path.is_dir() or args.path.suffix == ".npz":
        found = of_dataset(open_dataset(args.path))
    else:
        found = of_array(open_arrays(args.path)[""], args.path)
    found["files"] = {file.name: checksum(file) for file in data_files(args.path)}
    print(json.dumps(found) if args.json else "\n".join(lines(found)))
    return 0


def of_dataset(data: "DataSet") -> dict[str, Any]:
    import numpy as np

    parts = {"train": data.train} | ({"test": data.test} if data.test else {})
    counts = {name: np.bincount(part.labels, minlength=data.classes).tolist() for name, part in parts.items()}
    return {
        "classes": data.classes,
        "shape": list(data.shape),
        "dtype": str(data.train.x.dtype),
        "parts": {name: summary(part.x) for name, part in parts.items()},
        "histogram": {name: {str(c): count for c, count in enumerate(counts[name])} for name in parts},
    }


def of_array(array: "np.ndarray", path: Path) -> dict[str, Any]:
    """One file alone; of whole numbers in one row, as labels are, also how often each occurs."""
    import numpy as np

    from functional_bp.training.data.files import check_finite
    from functional_bp.training.data.rows import Rows

    rows = Rows([array])
    check_finite(rows, str(path))
    found = {"shape": list(array.shape[1:]), "dtype": str(rows.dtype), "parts": {path.name: summary(rows)}}
    if array.ndim == 1 and array.dtype.kind in "ui":
        values, counts = np.unique(array, return_counts=True)
        if len(values) <= MOST_VALUES:
            table = dict(zip(map(str, values.tolist()), counts.tolist(), strict=True))
            found["histogram"] = {path.name: table}
    return found


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
    with open(file, "rb") as content:
        return {"bytes": file.stat().st_size, "sha256": hashlib.file_digest(content, "sha256").hexdigest()}


def lines(found: dict[str, Any]) -> list[str]:
    instance = " × ".join(map(str, found["shape"])) or "one number"
    classes = f"{found['classes']} classes, " if "classes" in found else ""
    text = [f"{classes}instances of {instance}, {found['dtype']}"]
    for name, part in found["parts"].items():
        spread = f"mean {part['mean']:.6g}, standard deviation {part['deviation']:.6g}"
        text.append(f"{name}: {part['rows']} rows, from {part['lowest']:g} to {part['highest']:g}, {spread}")
    if "histogram" in found:
        text += ["", *table(found["histogram"])]
    files = (f"{name}  {file['bytes']} bytes  sha256 {file['sha256']}" for name, file in found["files"].items())
    return [*text, "", *files]


def table(histogram: Table) -> list[str]:
    """One row for each class: its count in each part, and a bar for the first part."""
    first = next(iter(histogram.values()))
    widths = [max(len(name), 8) for name in histogram]
    heading = "  ".join(name.rjust(width) for name, width in zip(histogram, widths, strict=True))
    rows = [f"{'class':>8}  {heading}"]
    for value, count in first.items():
        cells = "  ".join(f"{part[value]:>{width}}" for part, width in zip(histogram.values(), widths, strict=True))
        rows.append(f"{value:>8}  {cells}  {'█' * round(BAR * count / max(first.values()))}")
    return rows
