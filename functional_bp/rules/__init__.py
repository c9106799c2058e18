"""The rules: each returns its output and its Jacobian. One file a family."""

from functional_bp.rules.activations import (
    absolute,
    identity,
    leaky_relu,
    randomised_leaky_relu,
    relu,
    sigmoid,
    step,
    tanh,
)
from functional_bp.rules.affine import AffineParams, affine
from functional_bp.rules.divergences import (
    absolute_error,
    binary_kl,
    binary_nll,
    kl,
    nll,
    sigmoid_binary_nll,
    softmax_nll,
    squared_error,
)
from functional_bp.rules.dropout import dropout
from functional_bp.rules.maximum import subset_max
from functional_bp.rules.multiplicative import pair_product, power_product
from functional_bp.rules.polynomial import polynomial
from functional_bp.rules.softmax import log_softmax, softmax

__all__ = [
    "AffineParams",
    "absolute",
    "absolute_error",
    "affine",
    "binary_kl",
    "binary_nll",
    "dropout",
    "identity",
    "kl",
    "leaky_relu",
    "log_softmax",
    "nll",
    "pair_product",
    "polynomial",
    "power_product",
    "randomised_leaky_relu",
    "relu",
    "sigmoid",
    "sigmoid_binary_nll",
    "softmax",
    "softmax_nll",
    "squared_error",
    "step",
    "subset_max",
    "tanh",
]
