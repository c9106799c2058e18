"""LaTeX in which an index is its letter: SymPy prints its range beside it."""

from sympy import Basic
from sympy.printing.latex import LatexPrinter


class _Printer(LatexPrinter):
    def _print_Idx(self, e):
        return str(e.name)

    def _print_Indexed(self, e, exp=None):
        text = rf"{self._print(e.base.label)}_{{{' '.join(map(self._print, e.indices))}}}"
        return text if exp is None else f"{text}^{{{exp}}}"

    def _print_KroneckerDelta(self, e, exp=None):
        return rf"\delta_{{{' '.join(map(self._print, e.args[:2]))}}}"


def latex(expression: Basic) -> str:
    return _Printer().doprint(expression)
