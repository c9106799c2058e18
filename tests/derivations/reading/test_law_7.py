"""Law 7: for every rule of the library ȳ @ J is proven to be the derivative of its output, for every size."""

import pytest

from derivations.reading import prove_rule
from functional_bp.checking.catalogue import CATALOGUE, inputs
from functional_bp.jacobians import Diagonal
from functional_bp.rules import tanh

# What is not proven, and why. The list is to shrink.
OUTSIDE = {
    "dropout with a key": "random bits",
    "power_product": "a running product over a symbolic size",
    "subset_max, ties split": "no proof is found",
    "subset_max, ties to the first": "no proof is found",
    "gelu_tanh": "no proof is found",
    "label_nll": "no proof is found",
    "label_nll, smoothing": "no proof is found",
    "linear_nll": "a remainder of a product of sizes",
    "attention": "out of time",
    "adaptive_mean_pool": "no proof is found",
    "position": "a size that must be at most another",
    "convolution": "a size that must be at most another",
    "convolution of an image": "a size that must be at most another",
    "transposed_convolution": "sizes of W and x that must be equal are read as different ones",
    "solve": "`lu`",
    "cholesky_solve": "`cholesky`",
    "log_determinant": "`lu`",
}
CHOICES = [choice for entry in CATALOGUE for choice in entry.with_choices()]


# The check of shapes in signatures, which only tests have, knows numbers, no symbols.
pytestmark = pytest.mark.usefixtures("unchecked")


@pytest.mark.walk
@pytest.mark.parametrize("choice", [c for c in CHOICES if c.name not in OUTSIDE], ids=lambda choice: choice.name)
def test_the_vjp_of_every_rule_is_the_derivative_of_its_output(choice):
    proofs = prove_rule(choice.rule, *inputs(choice))
    assert proofs.proven, str(proofs)


def test_what_is_outside_is_in_the_catalogue():
    assert {c.name for c in CHOICES} >= OUTSIDE.keys()


def test_a_wrong_rule_is_refuted():
    """The law can fail."""

    def wrong(z):
        y, _ = tanh(z)
        return y, Diagonal(1 - y)

    assert prove_rule(wrong, *inputs(CHOICES[0])).refuted
