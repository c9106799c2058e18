"""Nothing of a rule is left out: its proof, its test, its laws, its page, its door, and what its Jacobian may hold."""

from pathlib import Path

import catalogue as references
import pytest

import functional_bp as bp
from derivations.registry import of_rule, stems
from functional_bp import rules
from functional_bp.rules.catalogue import CATALOGUE

HERE = Path(__file__).parent
PAGES = "docs/generator/reference.py"
RULES = sorted({(entry.rule_name, entry.stem) for entry in CATALOGUE})


@pytest.mark.parametrize(("rule", "stem"), RULES, ids=[rule for rule, _ in RULES])
def test_a_rule_has_all_that_belongs_to_it(rule, stem):
    assert of_rule(rule), "no derivation"
    assert stem in stems(), "its derivation stands in another file"
    assert rule in (HERE / f"test_{stem}.py").read_text(), "no test by name"
    held = {entry.name for entry in CATALOGUE if entry.rule_name == rule}
    assert held <= {case.entry.name for case in references.CASES} | set(references.ELSEWHERE), "no laws"
    assert rule in rules.__all__, "no page: the reference shows what is public"
    assert getattr(bp, rule) is getattr(rules, rule), "no public name"
    text = getattr(rules, rule).__doc__
    assert any(sign in text for sign in ("J = ", "∂", "\N{COMBINING MACRON}", "ȳ")), "no formula of its Jacobian"
    assert callable(bp.custom_vjp(getattr(rules, rule))), "no door"


def test_the_reference_shows_all_public_rules():
    """A page walks `rules.__all__`."""
    assert '"functional_bp.rules"' in (HERE.parents[1] / PAGES).read_text()
