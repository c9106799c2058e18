"""The algebra of Jacobians."""

from functional_bp.jacobians.base import Composed, Jacobian, Scaled, Sum, Transposed, static
from functional_bp.jacobians.blocks import BlockColumn, BlockRow
from functional_bp.jacobians.chain import Chain
from functional_bp.jacobians.dense import Dense, RowVector
from functional_bp.jacobians.diagonal import Diagonal, Identity
from functional_bp.jacobians.minus_outer import DiagonalMinusOuter, IdentityMinusRows
from functional_bp.jacobians.products import OwnColumn, PairProduct
from functional_bp.jacobians.selection import Selection
from functional_bp.jacobians.shape import Shape
from functional_bp.jacobians.shared import Broadcast, Outer

__all__ = [
    "BlockColumn",
    "BlockRow",
    "Broadcast",
    "Chain",
    "Composed",
    "Dense",
    "Diagonal",
    "DiagonalMinusOuter",
    "Identity",
    "IdentityMinusRows",
    "Jacobian",
    "Outer",
    "OwnColumn",
    "PairProduct",
    "RowVector",
    "Scaled",
    "Selection",
    "Shape",
    "Sum",
    "Transposed",
    "static",
]
