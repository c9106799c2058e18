"""Checkpoints: where a run stands, whole on disk, so that a killed run goes on as if it never stopped."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from functional_bp.errors import InputError
from functional_bp.training.archive import Damaged, as_tree, load_arrays, save_tree
from functional_bp.training.step import State

FORMAT = 1


class Checkpoint(NamedTuple):
    """The state, the reports so far, and the options of the run that it is of."""

    state: State
    reports: list[dict[str, int | float]]


class Checkpoints:
    """A folder of step-000000420.npz files, of which the newest `keep` stay."""

    def __init__(self, folder: Path, config: dict[str, Any], keep: int) -> None:
        self.folder, self.config, self.keep = folder, config, keep

    def save(self, state: State, reports: list[dict[str, int | float]]) -> None:
        """Raises InputError if it cannot be written; the older ones are then still there."""
        about = {"format": FORMAT, "config": self.config, "reports": reports}
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot make {self.folder}: {error.strerror}") from error
        path = self.folder / f"step-{int(state.step):09}.npz"
        save_tree(path, {"about": np.frombuffer(json.dumps(about).encode(), np.uint8), "state": plain(state)})
        for old in self.files()[self.keep :]:
            old.unlink(missing_ok=True)

    def newest(self, like: State, warn: Callable[[str], None]) -> Checkpoint | None:
        """The last good one, None if none was ever made; `warn` is told of the damaged ones that are passed over.

        Raises InputError if all are damaged, or for one of another run or version, with what differs.
        """
        files = self.files()
        for path in files:
            try:
                return self.load(path, like)
            except Damaged as error:
                warn(f"{error}; going on from the one before")
        if files:
            raise InputError(f"{self.folder}: every checkpoint is damaged")
        return None

    def load(self, path: Path, like: State) -> Checkpoint:
        arrays = load_arrays(path)
        if "about" not in arrays:
            raise InputError(f"{path} is no checkpoint")
        about = json.loads(arrays.pop("about").tobytes())
        if about["format"] != FORMAT:
            raise InputError(f"{path}: expected a checkpoint of format {FORMAT}, got {about['format']}")
        for name in sorted(self.config.keys() | about["config"].keys()):
            there, here = about["config"].get(name), self.config.get(name)
            if there != here:
                raise InputError(f"{path} is of another run: its {name} is {there!r}, that of the folder is {here!r}")
        state = as_tree(arrays, {"state": jax.eval_shape(plain, like)}, path)["state"]
        return Checkpoint(state._replace(key=jax.random.wrap_key_data(state.key)), about["reports"])

    def files(self) -> list[Path]:
        """The newest first; files that are only half written have other names."""
        found = self.folder.glob("step-*.npz") if self.folder.is_dir() else []
        return sorted((path for path in found if re.fullmatch(r"step-\d{9,}\.npz", path.name)), reverse=True)


def plain(state: State) -> State:
    """The state with its random key as the numbers it is made of."""
    return state._replace(key=jax.random.key_data(state.key))
