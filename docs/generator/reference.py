"""What is public, room by room: each signature with its shapes, each docstring, and the help of each command."""

import argparse
import inspect
import os
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from functional_bp import cli

ROOMS = {
    "rules": ("Rules", ("functional_bp.rules",)),
    "jacobians": ("Jacobians", ("functional_bp.jacobians",)),
    "networks": ("Networks", ("functional_bp.networks", "functional_bp.interop", "functional_bp.runs.summary")),
    "checking": ("Checking", ("functional_bp.checking",)),
    "proving": ("Proving", ("derivations.reading",)),
    "derivations": ("Derivations", ("derivations",)),
    "training": ("Training", ("functional_bp.training", "functional_bp.runs.training", "functional_bp.runs.loading")),
}
WIDTH = "100"
MODULES = re.compile(
    r"\b(?:jaxtyping|jax|numpy|typing|collections\.abc|functional_bp|derivations|optax|sympy)(?:\.\w+)*\.(?=\w)"
)


def pages() -> dict[str, str]:
    found = {f"reference/{stem}.md": room(title, modules) for stem, (title, modules) in ROOMS.items()}
    return found | {"reference/commands.md": commands()}


def room(title: str, modules: tuple[str, ...]) -> str:
    return f"# {title}\n\n" + "\n\n".join(text for name in modules for text in of_module(name)) + "\n"


def of_module(name: str) -> Iterator[str]:
    module = import_module(name)
    yield f"`{name}`: {described(module)}"
    for public in module.__all__:
        yield entry(public, getattr(module, public))


def entry(name: str, value: Any) -> str:
    """A class, a function or a value under its own heading."""
    if not callable(value):
        return f"## {name}\n\n`{name} = {value!r}`"
    head = f"## {name}\n\n```text\n{'class ' if isinstance(value, type) else ''}{name}{signature(value)}\n```"
    return f"{head}\n\n{described(value)}" + "".join(methods(value) if isinstance(value, type) else ())


def methods(value: type) -> Iterator[str]:
    """Its own public methods and properties that say what they are."""
    for name, member in vars(value).items():
        function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
        if not name.startswith("_") and inspect.isfunction(function) and function.__doc__:
            arguments = "" if isinstance(member, property) else signature(function).replace("(self, ", "(", 1)
            yield f"\n\n- `.{name}{arguments.replace('(self)', '()')}`: {described(function)}".replace("\n", "\n  ")


def signature(value: Any) -> str:
    """As it is written: names of shapes, and no modules."""
    try:
        found = str(inspect.signature(value))
    except (TypeError, ValueError):
        return ""
    found = MODULES.sub("", found)
    return re.sub(r"<function (\w+) at 0x\w+>|<class '(?:\w+\.)*(\w+)'>", r"\1\2", found)


def described(value: Any) -> str:
    text = inspect.cleandoc(value.__doc__ or "")
    return re.sub(r"(?m)^", "", text).replace("|", "\\|") if text else ""


def commands() -> str:
    """What `--help` says of each command."""
    os.environ["COLUMNS"], os.environ["NO_COLOR"] = WIDTH, "1"
    top = cli.parser()
    of_commands = next(a for a in top._actions if isinstance(a, argparse._SubParsersAction)).choices
    texts = [f"## {name}\n\n```text\n{parser.format_help().rstrip()}\n```" for name, parser in of_commands.items()]
    return "# Commands\n\n" + "\n\n".join(texts) + "\n"
