"""The algebra of Jacobians."""

from functional_bp.jacobians.base import Composed, Jacobian, Part, Scaled, Sum, Transposed, static
from functional_bp.jacobians.blocks import BlockColumn, BlockRow
from functional_bp.jacobians.chain import Chain
from functional_bp.jacobians.coupled import Coupled
from functional_bp.jacobians.dense import Dense, Gradient, RowVector
from functional_bp.jacobians.diagonal import Diagonal, Elementwise, Identity
from functional_bp.jacobians.fan_out import Parallel, Tied
from functional_bp.jacobians.linear import LinearMap
from functional_bp.jacobians.minus_outer import DiagonalMinusOuter, IdentityMinusRows
from functional_bp.jacobians.products import OwnColumn, PairProduct
from functional_bp.jacobians.repeated import Repeated, Unrolled
from functional_bp.jacobians.rewriting import Recomputed, rewrite
from functional_bp.jacobians.scan import Once, Steps
from functional_bp.jacobians.selection import Selection
from functional_bp.jacobians.shape import Shape
from functional_bp.jacobians.shared import Broadcast, Outer, Rows, Shared
from functional_bp.jacobians.standardised import Standardised
from functional_bp.jacobians.unsummed import Kept, Unsummed, summed, unsummed

__all__ = [
    "BlockColumn",
    "BlockRow",
    "Broadcast",
    "Chain",
    "Composed",
    "Coupled",
    "Dense",
    "Diagonal",
    "DiagonalMinusOuter",
    "Elementwise",
    "Gradient",
    "Identity",
    "IdentityMinusRows",
    "Jacobian",
    "Kept",
    "LinearMap",
    "Once",
    "Outer",
    "OwnColumn",
    "PairProduct",
    "Parallel",
    "Part",
    "Recomputed",
    "Repeated",
    "RowVector",
    "Rows",
    "Scaled",
    "Selection",
    "Shape",
    "Shared",
    "Standardised",
    "Steps",
    "Sum",
    "Tied",
    "Transposed",
    "Unrolled",
    "Unsummed",
    "rewrite",
    "static",
    "summed",
    "unsummed",
]
