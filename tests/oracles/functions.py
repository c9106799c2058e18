"""The lectures' activations and divergences on plain Python floats; a vector is a list of floats."""

from collections.abc import Callable
from math import exp, log, tanh
from typing import NamedTuple

Vector = list[float]


class Activation(NamedTuple):
    """y = f(z), and what the backward pass needs: ∂y_j/∂z_i as `jacobian(z, y)[j][i]`."""

    f: Callable[[Vector], Vector]
    jacobian: Callable[[Vector, Vector], list[Vector]]


class Divergence(NamedTuple):
    """Div(Y, d) and ∂Div/∂y_i for all i."""

    value: Callable[[Vector, Vector], float]
    gradient: Callable[[Vector, Vector], Vector]


def scalar(f: Callable[[float], float], slope: Callable[[float], float]) -> Activation:
    """A scalar activation: z_i influences y_i alone, ∂y_j/∂z_i = f′(z_i) for i = j, else 0 (C9)."""

    def jacobian(z: Vector, y: Vector) -> list[Vector]:
        return [[slope(z[i]) if i == j else 0.0 for i in range(len(z))] for j in range(len(z))]

    return Activation(lambda z: [f(z_i) for z_i in z], jacobian)


def softmax(z: Vector) -> Vector:
    total = sum(exp(z_k) for z_k in z)
    return [exp(z_j) / total for z_j in z]


def softmax_jacobian(z: Vector, y: Vector) -> list[Vector]:
    """∂y_j/∂z_i = y_i (1 − y_i) if i = j, else −y_i y_j (D2)."""
    n = len(y)
    return [[y[i] * (1 - y[i]) if i == j else -y[i] * y[j] for i in range(n)] for j in range(n)]


def sigmoid(z: float) -> float:
    return 1 / (1 + exp(-z))


ACTIVATIONS = {
    "identity": scalar(lambda z: z, lambda z: 1.0),
    "relu": scalar(lambda z: z if z > 0 else 0.0, lambda z: 1.0 if z > 0 else 0.0),
    "leaky_relu": scalar(lambda z: z if z > 0 else 0.01 * z, lambda z: 1.0 if z > 0 else 0.01),
    "absolute": scalar(lambda z: z if z > 0 else -z, lambda z: 1.0 if z > 0 else -1.0),
    "sigmoid": scalar(sigmoid, lambda z: exp(-z) / (1 + exp(-z)) ** 2),
    "tanh": scalar(tanh, lambda z: 1 - tanh(z) ** 2),
    "softmax": Activation(softmax, softmax_jacobian),
}

DIVERGENCES = {
    "squared_error": Divergence(
        lambda Y, d: sum((y_i - d_i) ** 2 for y_i, d_i in zip(Y, d, strict=True)),
        lambda Y, d: [2 * (y_i - d_i) for y_i, d_i in zip(Y, d, strict=True)],
    ),
    "kl": Divergence(
        lambda Y, d: sum(d_i * log(d_i / y_i) if d_i else 0.0 for y_i, d_i in zip(Y, d, strict=True)),
        lambda Y, d: [-d_i / y_i for y_i, d_i in zip(Y, d, strict=True)],
    ),
    "binary_nll": Divergence(
        lambda Y, d: -sum(d_i * log(y_i) + (1 - d_i) * log(1 - y_i) for y_i, d_i in zip(Y, d, strict=True)),
        lambda Y, d: [-(d_i / y_i - (1 - d_i) / (1 - y_i)) for y_i, d_i in zip(Y, d, strict=True)],
    ),
}
