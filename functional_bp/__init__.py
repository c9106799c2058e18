"""functional-bp: backpropagation as a chain of explicit Jacobians.

The public names are imported when they are first used, so that the command line answers without waiting for JAX.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functional_bp.checking import *  # noqa: F403
    from functional_bp.jacobians import *  # noqa: F403
    from functional_bp.network import *  # noqa: F403
    from functional_bp.rules import *  # noqa: F403
    from functional_bp.runs.loading import load as load
    from functional_bp.runs.summary import summary as summary

__version__ = "0.1.0"

_HOMES = {
    "functional_bp.jacobians": (
        "BlockColumn BlockRow Broadcast Chain Composed Dense Diagonal DiagonalMinusOuter Identity "
        "IdentityMinusRows Jacobian Outer OwnColumn PairProduct RowVector Selection Shape Sum static"
    ),
    "functional_bp.rules": (
        "AffineParams absolute absolute_error affine binary_kl binary_nll dropout identity kl leaky_relu "
        "log_softmax nll pair_product polynomial power_product randomised_leaky_relu relu sigmoid "
        "sigmoid_binary_nll softmax softmax_nll squared_error step subset_max tanh"
    ),
    "functional_bp.network": "Layer affine_layer chain residual value_and_grad",
    "functional_bp.checking": "Report assert_backward check_backward check_custom_vjp check_rule check_vjp",
    "functional_bp.interop": "custom_vjp",
    "functional_bp.runs.loading": "load",
    "functional_bp.runs.summary": "summary",
    "functional_bp.errors": "InputError",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}
__all__ = sorted(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"functional_bp has no {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
