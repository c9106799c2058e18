"""Checkpoints: where a run stands, whole on disk, so that a killed run goes on as if it never stopped."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax

from functional_bp.errors import InputError
from functional_bp.training.devices.processes import is_first
from functional_bp.training.saving.archive import Damaged, one_line
from functional_bp.training.saving.reports import LARGEST_STEP, Report, checked_report
from functional_bp.training.saving.stores import Store
from functional_bp.training.step import State

FORMAT = 2


class Checkpoint(NamedTuple):
    """The state, the reports so far and, of a run that keeps its best parameters, these."""

    state: State
    reports: list[Report]
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
        self.remove_old(self.keep - 1)
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot make {self.folder}: {error.strerror}") from error
        self.last = self.folder / f"step-{int(checkpoint.state.step):09}{self.store.ending}"
        about = {"format": FORMAT, "config": self.config, "reports": checkpoint.reports}
        self.store.save(self.last, {"state": plain(checkpoint.state), "best": checkpoint.best}, about)
        if self.store.at_once:
            self.finish()

    def finish(self) -> None:
        """Waits for the last one. Then removes what is too old, and what a killed run has left half written."""
        self.store.wait()
        if is_first():
            files = self.files()
            for path in self.folder.glob("*step-*"):
                if path not in files:
                    remove(path)
        self.remove_old(self.keep)

    def remove_old(self, keep: int) -> None:
        """Leaves the newest `keep`, and at least one. What is newer than the last one was damaged, and does not count:
        it will be written again."""
        if is_first() and self.last:
            for path in [path for path in self.files() if path <= self.last][max(1, keep) :]:
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
        if not isinstance(about, dict) or "format" not in about:
            raise InputError(f"{path} is no checkpoint")
        if about["format"] != FORMAT:
            raise InputError(f"{path}: expected a checkpoint of format {FORMAT}, got {about['format']}")
        config, reports = checked(about, path)
        for name in sorted(self.config.keys() | config.keys()):
            there, here = config.get(name), self.config.get(name)
            if there != here:
                raise InputError(f"{path} is of another run: its {name} is {there!r}, that of the folder is {here!r}")
        tree = read({"state": like.state, "best": like.best})
        state = tree["state"]._replace(key=jax.random.wrap_key_data(tree["state"].key))
        if int(state.step) < (reports[-1]["step"] if reports else 0) or int(state.step) >= LARGEST_STEP:
            raise Damaged(f"{path} is damaged: it is of step {int(state.step)}, its reports are not")
        return Checkpoint(state, reports, tree["best"])

    def files(self) -> list[Path]:
        """The newest first; those that are only half written have other names."""
        name = re.compile(rf"step-\d{{9,}}{re.escape(self.store.ending)}")
        found = self.folder.iterdir() if self.folder.is_dir() else []
        return sorted((path for path in found if name.fullmatch(path.name)), reverse=True)


def checked(about: dict[str, Any], path: Path) -> tuple[dict[str, Any], list[Report]]:
    """The options of the run and its reports. Raises InputError for what is neither."""
    config, reports = about.get("config"), about.get("reports")
    if not isinstance(config, dict) or not isinstance(reports, list):
        raise Damaged(f"{path} is damaged: it does not say of which run it is")
    try:
        reports = [checked_report(report) for report in reports]
    except ValueError as error:
        raise Damaged(f"{path} is damaged: {one_line(error)}") from error
    steps = [report["step"] for report in reports]
    if steps != sorted(set(steps)):
        raise Damaged(f"{path} is damaged: its reports are out of order")
    return config, reports


def plain(state: State) -> State:
    """The state with its random key as the numbers it is made of."""
    return state._replace(key=jax.random.key_data(state.key))


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
