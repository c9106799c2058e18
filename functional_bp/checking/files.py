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

from functional_bp.checking.check import check_backward, check_custom_vjp, check_vjp
from functional_bp.checking.question.adapters import First, FromCache
from functional_bp.checking.question.problem import argument_names
from functional_bp.checking.question.structure import first_line
from functional_bp.checking.report import Report
from functional_bp.errors import InputError

HOW = (
    "define a jax.custom_vjp, or forward and backward (or NAME_forward and NAME_backward), and example_inputs() that "
    "returns the primals as a tuple, or a dict of tuples by name, or calls a custom_vjp that a factory makes"
)
PRIMALS = {"primals", "inputs", "args", "xs", "x"}  # what people call the arguments of a backward
COTANGENTS = {"dout", "dy", "dz", "dL", "dloss", "grad", "grad_out", "grad_output", "dA", "dnext_h", "dh", "g", "y_bar",
              "delta", "upstream", "upstream_grad", "gradient", "d_out", "doutput", "out_grad"}  # fmt: skip
CACHES = {"cache", "caches", "ctx", "context", "saved", "residuals", "res", "memory", "store", "tape"}


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
    with recorded_calls() as calls:
        inputs = example_inputs(path, contents) if chosen or "example_inputs" in contents else None
    known = [inspect.unwrap(value, stop=is_custom_vjp) for value in contents.values() if callable(value)]
    made = [] if name else [found_at(f, primals) for f, primals in calls if all(f is not g for g in known)]
    if not chosen and not made:
        raise InputError(f"{path}: no backward pass found; {HOW}")
    if inputs is None and made:  # they were called, nothing is returned
        return made
    own = [Found(name, partial(check, *inputs_of(path, name, inputs, len(chosen)))) for name, check in chosen.items()]
    return [*own, *made]


def found_at(f: jax.custom_vjp, primals: tuple) -> Found:
    return Found(getattr(f.fun, "__qualname__", type(f.fun).__name__), partial(check_custom_vjp, f, *primals))


@contextlib.contextmanager
def recorded_calls() -> Iterator[list[tuple[jax.custom_vjp, tuple]]]:
    """The custom_vjps that are called meanwhile with numbers, each once: what factories and methods make."""
    calls: list[tuple[jax.custom_vjp, tuple]] = []
    call = jax.custom_vjp.__call__

    def recording(self: jax.custom_vjp, *args: Any, **kwargs: Any) -> Any:
        traced = any(isinstance(a, jax.core.Tracer) for a in jax.tree.leaves(args))
        if not traced and not kwargs and all(f is not self for f, _ in calls):
            calls.append((self, args))
        return call(self, *args, **kwargs)

    jax.custom_vjp.__call__ = recording
    try:
        yield calls
    finally:
        jax.custom_vjp.__call__ = call


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


def without_inputs(names: Sequence[str]) -> list[str]:
    """The files in the directories named that define a backward pass, and offer no inputs to check it at."""
    texts = {p: p.read_text(errors="replace") for n in names if Path(n).is_dir() for p in sorted(Path(n).rglob("*.py"))}
    return [str(p) for p, text in texts.items() if ".defvjp(" in text and "def example_inputs" not in text]


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
        if not callable(value):
            continue
        fwd, bwd = (contents.get(f"{name}_{half}") for half in ("fwd", "bwd"))
        partner = contents.get(name.replace("forward", "backward")) if "forward" in name else None
        if isinstance(inspect.unwrap(value, stop=is_custom_vjp), jax.custom_vjp):
            yield name, partial(check_custom_vjp, value)
        elif callable(partner) and inspect.isroutine(value):
            stem = "_".join(part for part in name.split("_") if part != "forward") or "backward"
            yield stem, partial(check_pair, value, partner)
        elif callable(fwd) and callable(bwd):
            yield name, partial(check_vjp, value, fwd, bwd)


def check_pair(forward: Callable, backward: Callable, *primals: Any, **options: Any) -> Report:
    """`backward(primals, y_bar)`; or, as homework has it, `out, cache = forward(…)` and `backward(dout, cache)`."""
    if not is_homework(forward, backward, primals):
        return check_backward(forward, backward, *primals, **options)
    names = argument_names(forward, len(primals))
    told = FromCache(forward, backward)
    fixed = names[told.answered(primals) :]
    return check_backward(First(forward), told, *primals, names=names, constant=fixed, **options)


def is_homework(forward: Callable, backward: Callable, primals: tuple) -> bool:
    """Are the backward's two arguments the cotangent and what the forward keeps?"""
    try:
        first, second, *_ = inspect.signature(backward).parameters
    except (TypeError, ValueError):
        return False
    if first in PRIMALS or second in COTANGENTS:
        return False
    try:
        output = forward(*primals)
    except Exception:  # the check itself says it better
        return False
    return isinstance(output, tuple) and len(output) == 2 and (first in COTANGENTS or second in CACHES)


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
