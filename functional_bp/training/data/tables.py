"""CSV: a row an instance, a column a number, and one column the target.

It is read line by line, so that a table of any length takes little memory: once for what is in it, then for its
numbers, into the cache."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from functional_bp.errors import InputError
from functional_bp.training.data.cache import cached
from functional_bp.training.data.stored import Stored, bytes_of, mapped
from functional_bp.training.regular import checksum_of, open_regular

TARGETS = ("target", "label", "labels", "class", "species", "y")
WHOLE = re.compile(r"[+-]?\d{1,18}")
LONGEST_LINE, LONGEST_LABEL = 1 << 24, 1000
ROWS = 1024  # that are written at once
BYTES = np.dtype(np.uint8)


class Columns(NamedTuple):
    """Which columns are meant: that of the targets, and those of the instances by name or, without names, by number."""

    target: str = ""
    names: tuple[str, ...] = ()
    inputs: int = 0


class Table(NamedTuple):
    """What a file is found to hold: where its columns stand, how many rows there are, and the types that fit them."""

    names: tuple[str, ...]
    target: str
    x: tuple[int, ...]
    y: int | None
    has_header: bool
    rows: int = 0
    x_dtype: np.dtype = BYTES
    y_dtype: np.dtype = BYTES


def open_csv(path: Path, wanted: Callable[[str], bool], columns: Columns) -> dict[str, Stored | None]:
    """`x` and, where there is a target, `y`. Columns of whole numbers from 0 to 255 alone are bytes.

    Raises InputError, with the line, for what is no table of numbers.
    """
    table, digest = scanned(path, columns), cache(lambda: checksum_of(path))
    shapes: dict[str, tuple[Any, ...]] = {"x": (table.x_dtype, (table.rows, len(table.x)), table.names)}
    if table.y is not None:
        shapes["y"] = (table.y_dtype, (table.rows,), (table.target,) if table.target else ())
    return {
        name: Stored(dtype, shape, partial(unpacked, path, table, name, dtype, shape, digest), names)
        if wanted(name)
        else None
        for name, (dtype, shape, names) in shapes.items()
    }


def unpacked(path: Path, table: Table, name: str, dtype: np.dtype, shape: tuple[int, ...], digest: Any) -> np.ndarray:
    def write(out: Any) -> None:
        block: list[Any] = []
        for _, cells in body(path, table):
            block.append([float(cells[k]) for k in table.x] if name == "x" else cells[table.y or 0])
            if len(block) == ROWS:
                out.write(written(block, dtype))
                block = []
        out.write(written(block, dtype))

    member = f"{name} {table.x if name == 'x' else table.y} {dtype}"
    return mapped(cached(path, member, digest(), bytes_of(dtype, shape), write), dtype, shape, 0)


def written(block: list[Any], dtype: np.dtype) -> bytes:
    convert = {"i": int, "f": float}.get(dtype.kind)
    values = list(map(convert, block)) if convert and block and isinstance(block[0], str) else block
    return np.array(values, dtype).tobytes()


def scanned(path: Path, columns: Columns) -> Table:
    """One pass: every row has its cells, every cell of an instance is a number."""
    rows = lines(path)
    number, first = next(rows, (0, []))
    if not first:
        raise InputError(f"{path} is empty: expected rows of numbers")
    table = placed(first, columns, path)
    whole, labels, count, width = True, Labels(), 0, len(first)
    for line, cells in rows if table.has_header else chained((number, first), rows):
        if len(cells) != width:
            raise InputError(f"{path}, line {line}: expected {width} cells as in the first line, got {len(cells)}")
        values = [parsed(cells[k], table, k, line, path) for k in table.x]
        whole = whole and all(v.is_integer() and 0 <= v <= 255 for v in values)
        if table.y is not None:
            labels.add(cells[table.y], f"{path}, line {line}")
        count += 1
    if not count:
        raise InputError(f"{path} is empty: it has a header and no rows")
    return table._replace(rows=count, x_dtype=BYTES if whole else np.dtype("f8"), y_dtype=labels.dtype)


def placed(first: list[str], columns: Columns, path: Path) -> Table:
    """Where the columns stand, by the first line: a header, if the target is named in it or a cell is no number."""
    names = [name.strip() for name in first]
    known = [name for name in names if name.lower() in TARGETS]
    has_header = columns.target in names if columns.target else bool(known)
    if not (has_header or columns.names or not all(map(is_number, names[:-1]))):
        return without_header(len(names), columns, path)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{path}: two columns have the name {twice!r}")
    if columns.names:
        missing = [name for name in columns.names if name not in names]
        if missing:
            raise InputError(f"{path}: the column {missing[0]} is missing; there are {', '.join(names)}")
        target = columns.target
    elif columns.inputs == sum(name != "" for name in names):
        target = ""
    else:
        target = columns.target or (known[0] if len(known) == 1 else "")
        if target not in names or not target:
            raise InputError(f"{path}: which column is the target? --target names one of {', '.join(names)}")
    chosen = columns.names or tuple(name for name in names if name not in ("", target))
    if not chosen:
        raise InputError(f"{path}: there is no column beside the target {target}")
    y = names.index(target) if target and target in names else None
    return Table(chosen, target, tuple(map(names.index, chosen)), y, True)


def without_header(width: int, columns: Columns, path: Path) -> Table:
    """The last column is the target, where there is one more than an instance needs."""
    if columns.target:
        raise InputError(
            f"{path}: there is no column {columns.target or columns.names[0]}: the first line has no names"
        )
    inputs = columns.inputs if columns.inputs in (width, width - 1) and columns.inputs else width - 1
    if inputs < 1:
        raise InputError(f"{path}: expected a column for each number of an instance, and the target after them")
    return Table((), "", tuple(range(inputs)), inputs if inputs < width else None, False)


class Labels:
    """The type that holds all targets so far: whole numbers, numbers or texts."""

    def __init__(self) -> None:
        self.whole = self.numbers = True
        self.width = 1

    def add(self, text: str, where: str) -> None:
        if not text.strip():
            raise InputError(f"{where}: the target is empty")
        if len(text) > LONGEST_LABEL:
            raise InputError(f"{where}: a target has at most {LONGEST_LABEL} letters, got {len(text)}")
        self.whole = self.whole and WHOLE.fullmatch(text.strip()) is not None
        self.numbers = self.numbers and is_number(text)
        self.width = max(self.width, len(text))

    @property
    def dtype(self) -> np.dtype:
        return np.dtype("i8" if self.whole else "f8" if self.numbers else f"U{self.width}")


def parsed(cell: str, table: Table, k: int, number: int, path: Path) -> float:
    if not is_number(cell):
        column = table.names[table.x.index(k)] if table.names else str(k + 1)
        raise InputError(f"{path}, line {number}, column {column}: expected a number, got {cell[:40]!r}")
    return float(cell)


def is_number(cell: str) -> bool:
    try:
        return "_" not in cell and float(cell) is not None
    except ValueError:
        return False


def body(path: Path, table: Table) -> Iterator[tuple[int, list[str]]]:
    rows = lines(path)
    if table.has_header:
        next(rows)
    return rows


def chained(first: tuple[int, list[str]], rest: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    yield first
    yield from rest


def lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(the line's number, its cells), blank ones left out; the delimiter is the one most frequent in the first line."""
    with io.TextIOWrapper(open_regular(path), "utf-8-sig", newline="") as file:
        try:
            start = file.readline(LONGEST_LINE)
            delimiter = max(",;\t", key=start.count)
            reader = csv.reader(bounded(start, file, path), delimiter=delimiter, strict=True)
            for cells in reader:
                if any(map(str.strip, cells)):
                    yield reader.line_num, cells
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: expected a text in UTF-8: {error.reason}") from error
        except csv.Error as error:
            raise InputError(f"{path}, line {reader.line_num}: {error}") from error


def bounded(start: str, file: Any, path: Path) -> Iterator[str]:
    line = start
    while line:
        if len(line) == LONGEST_LINE:
            raise InputError(f"{path}: a line has at most {LONGEST_LINE} letters")
        yield line
        line = file.readline(LONGEST_LINE)
