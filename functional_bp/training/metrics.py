"""How good the outputs are."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int


def classes(z: Float[Array, "*batch n"], threshold: float = 0.0) -> Int[Array, "*batch"]:
    """The class that the logits z choose: the largest; of a single one, whether it is above the threshold."""
    return (z[..., 0] > threshold).astype(jnp.int32) if z.shape[-1] == 1 else z.argmax(-1)


def correct(z: Float[Array, "*batch n"], d: Float[Array, "*batch n"]) -> Float[Array, "*batch"]:
    """1 where the logits z choose the class of the target d, else 0: its mean is the accuracy."""
    return (classes(z) == classes(d, 0.5)).astype(z.dtype)


def confusion_matrix(
    labels: Int[np.ndarray, " n"], predicted: Int[np.ndarray, " n"], classes: int
) -> Int[np.ndarray, "c c"]:
    """C[i, j]: how many instances of class i were taken for class j."""
    return np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, classes)


def table(confusion: Int[np.ndarray, "c c"], names: tuple[str, ...]) -> str:
    """The matrix as text, one row for each true class, zeros left blank."""
    width = max(map(len, [*names, str(confusion.max(initial=0))]))
    rows = [
        " ".join([name.rjust(width), "|", *(str(count or "").rjust(width) for count in row)])
        for name, row in zip(names, confusion, strict=True)
    ]
    return "\n".join([" ".join([" " * width, "|", *(name.rjust(width) for name in names)]), *rows])
