"""Real wrong backward passes, restated: which checker finds them from ordinary inputs?

    python examples/museum            the table
    python examples/museum NAME …     our report of these pieces

An ordinary input is what the code's own tests use: small, regular, random. check_grads compares with difference
quotients to the first and to the second order, chex to the first; torch's gradcheck takes part where it is installed.
"""

import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from _walk import Piece, pieces

from functional_bp.checking import check_backward


def as_custom_vjp(piece: Piece) -> Callable:
    f = jax.custom_vjp(piece.forward)
    f.defvjp(lambda *primals: (piece.forward(*primals), primals), piece.wrong)
    return f


def of_floats(piece: Piece) -> tuple[Callable, list]:
    """The function of its float arguments alone, as the difference quotients of others need it."""
    primals, f = piece.example_inputs(), as_custom_vjp(piece)
    free = [i for i, a in enumerate(primals) if jnp.issubdtype(a.dtype, jnp.floating)]

    def of_free(*floats: Any) -> Any:
        filled = dict(zip(free, floats, strict=True))
        return f(*(filled.get(i, a) for i, a in enumerate(primals)))

    return of_free, [jnp.asarray(primals[i]) for i in free]


def check_grads(piece: Piece, order: int) -> None:
    from jax.test_util import check_grads

    f, floats = of_floats(piece)
    check_grads(f, floats, order, modes=("rev",), atol=2e-2, rtol=2e-2)


def chex(piece: Piece) -> None:
    import chex  # pyright: ignore[reportMissingImports]

    f, floats = of_floats(piece)
    chex.assert_numerical_grads(lambda *x: jnp.sum(f(*x)), floats, order=1, modes=("rev",), rtol=2e-2)


def gradcheck(piece: Piece) -> None:
    import torch  # pyright: ignore[reportMissingImports]

    with jax.enable_x64(True):
        f, floats = of_floats(piece)

        class Function(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, *x: Any) -> Any:
                y, ctx.pull = jax.vjp(f, *(jnp.asarray(a.detach().numpy()) for a in x))
                return torch.tensor(np.asarray(y))

            @staticmethod
            def backward(ctx: Any, *y_bar: Any) -> Any:
                return tuple(torch.tensor(np.asarray(a)) for a in ctx.pull(jnp.asarray(y_bar[0].numpy())))

        tensors = [torch.tensor(np.asarray(a, "float64"), requires_grad=True) for a in floats]
        torch.autograd.gradcheck(Function.apply, tensors)


def ours(piece: Piece) -> None:
    assert check_backward(piece.forward, piece.wrong, *piece.example_inputs()).ok


SIDES: dict[str, Callable[[Piece], None]] = {
    "check_grads, order 1": partial(check_grads, order=1),
    "check_grads, order 2": partial(check_grads, order=2),
    "chex": chex,
    "gradcheck": gradcheck,
    "check_backward": ours,
}


def verdict(side: Callable[[Piece], None], piece: Piece) -> str:
    """found; missed; `error`, which tells the user something; `–`, not installed; `cannot`, where JAX has to trace."""
    try:
        side(piece)
    except ModuleNotFoundError:
        return "–"
    except jax.errors.TracerArrayConversionError:
        return "cannot"
    except AssertionError:
        return "found"
    except Exception as error:
        return "found" if type(error).__name__ == "GradcheckError" else "error"
    return "missed"


def rows() -> Iterator[tuple[Piece, list[str]]]:
    for piece in pieces():
        yield piece, [verdict(side, piece) for side in SIDES.values()]


def print_table() -> None:
    width = max(len(piece.name) for piece in pieces())
    print(" " * width, *(f"{name:>20}" for name in SIDES))
    found = [0] * len(SIDES)
    for piece, verdicts in rows():
        print(f"{piece.name:<{width}}", *(f"{text:>20}" for text in verdicts), flush=True)
        found = [n + (text in ("found", "error")) for n, text in zip(found, verdicts, strict=True)]
    print(f"{'found':<{width}}", *(f"{n:>20}" for n in found))


def main(names: list[str]) -> None:
    jax.config.update("jax_numpy_rank_promotion", "allow")
    warnings.simplefilter("ignore")
    if not names:
        print_table()
    for piece in pieces():
        if piece.name in names:
            report = check_backward(piece.forward, piece.wrong, *piece.example_inputs())
            print(f"{piece.title}\n{piece.link}\n\n{report}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
