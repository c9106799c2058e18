"""functional-bp: backpropagation as a chain of explicit Jacobians.

The public names are imported when they are first used, so that the command line answers without waiting for JAX.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functional_bp.checking import *  # noqa: F403
    from functional_bp.errors import InputError as InputError
    from functional_bp.interop import custom_vjp as custom_vjp
    from functional_bp.jacobians import *  # noqa: F403
    from functional_bp.networks import *  # noqa: F403
    from functional_bp.rules import *  # noqa: F403
    from functional_bp.runs.loading import load as load
    from functional_bp.runs.summary import summary as summary
    from functional_bp.runs.training import train as train

__version__ = "0.1.0"

ROOMS = (
    "errors",
    "jacobians",
    "rules",
    "networks",
    "interop",
    "checking",
    "runs.loading",
    "runs.summary",
    "runs.training",
)
"""Each lists its public names in `__all__`."""


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return sorted(public for room in ROOMS for public in imported(room).__all__)
    if not name.startswith("__") and find_spec(f"{__name__}.{name}") is None:
        for room in map(imported, ROOMS):
            if name in room.__all__:
                value = globals()[name] = getattr(room, name)
                return value
    raise AttributeError(f"functional_bp has no {name!r}")


def imported(room: str) -> Any:
    return import_module(f"{__name__}.{room}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__getattr__("__all__")})
