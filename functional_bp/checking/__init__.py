"""Is a hand-derived backward pass right, and if not, why? See `docs/checking.md`."""

from functional_bp.checking.check import (
    assert_backward,
    assert_custom_vjp,
    assert_rule,
    check_backward,
    check_custom_vjp,
    check_rule,
    check_vjp,
)
from functional_bp.checking.pytorch import check_torch_function
from functional_bp.checking.report import Cause, Element, Report, Verdict

__all__ = [
    "Cause",
    "Element",
    "Report",
    "Verdict",
    "assert_backward",
    "assert_custom_vjp",
    "assert_rule",
    "check_backward",
    "check_custom_vjp",
    "check_rule",
    "check_torch_function",
    "check_vjp",
]
