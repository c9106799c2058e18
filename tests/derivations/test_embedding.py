"""Rotations: a sign that is wrong is refuted."""

from derivations import judge
from derivations.embedding import cos, j, sin, turned, w_bar, y_bar
from derivations.registry import derivations


def test_turning_forth_instead_of_back_is_refuted():
    left = derivations()["rope.a"].result.lhs
    assert judge(left, y_bar[j] * cos[j] - w_bar[j] * sin[j], turned, diagnose=False).status == "refuted"
