"""Where trees of arrays are kept: each is on disk whole, or refused. Two ways: one npz file, or orbax's shards."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from functional_bp.errors import InputError
from functional_bp.training.devices.processes import is_first
from functional_bp.training.saving.archive import Damaged, as_tree, load_arrays, named_leaves, one_line, save_tree

if TYPE_CHECKING:
    from functional_bp.training.devices.sharding import Layout


class Saved(NamedTuple):
    """What was said of a tree when it was saved, and `read(like)`, the tree itself.

    `like` has its structure, shapes and dtypes, and of arrays that are to lie on many devices their sharding.
    """

    about: dict[str, Any]
    read: Callable[[Any], Any]


@runtime_checkable
class Store(Protocol):
    """All processes call all of it, and with the same trees. A name ends with `ending`."""

    ending: str
    at_once: bool  # whether all is written when `save` returns

    def save(self, path: Path, tree: Any, about: dict[str, Any] | None = None) -> None:
        """Writes the tree, in the place of what was there. That may go on afterwards: until it is whole, nothing has
        this name. Raises InputError if it, or the one before, cannot be written."""
        ...

    def wait(self) -> None:
        """Returns when all that was saved is on disk. Raises InputError if it cannot be."""
        ...

    def open(self, path: Path) -> Saved:
        """Raises InputError where there is none and, as `read` may, for one that is damaged or of another structure."""
        ...


class Npz:
    """One file for each tree, which the first process writes: on many devices the arrays are gathered for it."""

    ending = ".npz"
    at_once = True

    def __init__(self, layout: "Layout | None" = None) -> None:
        self.layout = layout

    def save(self, path: Path, tree: Any, about: dict[str, Any] | None = None) -> None:
        whole = named_leaves(self.layout.gather(tree) if self.layout else tree)
        if is_first():
            text = {} if about is None else {"about": np.frombuffer(json.dumps(about).encode(), np.uint8)}
            save_tree(path, whole | text)

    def wait(self) -> None:
        pass

    def open(self, path: Path) -> Saved:
        arrays = load_arrays(path)
        try:
            about = json.loads(arrays.pop("about").tobytes()) if "about" in arrays else {}
        except (ValueError, RecursionError) as error:
            raise Damaged(f"{path} is damaged: {one_line(error)}") from error
        return Saved(about, lambda like: as_tree(arrays, like, path))


def sharded(layout: "Layout | None") -> Store:
    try:
        from functional_bp.training.saving.shards import Shards
    except ImportError as error:
        raise InputError("--checkpoints orbax needs orbax: pip install 'functional-bp[scale]'") from error
    return Shards()


STORES: dict[str, Callable[["Layout | None"], Store]] = {"npz": Npz, "orbax": sharded}


def store(name: str, layout: "Layout | None" = None) -> Store:
    """Raises InputError for another name, and for orbax where it is not installed."""
    if name not in STORES:
        raise InputError(f"unknown --checkpoints {name!r}: expected one of {', '.join(STORES)}")
    return STORES[name](layout)
