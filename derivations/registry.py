"""Every derivation by its name: the rule's, or the rule's and what it is with respect to (`softmax`, `affine.W`)."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from derivations import Derivation
from derivations.engine.kink import Kink


@cache
def stems() -> tuple[str, ...]:
    """The files that derive something, in the order of their names."""
    files = (module.name for module in iter_modules(import_module("derivations").__path__) if not module.ispkg)
    return tuple(
        stem for stem in files if stem != "registry" and hasattr(import_module(f"derivations.{stem}"), "DERIVATIONS")
    )


@cache
def derivations() -> dict[str, Derivation]:
    return {d.name: d for stem in stems() for d in of_file(stem)[1]}


def of_file(stem: str) -> tuple[str, tuple[Derivation, ...]]:
    """What the file says of itself, and its derivations."""
    module = import_module(f"derivations.{stem}")
    return module.__doc__ or "", module.DERIVATIONS


@cache
def kinks() -> dict[str, Kink]:
    """The rules that have a kink, by name."""
    found: dict[str, Kink] = {}
    for stem in stems():
        found |= getattr(import_module(f"derivations.{stem}"), "KINKS", {})
    return found


def of_rule(rule: str) -> tuple[Derivation, ...]:
    """The derivations of one rule: those named `rule` or `rule.…`."""
    return tuple(d for name, d in derivations().items() if name.split(".")[0] == rule)
