"""Checkpoints: where a run stands, whole on disk, so that a killed run goes on as if it never stopped."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax

from functional_bp.errors import InputError
from functional_bp.training.devices.processes import is_first
from functional_bp.training.saving.archive import Damaged
from functional_bp.training.saving.stores import Store
from functional_bp.training.step import State

FORMAT = 2


class Checkpoint(NamedTuple):
    """The state, the reports so far and, of a run that keeps its best parameters, these."""

    state: State
    reports: list[dict[str, int | float]]
    best: Any = ()


class Checkpoints:
    """A folder of trees step-000000420, of which the newest `keep` stay. `config` are the options of their run."""

    def __init__(self, folder: Path, config: dict[str, Any], keep: int, store: Store) -> None:
        self.folder, self.config, self.keep, self.store = folder, config, keep, store
        self.last: Path | None = None

    def save(self, checkpoint: Checkpoint) -> None:
        """As the store saves: it may go on in the background.

        Raises InputError if it, or the one before, cannot be written; the older ones are then still there.
        """
        self.finish()
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot make {self.folder}: {error.strerror}") from error
        self.last = self.folder / f"step-{int(checkpoint.state.step):09}{self.store.ending}"
        about = {"format": FORMAT, "config": self.config, "reports": checkpoint.reports}
        self.store.save(self.last, {"state": plain(checkpoint.state), "best": checkpoint.best}, about)

    def finish(self) -> None:
        """Waits for the last one. Then removes what is too old, and what a killed run has left half written.

        What is newer than the last one was damaged, and does not count: it will be written again.
        """
        self.store.wait()
        if not is_first():
            return
        files = self.files()
        half = [path for path in self.folder.glob("*step-*") if path not in files]
        old = [path for path in files if self.last and path <= self.last][self.keep :]
        for path in half + old:
            remove(path)

    def newest(self, like: Checkpoint, warn: Callable[[str], None]) -> Checkpoint | None:
        """The last good one, None if none was ever made; `warn` is told of the damaged ones that are passed over.

        `like` has its arrays' shapes, dtypes and places, and the state's key as numbers. Raises InputError if all are
        damaged, or for one of another run or version, with what differs.
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

    def load(self, path: Path, like: Checkpoint) -> Checkpoint:
        about, read = self.store.open(path)
        if "format" not in about:
            raise InputError(f"{path} is no checkpoint")
        if about["format"] != FORMAT:
            raise InputError(f"{path}: expected a checkpoint of format {FORMAT}, got {about['format']}")
        for name in sorted(self.config.keys() | about["config"].keys()):
            there, here = about["config"].get(name), self.config.get(name)
            if there != here:
                raise InputError(f"{path} is of another run: its {name} is {there!r}, that of the folder is {here!r}")
        tree = read({"state": like.state, "best": like.best})
        state = tree["state"]._replace(key=jax.random.wrap_key_data(tree["state"].key))
        return Checkpoint(state, about["reports"], tree["best"])

    def files(self) -> list[Path]:
        """The newest first; those that are only half written have other names."""
        name = re.compile(rf"step-\d{{9,}}{re.escape(self.store.ending)}")
        found = self.folder.iterdir() if self.folder.is_dir() else []
        return sorted((path for path in found if name.fullmatch(path.name)), reverse=True)


def plain(state: State) -> State:
    """The state with its random key as the numbers it is made of."""
    return state._replace(key=jax.random.key_data(state.key))


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
