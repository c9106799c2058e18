"""Where an operation of a traced program was written, and under which name: what its traceback tells."""

import linecache
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax

NOT_THE_AUTHOR = (os.path.dirname(jax.__file__) + os.sep, str(Path(__file__).parents[1]) + os.sep)
WRAPPERS = {"op", "meth", "reraise_with_filtered_traceback", "cache_miss", "bind", "bind_with_trace", "fun_remat"}
SPOKEN = {
    "dot_general": "matrix product", "conv_general_dilated": "convolution", "logistic": "sigmoid", "reduce_sum": "sum",
    "reduce_max": "max", "reduce_min": "min", "reduce_prod": "prod", "select_n": "where", "integer_pow": "power",
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A line of the author's: `in mlp, line 12: h = jnp.tanh(x @ W)`."""

    file: str
    line: int
    function: str
    column: int = 0  # tells the calls on one line apart

    def __str__(self) -> str:
        source = " ".join(linecache.getline(self.file, self.line).split())
        text = f": {source[:60]}{' …' if len(source) > 60 else ''}" if source else ""
        return f"in {self.function}, line {self.line}{text}" if self.line else f"in {self.function}"


Call = tuple[Any, str]  # what tells this call from others, and the name of the function called


def origin(equation: Any) -> tuple[Place | None, tuple[Call, ...]]:
    """The author's line that an equation stems from, and the calls that led from his outermost function to it."""
    try:
        tb = equation.source_info.traceback
        frames = [frame(code, tb.code_addr2location(code, at)) for code, at in zip(*tb.raw_frames(), strict=True)][::-1]
    except (AttributeError, TypeError):  # traced without tracebacks, or by a JAX that keeps them elsewhere
        return None, ()
    theirs = [not frame.file.startswith(NOT_THE_AUTHOR) for frame in frames]
    if not any(theirs):
        return None, ()
    outer = max((i for i, f in enumerate(frames) if f.file.startswith(NOT_THE_AUTHOR[1])), default=-1)
    last = max(i for i, own in enumerate(theirs) if own)
    users = [f for f, own in zip(frames[outer + 1 : last + 1], theirs[outer + 1 :], strict=False) if own]
    if not users:
        return None, ()
    called = [*(f.function for f in users[1:]), *library_function([f.function for f in frames[last + 1 :]])]
    return users[-1], tuple(zip(users, called, strict=False))


def frame(code: Any, location: tuple[int, int, int, int]) -> Place:
    return Place(code.co_filename, location[0], code.co_name, location[1])


def library_function(names: list[str]) -> list[str]:
    """The function of JAX's that the author called: the outermost public one."""
    for name in names:
        if name == "bind":
            break
        if name.isidentifier() and not name.startswith("_") and name not in WRAPPERS:
            return [name]
    return []


def spoken(primitive: str) -> str:
    return SPOKEN.get(primitive, primitive)
