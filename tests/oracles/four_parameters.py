"""The network of four parameters, y = f3(w3 f2(w2 f1(w1 x + b))), its chain rule written out (slides 003, F1-F3)."""

from typing import NamedTuple

from oracles.functions import sigmoid


class FourParameters(NamedTuple):
    w1: float
    w2: float
    w3: float
    b: float


def outputs(theta: FourParameters, x: float) -> tuple[float, float, float]:
    """f1, f2 and f3, each f the sigmoid."""
    f1 = sigmoid(theta.w1 * x + theta.b)
    f2 = sigmoid(theta.w2 * f1)
    f3 = sigmoid(theta.w3 * f2)
    return f1, f2, f3


def gradient(theta: FourParameters, x: float, y: float) -> FourParameters:
    """∂L/∂θ of L = (y − f3)²: each derivative is the product of all its edges."""
    f1, f2, f3 = outputs(theta, x)
    dL_df3 = -2 * (y - f3)
    df3_da3, df2_da2, df1_da1 = f3 * (1 - f3), f2 * (1 - f2), f1 * (1 - f1)
    da3_df2, da2_df1 = theta.w3, theta.w2
    da3_dw3, da2_dw2, da1_dw1, da1_db = f2, f1, x, 1.0
    return FourParameters(
        w1=dL_df3 * df3_da3 * da3_df2 * df2_da2 * da2_df1 * df1_da1 * da1_dw1,
        w2=dL_df3 * df3_da3 * da3_df2 * df2_da2 * da2_dw2,
        w3=dL_df3 * df3_da3 * da3_dw3,
        b=dL_df3 * df3_da3 * da3_df2 * df2_da2 * da2_df1 * df1_da1 * da1_db,
    )
