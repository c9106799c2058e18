"""Arrays in IDX, .npy, .npz and .csv files, by name: mapped, and not read."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from functional_bp.errors import InputError
from functional_bp.training.data.idx import open_idx
from functional_bp.training.data.npy import open_npy
from functional_bp.training.data.npz import open_npz
from functional_bp.training.data.roles import TRAIN, role
from functional_bp.training.data.stored import Stored
from functional_bp.training.data.tables import Columns, open_csv
from functional_bp.training.regular import check_regular
from functional_bp.training.saving.archive import one_line

IDX = re.compile(r"(idx\d-[a-z]+|\.idx\d?)(\.gz)?$")
TABLES = (".csv", ".tsv")
Arrays = dict[str, np.ndarray]
ANY = Columns()


def every_array(name: str) -> bool:
    return True


def find_arrays(
    path: Path, wanted: Callable[[str], bool] = every_array, columns: Columns = ANY
) -> dict[str, Stored | None]:
    """Those of a file, or of all data files of a folder, in the order of the numbers in their names.

    A name is FILE/MEMBER in a folder, with an empty member unless the file is an .npz; of a file it is the member, of
    a table x and y. What is not wanted is not looked into, and None. `columns` says which of a table are meant; all
    tables of a folder have those of the first.

    Raises InputError for a file that cannot be read, is damaged, or holds anything but numbers and texts.
    """
    try:
        if not path.is_dir():
            return arrays_of(path, wanted, columns)
        found: dict[str, Stored | None] = {}
        for file in data_files(path):
            prefix = f"{file.name}/"
            arrays = arrays_of(file, lambda name, prefix=prefix: wanted(prefix + name), columns)
            columns = columns if columns.names else of_first(arrays, columns)
            found |= {prefix + name: array for name, array in arrays.items()}
        return found
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or one_line(error)}") from error


def of_first(arrays: dict[str, Stored | None], columns: Columns) -> Columns:
    x, y = arrays.get("x"), arrays.get("y")
    if x is None or not x.columns:
        return columns
    return Columns(y.columns[0] if y and y.columns else columns.target, x.columns)


def open_arrays(path: Path) -> Arrays:
    """All of them, mapped. Raises InputError as `find_arrays` does, and where what is compressed is damaged."""
    return {name: opened(array, path) for name, array in find_arrays(path).items() if array is not None}


def opened(array: Stored, path: Path) -> np.ndarray:
    try:
        return array.open()
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"cannot read {path}: {getattr(error, 'strerror', None) or one_line(error)}") from error


def data_files(path: Path) -> list[Path]:
    """All of a folder, in order; tables only where there is nothing else: they often say something about the data.
    Those of the training part come first."""
    if not path.is_dir():
        return [path]
    found = sorted((file for file in path.iterdir() if is_data(file)), key=in_order)
    tables = sorted(found, key=lambda file: (role(f"{file.stem}/x") or ("",))[0] != TRAIN)
    return [file for file in found if file.suffix not in TABLES] or tables


def is_data(file: Path) -> bool:
    return file.suffix in (".npz", ".npy", *TABLES) or IDX.search(file.name) is not None


def in_order(file: Path) -> list[tuple[str, int]]:
    """Sorts x-9 before x-10."""
    return [(text, int(number or 0)) for text, number in re.findall(r"(\D*)(\d{0,18})", file.name)]


def arrays_of(file: Path, wanted: Callable[[str], bool], columns: Columns) -> dict[str, Stored | None]:
    if not file.exists():
        raise InputError(f"{file} does not exist")
    if not is_data(file):
        raise InputError(
            f"{file}: expected a folder, .npz, .npy or IDX (idx3-ubyte, .idx, with or without .gz) or .csv"
        )
    check_regular(file, file.stat())
    if file.suffix == ".npz":
        return open_npz(file, wanted)
    if file.suffix in TABLES:
        return open_csv(file, wanted, columns)
    if not wanted(""):
        return {"": None}
    return {"": open_npy(file) if file.suffix == ".npy" else open_idx(file)}
