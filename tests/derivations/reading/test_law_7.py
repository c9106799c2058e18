"""Law 7: for every rule of the library ȳ @ J is proven to be the derivative of its output, for every size.

Strides, windows, taps and blocks stay numbers where the code needs them so; the verdict says it.
"""

import pytest

from derivations.reading import prove_rule
from functional_bp.checking.catalogue import CATALOGUE, inputs
from functional_bp.jacobians import Diagonal
from functional_bp.rules import tanh

# What is not proven, and why. The list is to shrink.
OUTSIDE = {
    "subset_max, ties split": "a maximum over a table of subsets: no proof is found",
    "subset_max, ties to the first": "a maximum over a table of subsets: no proof is found",
    "gelu_tanh": "beyond |z| = 100 its slope is 0 in floats alone: over the reals it is no derivative",
    "linear_nll": "a sum of indicators over a number of labels",
    "attention": "a number of blocks that is a size",
}
SLOW = {"convolution", "convolution of an image", "power_product", "adaptive_mean_pool", "expert_linear"}
CHOICES = [choice for entry in CATALOGUE for choice in entry.with_choices()]


# The check of shapes in signatures, which only tests have, knows numbers, no symbols.
pytestmark = pytest.mark.usefixtures("unchecked")


@pytest.mark.walk
@pytest.mark.filterwarnings("ignore::UserWarning")  # JAX's, of the kind of whole numbers that a symbolic size has
@pytest.mark.parametrize(
    "choice",
    [pytest.param(c, id=c.name, marks=[pytest.mark.slow] * (c.name in SLOW)) for c in CHOICES if c.name not in OUTSIDE],
)
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
