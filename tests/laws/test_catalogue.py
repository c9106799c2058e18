"""Nothing is left out: every public rule and every Jacobian class is held to the laws."""

from catalogue import CASES, ELSEWHERE, REFERENCES
from jacobian_catalogue import JACOBIANS, jacobian

import functional_bp as bp
from functional_bp import rules
from functional_bp.rules.catalogue import CATALOGUE


def subclasses(cls):
    return {*cls.__subclasses__(), *(deeper for sub in cls.__subclasses__() for deeper in subclasses(sub))}


def library():
    """Each Jacobian class of the library; what it imports only on use is public too, and imported by its name."""
    assert all(getattr(bp, name) is not None for name in bp.__all__)
    return {cls for cls in subclasses(bp.Jacobian) if cls.__module__.startswith("functional_bp")}


def test_every_rule_has_a_case():
    public = {name for name in rules.__all__ if name.islower()}
    elsewhere = {entry.rule_name for entry in CATALOGUE if entry.name in ELSEWHERE}
    assert public == {case.name for case in CASES} | elsewhere


def test_every_case_is_one_of_the_catalogue_s():
    assert {entry.name for entry in CATALOGUE} == set(REFERENCES) | set(ELSEWHERE)
    assert set(REFERENCES).isdisjoint(ELSEWHERE)


def test_every_rule_and_jacobian_is_a_public_name_of_the_package():
    assert set(rules.__all__) <= set(bp.__all__)
    assert {cls.__name__ for cls in library()} <= set(bp.__all__)


def test_every_jacobian_class_has_an_instance():
    instances = {type(jacobian(name)) for name in JACOBIANS}
    abstract = {bp.Shared}
    assert instances == library() - abstract - {bp.Kept}  # whose product is no array: tests/jacobians/test_unsummed.py
