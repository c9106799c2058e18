"""An instance or two of every Jacobian class, for the laws, in float64."""

import jax
import jax.numpy as jnp
import numpy as np

import functional_bp as bp

_random = np.random.default_rng(0)
_BATCH = 3


def draw(*shape):
    with jax.enable_x64(True):
        return jnp.asarray(_random.normal(size=shape))


def _affine():
    return bp.BlockRow(
        (bp.AffineParams(bp.Outer(draw(_BATCH, 4), 5), bp.Broadcast((_BATCH,), (5,))), bp.Dense(draw(5, 4)))
    )


JACOBIANS = {
    "Identity": bp.Identity((4,)),
    "Identity of a matrix": bp.Identity((2, 3)),
    "Diagonal": bp.Diagonal(draw(_BATCH, 4)),
    "Diagonal unbatched": bp.Diagonal(draw(4)),
    "Dense": bp.Dense(draw(_BATCH, 5, 4)),
    "Dense shared": bp.Dense(draw(5, 4)),
    "DiagonalMinusOuter": bp.DiagonalMinusOuter(draw(_BATCH, 4)),
    "IdentityMinusRows": bp.IdentityMinusRows(draw(_BATCH, 4)),
    "Outer": bp.Outer(draw(_BATCH, 4), 5),
    "Outer of one example": bp.Outer(draw(4), 5),
    "Broadcast": bp.Broadcast((_BATCH,), (4,)),
    "OwnColumn": bp.OwnColumn(draw(_BATCH, 4, 2)),
    "PairProduct": bp.PairProduct(draw(_BATCH, 2, 2)),
    "RowVector": bp.RowVector(draw(_BATCH, 4)),
    "Selection": bp.Selection(draw(_BATCH, 2, 3), ((0, 1, 3), (2, 1, 1)), 4),
    "BlockRow": _affine(),
    "BlockRow with no dependence": bp.BlockRow({"a": bp.Diagonal(draw(_BATCH, 4)), "b": None}),
    "BlockColumn": bp.BlockColumn((bp.Dense(draw(5, 4)), bp.Diagonal(draw(_BATCH, 4)))),
    "Composed": bp.Composed((bp.Dense(draw(2, 5)), bp.Diagonal(draw(_BATCH, 5)), bp.Dense(draw(5, 4)))),
    "Composed with a row": bp.Composed((bp.Diagonal(draw(_BATCH, 5)), _affine())),
    "Sum": bp.Sum((bp.Identity((4,)), bp.Dense(draw(_BATCH, 4, 4)))),
    "Sum of rows": bp.Sum((_affine(), _affine())),
    "Scaled": bp.Scaled(draw(), bp.Dense(draw(_BATCH, 5, 4))),
    "Scaled row": bp.Scaled(draw(), _affine()),
    "Transposed": bp.Transposed(bp.Dense(draw(_BATCH, 5, 4))),
    "Identity of a batch": bp.Identity((4,), (_BATCH,)),
    "Dense shared by a batch": bp.Dense(draw(5, 4), (_BATCH,)),
    "Chain": bp.Chain(
        (_affine(), bp.BlockRow(((), bp.Diagonal(draw(_BATCH, 5))))), ("affine", "tanh"), ("x", "z1", "y1")
    ),
}
