"""Arrays in IDX, .npy and .npz files, by name: mapped, and not read."""

import re
import warnings
import zipfile
from functools import partial
from pathlib import Path

import numpy as np

from functional_bp.errors import InputError
from functional_bp.training.data.cache import cached, unpack
from functional_bp.training.data.idx import open_idx
from functional_bp.training.saving.archive import one_line

IDX = re.compile(r"(idx\d-[a-z]+|\.idx\d?)(\.gz)?$")
LARGEST_GAP = 64  # bytes: room for alignment, and less than any array needs
Arrays = dict[str, np.ndarray]


def open_arrays(path: Path) -> Arrays:
    """Those of a file, or of all data files of a folder, in the order of the numbers in their names.

    A name is FILE/MEMBER in a folder, with an empty member unless the file is an .npz; of a file it is the member.

    Raises InputError for a file that cannot be read, is damaged, or holds anything but numbers.
    """
    try:
        if not path.is_dir():
            return arrays_of(path)
        return {f"{file.name}/{name}": array for file in data_files(path) for name, array in arrays_of(file).items()}
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or one_line(error)}") from error


def data_files(path: Path) -> list[Path]:
    return sorted((file for file in path.iterdir() if is_data(file)), key=in_order) if path.is_dir() else [path]


def is_data(file: Path) -> bool:
    return file.suffix in (".npz", ".npy") or IDX.search(file.name) is not None


def in_order(file: Path) -> list[tuple[str, int]]:
    """Sorts x-9 before x-10."""
    return [(text, int(number or 0)) for text, number in re.findall(r"(\D*)(\d*)", file.name)]


def arrays_of(file: Path) -> Arrays:
    if not file.exists():
        raise InputError(f"{file} does not exist")
    if not is_data(file):
        raise InputError(f"{file}: expected a folder, .npz, .npy or IDX (idx3-ubyte, .idx, with or without .gz)")
    if file.suffix == ".npz":
        return open_npz(file)
    return {"": open_npy(file, f"{file}") if file.suffix == ".npy" else open_idx(file)}


def open_npz(file: Path) -> Arrays:
    """Its members are copied into the cache, where they can be mapped."""
    arrays = {}
    try:
        with zipfile.ZipFile(file) as archive:
            check_complete(archive, file)
            for member in archive.infolist():
                name = member.filename.removesuffix(".npy")
                if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise InputError(f"{file} is damaged: {name} is compressed in an unknown way")
                with archive.open(member) as source:
                    write = partial(unpack, source, size=member.file_size, path=file)
                    plain = cached(file, member.filename, member.file_size, write)
                arrays[name] = open_npy(plain, f"{file}, {name}")
    except InputError:
        raise
    except Exception as error:  # whatever zipfile raises on bytes that are no archive
        raise InputError(f"{file} is damaged: {one_line(error)}") from error
    return arrays


def check_complete(archive: zipfile.ZipFile, file: Path) -> None:
    """The members lie one behind the other, the directory after them: none is missing from it."""
    members = [(m.header_offset, 30 + len(m.filename) + m.compress_size) for m in archive.infolist()]
    end = 0
    for place, length in [*sorted(members), (archive.start_dir, 0)]:
        if place - end > LARGEST_GAP:
            raise InputError(f"{file} is damaged: it holds more than its directory lists")
        end = place + length


def open_npy(file: Path, where: str) -> np.ndarray:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            array = np.lib.format.open_memmap(file, mode="r")
    except Exception as error:  # whatever NumPy raises on bytes that are no header
        raise InputError(f"{where} is damaged: {one_line(error)}") from error
    if array.dtype.kind not in "uif":
        raise InputError(f"{where}: expected whole or floating-point numbers, got {array.dtype}")
    length = file.stat().st_size
    if not array.ndim or not array.size:
        raise InputError(f"{where} is empty: its shape is {array.shape}")
    if not array.flags.c_contiguous:
        raise InputError(f"{where}: expected the rows one after another (C order), got Fortran order")
    if length != array.offset + array.nbytes:
        raise InputError(f"{where}: its header calls for {array.offset + array.nbytes} bytes, it has {length}")
    return array
