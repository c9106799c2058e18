"""Arrays on disk that are either whole or refused: an npz, written at once, with the hash of what it holds."""

import hashlib
import os
import secrets
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import jax
import numpy as np

from functional_bp.errors import InputError
from functional_bp.training.regular import open_regular

HASH = "sha256"


class Damaged(InputError):
    """A file whose bytes are not those that were written."""


def save_tree(path: Path, tree: Any) -> None:
    """Writes the leaves under the names of their places ("0.W"). Raises InputError if it can't."""
    arrays = {name: np.asarray(leaf) for name, leaf in named_leaves(tree).items()}
    arrays[HASH] = np.frombuffer(content_hash(arrays), np.uint8)
    write_atomically(path, lambda file: np.savez(file, allow_pickle=False, **arrays))


def load_tree(path: Path, like: Any) -> Any:
    """The tree that `save_tree` wrote, as NumPy arrays; `like` has its structure, shapes and dtypes.

    Raises InputError for a file that is missing, damaged or of another structure, with what differs.
    """
    return as_tree(load_arrays(path), like, path)


def as_tree(arrays: dict[str, np.ndarray], like: Any, path: Path) -> Any:
    """The arrays as a tree like the other. Raises InputError, naming the file, where they are of another."""
    expected = named_leaves(like)
    check_structure({name: describe(array) for name, array in arrays.items()}, expected, path)
    return jax.tree.unflatten(jax.tree.structure(like), [arrays[name] for name in expected])


def check_structure(came: dict[str, str], expected: dict[str, Any], path: Path) -> None:
    for name in sorted(came.keys() ^ expected.keys()):
        raise InputError(f"{path}: {name} is {'not expected' if name in came else 'missing'}")
    for name, leaf in expected.items():
        if came[name] != describe(leaf):
            raise InputError(f"{path}: expected {name} to be {describe(leaf)}, got {came[name]}")


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file by name, once their hash is right. As they are written uncompressed, they take no more
    memory than the file has bytes."""
    try:
        with open_regular(path) as stream:
            check_members(stream)
            with np.load(stream, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        stored = arrays.pop(HASH).tobytes()
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist") from error
    except InputError:
        raise
    except Exception as error:  # whatever NumPy and zipfile raise on bytes that are no archive of this kind
        raise Damaged(f"{path} is damaged: {one_line(error)}") from error
    if stored != content_hash(arrays):
        raise Damaged(f"{path} is damaged: its content does not have the hash that was written with it")
    return arrays


def check_members(stream: BinaryIO) -> None:
    """Raises ValueError for members that are compressed, or that together are longer than their file."""
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise ValueError("an array in it is compressed")
    if sum(member.file_size for member in members) > os.fstat(stream.fileno()).st_size:
        raise ValueError("its arrays are longer than itself")
    stream.seek(0)


def named_leaves(tree: Any) -> dict[str, Any]:
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {jax.tree_util.keystr(path, simple=True, separator="."): leaf for path, leaf in leaves}


def describe(array: Any) -> str:
    return f"{array.dtype}{list(array.shape)}"


def content_hash(arrays: dict[str, np.ndarray]) -> bytes:
    """SHA-256 of names, dtypes, shapes and bytes."""
    sha = hashlib.sha256()
    for name in sorted(arrays):
        sha.update(f"{name} {describe(arrays[name])}\n".encode())
        sha.update(np.ascontiguousarray(arrays[name]).data)
    return sha.digest()


def write_atomically(path: Path, write: Callable[[BinaryIO], Any]) -> None:
    """The file is there with all its bytes or not at all, even after a crash: fsync, rename, fsync of the folder."""
    partial = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.partial")
    try:
        try:
            with open(partial, "wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
        flush(path.parent)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error


def flush(path: Path) -> None:
    """What was written of a file, or of the names in a folder, is on the disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_partials(folder: Path) -> None:
    """Those that killed processes have left."""
    for partial in folder.glob(".*.partial") if folder.is_dir() else ():
        with suppress(OSError):
            partial.unlink()


def one_line(error: BaseException) -> str:
    return " ".join(f"{error or type(error).__name__}".split())
