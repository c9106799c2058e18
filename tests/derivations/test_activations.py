"""Scalar activations: a kink is a condition of the proof, and what may be chosen there is the Clarke interval."""

import inspect

import jax
import jax.numpy as jnp
import pytest
from catalogue import CASES
from sympy import Max, Min, Rational, Symbol, nsimplify, oo

import functional_bp as bp
from derivations.activations import DERIVATIONS, z
from derivations.engine.kink import Kink
from derivations.registry import kinks

KINKS = kinks()
TIES = {
    "max_pool",
    "adaptive_max_pool",
    "top_k_softmax",
}  # no scalar functions: what may be chosen at a tie is tested beside the rule
WITH_KINK = {case.name for case in CASES if case.entry.has_kink} - TIES
every_kink = pytest.mark.parametrize("name", KINKS)


def test_the_kinks_are_those_of_the_rules():
    assert set(KINKS) == WITH_KINK


@pytest.mark.parametrize("derivation", DERIVATIONS, ids=lambda d: d.name)
def test_the_proof_needs_to_be_off_the_kink_exactly_where_there_is_one(derivation):
    conditions = derivation.check().side_conditions
    excluded = [c for c in conditions if c.rel_op == "!=" and c.free_symbols & z[1].free_symbols]
    assert bool(excluded) == (derivation.name in WITH_KINK)


@every_kink
def test_the_one_sided_slopes_are_proven(name):
    assert all(KINKS[name].check())


@every_kink
def test_the_rule_s_default_lies_in_the_clarke_interval(name):
    parameters = inspect.signature(getattr(bp, name)).parameters
    # subset_max shares 1 among those tied, or gives it to one
    choices = [parameters["at_kink"].default] if "at_kink" in parameters else [Rational(1, 2), 1]
    assert all(KINKS[name].allows(nsimplify(choice)) for choice in choices)


def test_the_intervals_by_hand():
    alpha = Symbol("alpha")
    assert KINKS["relu"].interval == (0, 1)
    assert KINKS["absolute"].interval == (-1, 1)
    assert KINKS["step"].interval == (0, oo)
    assert KINKS["leaky_relu"].interval == (Min(1, alpha), Max(1, alpha))


def test_what_is_outside_is_not_allowed():
    assert not KINKS["relu"].allows(2)
    assert not KINKS["relu"].allows(-1)
    assert not KINKS["leaky_relu"].allows(3)


def test_a_function_that_is_not_linear_beside_the_kink_is_not_taken_for_one():
    x = Symbol("x", real=True)
    assert not all(Kink(Max(x, 0) ** 2, x).check())


@pytest.mark.parametrize(("name", "function"), [("relu", jax.nn.relu), ("absolute", jnp.abs)])
def test_what_jax_takes_lies_in_the_interval(name, function):
    assert KINKS[name].allows(int(jax.grad(function)(0.0)))
