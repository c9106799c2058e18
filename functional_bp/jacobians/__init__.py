"""The algebra of Jacobians."""

from functional_bp.jacobians.base import Jacobian, static
from functional_bp.jacobians.blocks import BlockColumn, BlockRow
from functional_bp.jacobians.chain import Chain
from functional_bp.jacobians.composed import Composed
from functional_bp.jacobians.contracted import Contracted, SharedContracted
from functional_bp.jacobians.convolution import Convolved, Correlated
from functional_bp.jacobians.coupled import Coupled
from functional_bp.jacobians.delta import DeltaInputs, GatedDelta
from functional_bp.jacobians.dense import Dense, Gradient, RowVector
from functional_bp.jacobians.diagonal import Diagonal, Elementwise, Identity
from functional_bp.jacobians.experts import OfExperts, RowsOfExperts
from functional_bp.jacobians.fan_out import Parallel, Tied
from functional_bp.jacobians.inverse import Inverse
from functional_bp.jacobians.linear import LinearMap
from functional_bp.jacobians.minus_outer import DiagonalMinusOuter, IdentityMinusRows
from functional_bp.jacobians.multiples import Part, Scaled, Transposed
from functional_bp.jacobians.products import OwnColumn, PairProduct
from functional_bp.jacobians.repeated import Repeated, Stacked, Unrolled
from functional_bp.jacobians.rewriting import Recomputed, rewrite
from functional_bp.jacobians.scan import Once, Steps
from functional_bp.jacobians.selection import Selected, Selection
from functional_bp.jacobians.shape import Shape
from functional_bp.jacobians.shared import Broadcast, Outer, Rows, Shared
from functional_bp.jacobians.standardised import BatchNormalised, ByGain, Standardised
from functional_bp.jacobians.sums import Sum
from functional_bp.jacobians.unsummed import Kept, Unsummed, summed, unsummed
from functional_bp.jacobians.zero import Zero

__all__ = [
    "BatchNormalised",
    "BlockColumn",
    "BlockRow",
    "Broadcast",
    "ByGain",
    "Chain",
    "Composed",
    "Contracted",
    "Convolved",
    "Correlated",
    "Coupled",
    "DeltaInputs",
    "Dense",
    "Diagonal",
    "DiagonalMinusOuter",
    "Elementwise",
    "GatedDelta",
    "Gradient",
    "Identity",
    "IdentityMinusRows",
    "Inverse",
    "Jacobian",
    "Kept",
    "LinearMap",
    "OfExperts",
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
    "RowsOfExperts",
    "Scaled",
    "Selected",
    "Selection",
    "Shape",
    "Shared",
    "SharedContracted",
    "Stacked",
    "Standardised",
    "Steps",
    "Sum",
    "Tied",
    "Transposed",
    "Unrolled",
    "Unsummed",
    "Zero",
    "rewrite",
    "static",
    "summed",
    "unsummed",
]
