"""What is evidently ≥ 0: squares, |·|, max(·, 0), hypotheses, and sums and products of such."""

from sympy import Abs, Expr, Max, Product, Sum, expand
from sympy.core.relational import Relational


def nonnegative(expression: Expr, given: tuple = ()) -> bool:
    """True only if the expression is ≥ 0 wherever the hypotheses a ≥ b, a > b, b ≤ a, b < a among `given` hold."""
    if expression.is_nonnegative or isinstance(expression, Abs):
        return True
    if any(expand(expression - known) == 0 for known in differences(given)):
        return True
    if expression.is_Add or expression.is_Mul:
        return all(nonnegative(part, given) for part in expression.args)
    if expression.is_Pow:
        even = expression.exp.is_even
        return bool(even or (expression.exp.is_integer and nonnegative(expression.base, given)))
    if isinstance(expression, (Sum, Product)):
        return nonnegative(expression.function, given)
    return isinstance(expression, Max) and any(nonnegative(a, given) for a in expression.args)


def differences(given: tuple) -> list[Expr]:
    """greater − less for each inequality."""
    inequalities = [fact for fact in given if isinstance(fact, Relational) and fact.rel_op in (">", ">=", "<", "<=")]
    return [fact.gts - fact.lts for fact in inequalities]  # type: ignore[attr-defined]
