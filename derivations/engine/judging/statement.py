"""What is claimed: two formulas under hypotheses, with every definition put in and every derivative carried out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sympy import Expr, Idx, Integer
from sympy.core.relational import Relational

from derivations.engine.judging.claims import check
from derivations.engine.judging.hypotheses import Hypotheses, Needs, gather
from derivations.engine.language.ranges import with_masks
from derivations.engine.language.renaming import free_indices
from derivations.engine.language.strides import in_rows


@dataclass(frozen=True)
class Statement:
    """left = right, for all values of the free indices, every dimension and all inputs that satisfy the hypotheses."""

    left: Expr
    right: Expr
    hypotheses: Hypotheses
    indices: tuple[Idx, ...] = ()

    def __post_init__(self):
        """Raises NoFormula if this is no well-formed claim."""
        check(self.left, self.right, self.hypotheses, self.indices)

    @cached_property
    def _unfolded(self) -> tuple[Expr, Expr, Needs]:
        needs = Needs()
        left, right = (self.hypotheses.unfold(e, needs) for e in (self.left, self.right))
        return left, right, needs

    @property
    def formulas(self) -> tuple[Expr, Expr]:
        return self._unfolded[:2]

    @property
    def defined(self) -> tuple[Relational, ...]:
        """Where the derivatives exist that were carried out."""
        return tuple(sorted(self._unfolded[2].all_kinks, key=str))

    @property
    def needs(self) -> Needs:
        """What must hold for both sides to have a value."""
        return self._unfolded[2]

    @property
    def free(self) -> list[Idx]:
        return sorted(free_indices(self.formulas[0]) | free_indices(self.formulas[1]), key=str)


def statement(left: Any, right: Any, given: Iterable = (), indices: Sequence[Idx] = ()) -> Statement:
    """Raises NoFormula with what is wrong if this is no claim."""
    left, right = (Integer(e) if isinstance(e, int) else e for e in (left, right))
    left, right, *given = in_rows([with_masks(part) for part in (left, right, *given)])
    return Statement(left, right, gather(given), tuple(indices))
