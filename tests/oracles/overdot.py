"""The lectures' double loop, in the overdot notation and with the bias as a weight: 11-785, lecture 5, 2021.

Indices are the lecture's own and begin at 1; every variable is a dictionary keyed by them. w[i, j, k] leads from unit
i of layer k − 1 to unit j of layer k, y[0, k] = 1, so w[0, j, k] is the bias of unit j. An overdot is the derivative
of the divergence with respect to the variable below it: ẏ is y_dot.
"""

from typing import NamedTuple

from oracles.functions import Activation, Divergence, Vector

Weights = dict[tuple[int, int, int], float]
Units = dict[tuple[int, int], float]


class Network(NamedTuple):
    """Widths D_0 … D_N and activations f_1 … f_N."""

    D: tuple[int, ...]
    f: dict[int, Activation]

    @property
    def N(self) -> int:
        return len(self.D) - 1


class Pass(NamedTuple):
    """All that one instance's forward and backward pass store."""

    Y: Vector
    z: Units
    y: Units
    z_dot: Units
    y_dot: Units
    w_dot: Weights


def forward(network: Network, w: Weights, x: Vector) -> tuple[Units, Units]:
    """z_j^(k) = Σ_{i=0} w_ij^(k) y_i^(k−1);  y_j^(k) = f_k(z_j^(k))."""
    D, f, N = network.D, network.f, network.N
    z: Units = {}
    y: Units = {(j, 0): x[j - 1] for j in range(1, D[0] + 1)}
    for k in range(1, N + 1):
        y[0, k - 1] = 1.0
        for j in range(1, D[k] + 1):
            z[j, k] = sum(w[i, j, k] * y[i, k - 1] for i in range(D[k - 1] + 1))
        for j, y_j in enumerate(f[k].f(layer(z, k, D[k])), start=1):
            y[j, k] = y_j
    return z, y


def backward(network: Network, w: Weights, z: Units, y: Units, Y_dot: Vector) -> tuple[Units, Units, Weights]:
    """ẏ_i^(k) = Σ_j w_ij^(k+1) ż_j^(k+1);  ż_i^(k) = Σ_j ẏ_j^(k) ∂y_j/∂z_i;  ∂Div/∂w_ji^(k) = y_j^(k−1) ż_i^(k).

    The loop goes one layer further than the slide's, to k = 0, for the derivative with respect to the input.
    """
    D, f, N = network.D, network.f, network.N
    z_dot: Units = {}
    w_dot: Weights = {}
    y_dot: Units = {(i, N): Y_dot[i - 1] for i in range(1, D[N] + 1)}
    for k in range(N, -1, -1):
        if k < N:
            for i in range(1, D[k] + 1):
                y_dot[i, k] = sum(w[i, j, k + 1] * z_dot[j, k + 1] for j in range(1, D[k + 1] + 1))
        if k > 0:
            dy_dz = f[k].jacobian(layer(z, k, D[k]), layer(y, k, D[k]))
            for i in range(1, D[k] + 1):
                z_dot[i, k] = sum(y_dot[j, k] * dy_dz[j - 1][i - 1] for j in range(1, D[k] + 1))
                for j in range(D[k - 1] + 1):
                    w_dot[j, i, k] = y[j, k - 1] * z_dot[i, k]
    return z_dot, y_dot, w_dot


def instance(network: Network, divergence: Divergence, w: Weights, x: Vector, d: Vector) -> Pass:
    """Forward and backward pass of one training instance."""
    z, y = forward(network, w, x)
    Y = layer(y, network.N, network.D[network.N])
    return Pass(Y, z, y, *backward(network, w, z, y, divergence.gradient(Y, d)))


def train(
    network: Network, divergence: Divergence, w: Weights, X: list[Vector], d: list[Vector], eta: float, iterations: int
) -> list[tuple[float, Weights]]:
    """Training by accumulation (G4): w ← w − (η/T) Σ_t dDiv(Y_t, d_t)/dw; (mean loss before, w after) each step."""
    T = len(X)
    history = []
    for _ in range(iterations):
        loss, loss_dot = 0.0, dict.fromkeys(w, 0.0)
        for t in range(T):
            one = instance(network, divergence, w, X[t], d[t])
            loss += divergence.value(one.Y, d[t])
            for ijk in w:
                loss_dot[ijk] += one.w_dot[ijk]
        w = {ijk: w[ijk] - eta / T * loss_dot[ijk] for ijk in w}
        history.append((loss / T, w))
    return history


def layer(units: Units, k: int, width: int) -> Vector:
    return [units[j, k] for j in range(1, width + 1)]
