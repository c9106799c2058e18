"""What a slope may be where a function has a kink: the Clarke interval, between the two one-sided slopes."""

from dataclasses import dataclass

from sympy import Expr, Max, Min, Symbol, oo

from derivations.engine.judging.judge import judge
from derivations.engine.judging.verdict import Verdict
from derivations.engine.language.plain import plain

h = Symbol("h", positive=True)


@dataclass(frozen=True)
class Kink:
    """f(x) with a kink or a jump at x = `at`, and linear on either side of it.

    Neither is assumed: the jump and the slope of each side are read off at the distances 1 and 2, and `check`
    proves f(at ± h) = f(at) + jump ± slope h for every h > 0. Where f jumps the one-sided slope is infinite.
    """

    function: Expr
    variable: Symbol
    at: Expr | int = 0

    def value(self, point: Expr | int) -> Expr:
        return self.function.subs(self.variable, point)

    def jump_and_slope(self, side: int) -> tuple[Expr, Expr]:
        near, far = self.value(self.at + side), self.value(self.at + 2 * side)
        slope = side * (far - near)
        return near - side * slope - self.value(self.at), slope

    def one_sided(self, side: int) -> Expr:
        """lim (f(at + side h) − f(at)) / (side h) as h → 0 from above."""
        jump, slope = self.jump_and_slope(side)
        return slope if jump == 0 else side * jump * oo

    def check(self) -> tuple[Verdict, ...]:
        def verdict(side: int) -> Verdict:
            jump, slope = self.jump_and_slope(side)
            return judge(self.value(self.at + side * h), self.value(self.at) + jump + side * slope * h)

        return verdict(-1), verdict(+1)

    @property
    def interval(self) -> tuple[Expr, Expr]:
        """The least and the greatest slope: Min and Max of the two where their order is not known."""
        return Min(self.one_sided(-1), self.one_sided(+1)), Max(self.one_sided(-1), self.one_sided(+1))

    @property
    def interval_text(self) -> str:
        lower, upper = map(plain, self.interval)
        return f"[{lower}, {upper}" + (")" if upper == "∞" else "]")

    def allows(self, slope: Expr | int) -> bool:
        """Whether the slope is one of the two or surely lies between them."""
        lower, upper = self.interval
        between = (lower <= slope, slope <= upper)
        return slope in (self.one_sided(-1), self.one_sided(+1)) or all(inside == True for inside in between)  # noqa: E712
