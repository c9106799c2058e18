"""The backward passes in a user's FILE.py. The file is run as the user's own program; no text is evaluated."""

import contextlib
import inspect
import io
import runpy
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax

from functional_bp.checking.check import check_backward, check_custom_vjp
from functional_bp.checking.question.structure import first_line
from functional_bp.checking.report import Report
from functional_bp.errors import InputError

HOW = (
    "define a jax.custom_vjp, or forward and backward (or NAME_forward and NAME_backward), and example_inputs() that "
    "returns the primals as a tuple, or a dict of tuples by name"
)


@dataclass(frozen=True)
class Found:
    """A backward pass found in a file, and the check of it at its example inputs."""

    name: str
    check: Callable[..., Report]

    def report(self, **options: Any) -> Report:
        return self.check(**options)


def find(target: str) -> list[Found]:
    """What `FILE.py` or `FILE.py:NAME` names. Raises InputError, in one line, if there is nothing to check."""
    path, _, name = (target, "", "") if Path(target).is_file() or ":" not in target else target.rpartition(":")
    contents = run_file(Path(path))
    rules = dict(pairs(contents))
    if name and name not in rules:
        known = ", ".join(rules) or "none"
        raise InputError(f"{path}: no backward pass called {name!r}; found: {known}")
    chosen = {name: rules[name]} if name else rules
    if not chosen:
        raise InputError(f"{path}: no backward pass found; {HOW}")
    inputs = example_inputs(path, contents)
    return [Found(name, partial(check, *inputs_of(path, name, inputs, len(chosen)))) for name, check in chosen.items()]


def targets(names: Sequence[str]) -> list[str]:
    """The files named, and those in the directories named that offer `example_inputs`."""
    found = []
    for name in names:
        inside = sorted(Path(name).rglob("*.py")) if Path(name).is_dir() else None
        if inside is None:
            found.append(name)
            continue
        offering = [str(path) for path in inside if "def example_inputs" in path.read_text(errors="replace")]
        if not offering:
            raise InputError(f"{name}: no file in it has example_inputs(); {HOW}")
        found += offering
    return found


def run_file(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if path.suffix != ".py":
        raise InputError(f"{path}: expected a Python file, FILE.py or FILE.py:NAME")
    sys.path.insert(0, str(path.resolve().parent))  # as for any program, for what it imports, now or later
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # what the file prints would break --json
            return runpy.run_path(str(path), run_name=path.stem)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a file raises is said in a line
        raise InputError(f"{path}: the file itself raised {type(error).__name__}: {first_line(error)}") from error


def pairs(contents: dict[str, Any]) -> Iterator[tuple[str, Callable[..., Report]]]:
    """Name and check of each custom_vjp and of each forward with its backward, in the order of the file."""
    for name, value in contents.items():
        if callable(value) and isinstance(inspect.unwrap(value, stop=is_custom_vjp), jax.custom_vjp):
            yield name, partial(check_custom_vjp, value)
        elif name == "forward" and callable(contents.get("backward")):
            yield "backward", partial(check_backward, value, contents["backward"])
        elif name.endswith("_forward") and callable(contents.get(name.removesuffix("forward") + "backward")):
            stem = name.removesuffix("_forward")
            yield stem, partial(check_backward, value, contents[f"{stem}_backward"])


def is_custom_vjp(function: Any) -> bool:
    return isinstance(function, jax.custom_vjp)


def example_inputs(path: str, contents: dict[str, Any]) -> Any:
    make = contents.get("example_inputs")
    if not callable(make):
        raise InputError(f"{path}: example_inputs() is missing; {HOW}")
    try:
        return make()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise InputError(f"{path}: example_inputs() raised {type(error).__name__}: {first_line(error)}") from error


def inputs_of(path: str, name: str, inputs: Any, count: int) -> tuple:
    """The primals for one rule: of a dict its own entry, else the tuple for all."""
    if isinstance(inputs, dict) and (name in inputs or count > 1):
        if name not in inputs:
            raise InputError(f"{path}: example_inputs() has no entry {name!r}; it has {', '.join(map(str, inputs))}")
        inputs = inputs[name]
    return tuple(inputs) if isinstance(inputs, tuple | list) else (inputs,)
