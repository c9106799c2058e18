"""Nothing is left out: every public rule and every Jacobian class is held to the laws."""

from catalogue import CASES
from jacobian_catalogue import JACOBIANS

import functional_bp as bp
from functional_bp import rules

LIBRARY = {cls for cls in bp.Jacobian.__subclasses__() if cls.__module__.startswith("functional_bp")}


def test_every_rule_has_a_case():
    public = set(rules.__all__) - {"AffineParams"}
    assert public == {case.name for case in CASES}


def test_every_rule_and_jacobian_is_a_public_name_of_the_package():
    assert set(rules.__all__) <= set(bp.__all__)
    assert {cls.__name__ for cls in LIBRARY} <= set(bp.__all__)
    for name in bp.__all__:
        assert getattr(bp, name) is not None


def test_every_jacobian_class_has_an_instance():
    assert {type(J) for J in JACOBIANS.values()} == LIBRARY
