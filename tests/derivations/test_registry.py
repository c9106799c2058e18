"""Every derivation is proven step by step for arbitrary dimension, and stands in the file that has its rule's name."""

from importlib import import_module

import pytest

import functional_bp as bp
from derivations.engine.language.plain import plain
from derivations.registry import derivations, of_rule, stems
from functional_bp import rules

every_derivation = pytest.mark.parametrize("derivation", derivations().values(), ids=derivations())


@every_derivation
def test_every_step_is_proven_for_arbitrary_dimension(derivation):
    check = derivation.check()
    assert check, check
    assert {verdict.dimension for verdict in check.verdicts} == {"arbitrary"}


@every_derivation
def test_it_can_be_read(derivation):
    assert f"{plain(derivation.result.lhs)} = " in derivation.unicode()
    assert f" = {plain(derivation.result.rhs)} " in derivation.unicode()
    assert derivation.latex().startswith(r"\begin{aligned}")
    assert derivation._repr_latex_() == f"$${derivation.latex()}$$"


@every_derivation
def test_every_step_has_a_reason(derivation):
    assert derivation.steps
    assert all(len(step.reason) > 3 for step in derivation.steps)


def test_no_name_is_given_twice():
    assert len(derivations()) == sum(len(import_module(f"derivations.{stem}").DERIVATIONS) for stem in stems())


def test_the_rules_of_a_file_are_derived_in_the_file_of_that_name():
    for rule in {name for name in rules.__all__ if name.islower()}:
        stem = getattr(bp, rule).__module__.rpartition(".")[2]
        found = {d.name for d in import_module(f"derivations.{stem}").DERIVATIONS}
        assert {d.name for d in of_rule(rule)} <= found
        assert of_rule(rule)
