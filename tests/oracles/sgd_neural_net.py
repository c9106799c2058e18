"""SGD-NEURAL-NET, the pseudo-code of the 6.390 notes (F10), in the notes' own layout.

Vectors are columns, W^l is m × n with Z = Wᵀ A + W0, and a derivative stands in the denominator layout:
(∂w/∂v)_ij = ∂w_j/∂v_i, so ∂Z/∂A = W. Matrices are lists of rows.
"""

from typing import NamedTuple

from oracles.functions import Activation, Divergence, Vector

Matrix = list[list[float]]


class Layer(NamedTuple):
    W: Matrix
    W0: Matrix


def matmul(A: Matrix, B: Matrix) -> Matrix:
    assert len(A[0]) == len(B), f"{len(A)}×{len(A[0])} @ {len(B)}×{len(B[0])}"
    return [[sum(A[i][k] * B[k][j] for k in range(len(B))) for j in range(len(B[0]))] for i in range(len(A))]


def transpose(A: Matrix) -> Matrix:
    return [list(column) for column in zip(*A, strict=True)]


def plus(A: Matrix, B: Matrix, factor: float = 1.0) -> Matrix:
    return [[a + factor * b for a, b in zip(*rows, strict=True)] for rows in zip(A, B, strict=True)]


def column(vector: Vector) -> Matrix:
    return [[entry] for entry in vector]


def entries(A: Matrix) -> Vector:
    return [row[0] for row in A]


def sgd_neural_net(
    layers: list[Layer],
    f: list[Activation],
    loss: Divergence,
    data: list[tuple[Vector, Vector]],
    order: list[int],
    eta: float,
    step_inside_the_loop: bool = False,
) -> list[list[Layer]]:
    """The layers after each step; `order` are the data points that step t = 1, 2, … gets at random.

    Line 32, ∂L/∂W = (∂Z/∂W) @ (∂L/∂Z), multiplies an m×1 by an n×1 column: as the notes have it elsewhere
    (notation 16), the second is transposed here. Lines 37-42 stand inside the loop over the layers, so that line 24
    would take ∂Z^(l+1)/∂A^l = W^(l+1) after the step; they are meant after it, and stand inside only if
    `step_inside_the_loop`.
    """
    history = []
    for i in order:
        x, y = data[i]
        A, Z = [column(x)], [[]]
        for layer, f_l in zip(layers, f, strict=True):
            Z.append(plus(matmul(transpose(layer.W), A[-1]), layer.W0))
            A.append(column(f_l.f(entries(Z[-1]))))

        stepped, dL_dZ = list(layers), [[]]
        for l in range(len(layers), 0, -1):
            if l == len(layers):
                dL_dA = column(loss.gradient(entries(A[l]), y))
            else:
                dZ_dA = (stepped if step_inside_the_loop else layers)[l].W  # layer l + 1
                dL_dA = matmul(dZ_dA, dL_dZ)
            dA_dZ = transpose(f[l - 1].jacobian(entries(Z[l]), entries(A[l])))
            dL_dZ = matmul(dA_dZ, dL_dA)
            dL_dW = matmul(A[l - 1], transpose(dL_dZ))
            W, W0 = layers[l - 1]
            stepped[l - 1] = Layer(plus(W, dL_dW, -eta), plus(W0, dL_dZ, -eta))
        layers = stepped
        history.append(layers)
    return history
