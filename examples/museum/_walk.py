"""The pieces of this folder, one file a bug: a forward, the wrong backward, the repaired one, the story."""

import importlib.util
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Piece:
    """A bug. `kinds`: causes true of it; `trigger`: what it needs, "" if any input shows it; `said`: how that is said.

    `said` is a pattern that what is reported must contain, in any case of letters, for the trigger to count as named.
    """

    name: str
    title: str
    link: str
    lived: str
    kinds: frozenset[str]
    trigger: str
    said: str
    forward: Callable
    wrong: Callable
    backward: Callable
    example_inputs: Callable[[], tuple]


def pieces() -> Iterator[Piece]:
    for path in sorted(HERE.glob("[!_]*.py")):
        yield load(path)


def load(path: Path) -> Piece:
    spec = importlib.util.spec_from_file_location(f"museum_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path}: no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    title, _, story = (module.__doc__ or "").partition("\n")
    link = re.search(r"https://\S+?(?=[:;,.]?\s)", story)
    return Piece(
        path.stem,
        title,
        link.group() if link else "",
        module.LIVED,
        frozenset(module.KINDS),
        module.TRIGGER,
        module.SAID,
        module.forward,
        module.wrong,
        module.backward,
        module.example_inputs,
    )
