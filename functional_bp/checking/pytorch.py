"""A `torch.autograd.Function`, judged by torch's own derivative of what its forward computes, in float64."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np

from functional_bp.checking.check import examine, title_of
from functional_bp.checking.report import Report
from functional_bp.checking.verdict.companions import Options
from functional_bp.errors import InputError


def check_torch_function(
    F: Any, *tensors: Any, names: Sequence[str] | None = None, seed: int = 0, thorough: bool = False, intended: str = ""
) -> Report:
    """`check_backward` for a `torch.autograd.Function`: is F.backward ȳ J, J the Jacobian of F.forward's operations?

    F is applied as it is, and torch differentiates it by F.backward. The truth is what torch's autograd says of the
    operations in F.forward, run without F. Where these are not torch's own (a kernel), finite differences judge.
    What is no tensor is handed on. Raises InputError where torch is not installed, or F is no such function.
    """
    torch = torch_module()
    if not (isinstance(F, type) and issubclass(F, torch.autograd.Function)):
        raise InputError(f"check_torch_function: expected a torch.autograd.Function, got {title_of(F)}")
    primals = tuple(to_numpy(t) if isinstance(t, torch.Tensor) else t for t in tensors)
    names = names or tuple(f"input {i}" for i in range(len(primals)))
    options = Options(F.__name__, None, False, seed, thorough=thorough, shapes="given", intended=intended)
    return examine(TorchForward(F), TorchBackward(F), primals, options, names=names)


def torch_module() -> Any:
    try:
        import torch  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise InputError("check_torch_function: torch is not installed: pip install torch") from error
    return torch


@dataclass(frozen=True)
class TorchForward:
    """F's values, and `pull`: ȳ J by torch's autograd through the operations of F.forward."""

    F: Any
    library = "torch"

    def __call__(self, *primals: Any) -> Any:
        import torch  # pyright: ignore[reportMissingImports]

        with torch.no_grad():
            return to_numpy(self.F.apply(*map(to_tensor, primals)))

    def pull(self, primals: tuple, y_bar: Any) -> tuple[Any, tuple]:
        """Outputs and cotangents; None for what is not a float tensor or does not take part."""
        return differentiated(self.operations, primals, y_bar)

    def operations(self, *tensors: Any) -> Any:
        import torch  # pyright: ignore[reportMissingImports]

        context = Context()
        with torch.enable_grad():
            if self.F.setup_context is torch.autograd.Function.setup_context:
                return self.F.forward(context, *tensors)
            return self.F.forward(*tensors)


@dataclass(frozen=True)
class TorchBackward:
    """What torch gets when it differentiates F, by F.backward."""

    F: Any

    def __call__(self, primals: tuple, y_bar: Any) -> tuple:
        return differentiated(self.F.apply, primals, y_bar)[1]


class Context:
    """Stands for torch's own where F.forward runs without F."""

    needs_input_grad = (True,) * 64

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None


def differentiated(function: Any, primals: tuple, y_bar: Any) -> tuple[Any, tuple]:
    import torch  # pyright: ignore[reportMissingImports]

    tensors = [to_tensor(a) for a in primals]
    due = [t for t in tensors if isinstance(t, torch.Tensor) and t.is_floating_point()]
    for tensor in due:
        tensor.requires_grad_()
    outputs = function(*tensors)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    bars = y_bar if isinstance(y_bar, tuple) else (y_bar,)
    pairs = [(y, to_tensor(b)) for y, b in zip(outputs, bars, strict=True) if getattr(y, "requires_grad", False)]
    if not pairs:
        raise RuntimeError("no output depends on the inputs by operations that torch differentiates")
    grads = iter(torch.autograd.grad([y for y, _ in pairs], due, [b for _, b in pairs], allow_unused=True))
    found = [next(grads) if any(t is d for d in due) else None for t in tensors]
    values: Any = tuple(to_numpy(y) for y in outputs)
    return values if len(values) > 1 else values[0], tuple(None if g is None else to_numpy(g) for g in found)


def to_tensor(a: Any) -> Any:
    """A copy of an array as tensor; anything else as it is."""
    import torch  # pyright: ignore[reportMissingImports]

    if not (isinstance(a, np.ndarray) or hasattr(a, "__jax_array__") or type(a).__module__.startswith("jax")):
        return a
    a = np.array(a)
    if a.dtype == jnp.bfloat16:
        return torch.from_numpy(a.astype("float32")).to(torch.bfloat16)
    return torch.from_numpy(a)


def to_numpy(t: Any) -> Any:
    import torch  # pyright: ignore[reportMissingImports]

    if isinstance(t, tuple | list):
        return tuple(map(to_numpy, t))
    if not isinstance(t, torch.Tensor):
        return t
    t = t.detach().cpu()
    return t.float().numpy().astype(jnp.bfloat16) if t.dtype == torch.bfloat16 else t.numpy()
