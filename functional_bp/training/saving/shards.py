"""Trees on disk by orbax: each process writes and reads the shards of its own devices, in the background if it can."""

import gc
import hashlib
import json
import logging
import os
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import orbax.checkpoint as ocp
from jaxtyping import Array, UInt32

from functional_bp.errors import InputError
from functional_bp.training.devices.processes import by_all
from functional_bp.training.saving.archive import (
    HASH,
    Damaged,
    check_structure,
    describe,
    flush,
    named_leaves,
    one_line,
)
from functional_bp.training.saving.stores import Saved

SALTS = (0x9E3779B9, 0x7F4A7C15)
SETTLING = 0.1  # seconds


class Shards:
    """A folder for each tree, whatever devices and processes it lay on, to be read onto any others.

    Nothing is gathered. orbax gives the folder its name when all processes have written; it does not notice all
    damage to what they wrote, so each array has a checksum.
    """

    ending = ".orbax"
    at_once = False

    def __init__(self) -> None:
        self.path: Path | None = None
        before_it_is_named = ocp.options.AsyncOptions(post_finalization_callback=self.flush)
        self.writer = ocp.AsyncCheckpointer(ocp.CompositeCheckpointHandler(), async_options=before_it_is_named)
        alone = jax.process_index()  # a process that cannot read must not leave the others waiting for it
        options = ocp.options.MultiprocessingOptions(primary_host=alone, active_processes={alone})
        self.reader = ocp.Checkpointer(ocp.CompositeCheckpointHandler(), multiprocessing_options=options)

    def save(self, path: Path, tree: Any, about: dict[str, Any] | None = None) -> None:
        arrays = named_leaves(tree)
        kinds = {name: describe(array) for name, array in arrays.items()}
        text = json.dumps({"about": about or {}, "arrays": kinds, "checksums": checksums(arrays)})
        content = ocp.args.Composite(
            arrays=ocp.args.StandardSave(arrays), about=ocp.args.JsonSave({"text": text, HASH: sha256(text)})
        )
        self.wait()
        self.path = path
        try:
            self.writer.save(path.absolute(), args=content, force=True)
        except Exception as error:  # whatever orbax raises where it cannot write
            raise InputError(f"cannot write {path}: {one_line(error)}") from error

    def flush(self) -> None:
        """Called by orbax when all is written under another name."""
        if self.path:
            for unnamed in self.path.parent.glob(f"{self.path.name}*tmp*"):
                flush_all(unnamed)

    def wait(self) -> None:
        try:
            self.writer.wait_until_finished()
        except Exception as error:  # whatever orbax's thread has raised
            raise InputError(f"a checkpoint could not be written: {one_line(error)}") from error
        path, self.path = self.path, None
        if path and path.is_dir():
            flush(path.parent)

    def open(self, path: Path) -> Saved:
        if not path.exists():
            raise InputError(f"{path} does not exist")
        found, trouble = self.restored(path, about=ocp.args.JsonRestore())
        if trouble:
            raise Damaged(f"{path} is damaged: {trouble}")
        found = found if isinstance(found, dict) else {}
        text = str(found.get("text"))
        if sha256(text) != found.get(HASH):
            raise Damaged(f"{path} is damaged: what it says of itself does not have the hash written with it")
        entries = self.entries(text, path)
        return Saved(entries["about"], lambda like: self.read(path, like, entries))

    def entries(self, text: str, path: Path) -> dict[str, Any]:
        try:
            entries = json.loads(text)
            if all(isinstance(entries[name], dict) for name in ("about", "arrays", "checksums")):
                return entries
        except (ValueError, RecursionError, KeyError, TypeError) as error:
            raise Damaged(f"{path} is damaged: {one_line(error)}") from error
        raise Damaged(f"{path} is damaged: it does not say what it holds")

    def read(self, path: Path, like: Any, entries: dict[str, Any]) -> Any:
        expected = named_leaves(like)
        check_structure(entries["arrays"], expected, path)
        places = jax.tree.map(placed, expected)
        arrays, trouble = self.restored(path, arrays=ocp.args.StandardRestore(places))
        if not by_all(not trouble):
            raise Damaged(f"{path} is damaged: {trouble or 'another process cannot read its part'}")
        found = checksums(arrays)
        for name, checksum in entries["checksums"].items():
            if found.get(name) != checksum:
                raise Damaged(f"{path} is damaged: {name} does not have the checksum that was written with it")
        return jax.tree.unflatten(jax.tree.structure(like), [arrays[name] for name in expected])

    def restored(self, path: Path, **item: Any) -> tuple[Any, str]:
        """(what was saved, "") or (None, what is wrong with it)."""
        (name,) = item
        with silence():
            try:
                return self.reader.restore(path.absolute(), args=ocp.args.Composite(**item))[name], ""
            except Exception as error:  # whatever orbax raises on files that are not those that were written
                trouble = textwrap.shorten(one_line(error), 160, placeholder=" …")
            time.sleep(SETTLING)
            gc.collect()
        return None, trouble


@contextmanager
def silence() -> Iterator[None]:
    """When one read fails, orbax forgets the others that it began; each then complains by itself that no one waits."""
    hook, log = sys.unraisablehook, logging.getLogger("asyncio")
    sys.unraisablehook, log.disabled = lambda complaint: None, True
    try:
        yield
    finally:
        sys.unraisablehook, log.disabled = hook, False


def flush_all(path: Path) -> None:
    """All files and folders below it are on the disk when this returns."""
    try:
        for folder, _, files in os.walk(path):
            for name in files:
                flush(Path(folder, name))
            flush(Path(folder))
    except OSError as error:
        raise InputError(f"a checkpoint could not be written: {error.strerror}") from error


def placed(leaf: Any) -> jax.ShapeDtypeStruct:
    """The leaf with the place where it shall lie: on this process's first device, if it has none."""
    sharding = leaf.sharding or jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding)


def checksums(arrays: dict[str, Array]) -> dict[str, list[int]]:
    return {name: found.tolist() for name, found in jax.device_get(sums(arrays)).items()}


@jax.jit
def sums(arrays: dict[str, Array]) -> dict[str, UInt32[Array, "2"]]:
    """Σ h(h(position + salt) ⊕ word) modulo 2³² for each array: whole numbers, so the same on whatever devices it lies,
    and found there without being gathered."""
    return {name: jnp.stack([checksum(words(array), salt) for salt in SALTS]) for name, array in arrays.items()}


def checksum(word: UInt32[Array, "*shape"], salt: int) -> UInt32[Array, ""]:
    position = jnp.full(word.shape, salt, jnp.uint32)
    stride = 1
    for axis in reversed(range(word.ndim)):
        position += jax.lax.broadcasted_iota(jnp.uint32, word.shape, axis) * jnp.uint32(stride % 2**32)
        stride *= word.shape[axis]
    return mixed(mixed(position) ^ word).sum(dtype=jnp.uint32)


def mixed(word: UInt32[Array, "*shape"]) -> UInt32[Array, "*shape"]:
    """A permutation of the 32-bit numbers: the one that MurmurHash3 ends with."""
    word = (word ^ (word >> 16)) * jnp.uint32(0x85EBCA6B)
    word = (word ^ (word >> 13)) * jnp.uint32(0xC2B2AE35)
    return word ^ (word >> 16)


def words(array: Array) -> UInt32[Array, "*shape"]:
    """The bits of its numbers, 32 in each word or fewer; of wider ones along a last axis."""
    if array.dtype == jnp.bool:
        return array.astype(jnp.uint32)
    bits = min(32, 8 * array.dtype.itemsize)
    return jax.lax.bitcast_convert_type(array, f"uint{bits}").astype(jnp.uint32)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
