"""An instance or two of every Jacobian class, for the laws, in float64."""

import jax
import jax.numpy as jnp
import numpy as np

import functional_bp as bp
from functional_bp.rules.catalogue import CATALOGUE

_random = np.random.default_rng(0)
_BATCH = 3


def draw(*shape):
    with jax.enable_x64(True):
        return jnp.asarray(_random.normal(size=shape))


def _affine():
    return bp.BlockRow(
        (bp.AffineParams(bp.Outer(draw(_BATCH, 4), 5), bp.Broadcast((_BATCH,), (5,))), bp.Dense(draw(5, 4)))
    )


def shares(z):
    """Positive numbers whose sum is 1."""
    with jax.enable_x64(True):
        return jax.nn.softmax(z)


JACOBIANS = {
    "Identity": bp.Identity((4,)),
    "Identity of a matrix": bp.Identity((2, 3)),
    "Diagonal": bp.Diagonal(draw(_BATCH, 4)),
    "Diagonal unbatched": bp.Diagonal(draw(4)),
    "Dense": bp.Dense(draw(_BATCH, 5, 4)),
    "Dense shared": bp.Dense(draw(5, 4)),
    "DiagonalMinusOuter": bp.DiagonalMinusOuter(shares(draw(_BATCH, 4))),
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


def _applied(layer, *shape):
    """The Jacobian of a layer at random inputs."""
    with jax.enable_x64(True):
        params = jax.tree.map(jnp.cos, layer.init(jax.random.key(0)))
        x = tuple(draw(*s) for s in shape) if isinstance(shape[0], tuple) else draw(*shape)
        return layer.apply(params, x)[1]


def _parts(J):
    """J and the Jacobians inside it."""
    if isinstance(J, bp.Jacobian):
        yield J
        for inner in jax.tree.leaves(J, is_leaf=lambda node: isinstance(node, bp.Jacobian) and node is not J):
            yield from _parts(inner)


_block = bp.chain(bp.affine_layer(4, 4), bp.tanh)
_cell = bp.Layer(lambda key: bp.affine_layer(6, 4).init(key), lambda p, sx, key=None: _step(p, sx), "cell")


def _step(params, state_x):
    state, x = state_x
    sum_J = bp.BlockColumn((bp.Identity((4,)), bp.Identity((4,))))
    joined, J_joined = bp.concatenate((state, x))
    z, J = bp.affine(params, joined)
    y, J_y = bp.tanh(z)
    by_theta, by_z = J.blocks
    to_both = sum_J @ J_y
    theta = type(by_theta)(*(to_both @ block for block in by_theta))
    by_state, by_x = (to_both @ by_z @ J_joined).by_input()
    return (y, y), bp.BlockRow((theta, (by_state, by_x)))


JACOBIANS |= {
    "Elementwise": bp.Elementwise(draw(_BATCH, 4), jnp.cos),
    "Gradient": bp.Gradient(draw(2, 3)),
    "BatchNormalised": bp.BatchNormalised(draw(_BATCH, 4), *(draw(4) for _ in range(4))),
    "Zero": bp.Zero(bp.Shape((_BATCH,), (4,), (4,)), "float64"),
    "Rows": bp.Rows(jnp.array([2, 0, 2]), 4, 5),
    "LinearMap": bp.concatenate((draw(_BATCH, 3), draw(_BATCH, 2)))[1],
    "Parallel": _applied(bp.parallel(_block, bp.affine_layer(4, 2)), _BATCH, 4),
    "Part": _applied(bp.parallel(_block, bp.affine_layer(4, 2)), _BATCH, 4).by_input()[1],
    "Tied": _applied(bp.tied(bp.chain(_block, _block), lambda p: (p, p), _block.init), _BATCH, 4),
    "Recomputed": _applied(bp.recompute(_block), _BATCH, 4),
    "Repeated": _applied(bp.repeat(_block, 3), _BATCH, 4),
    "Unrolled": _applied(bp.unroll(_cell), (_BATCH, 4), (5, _BATCH, 2)),
    "Unrolled in chunks": _applied(bp.unroll(_cell, 2), (_BATCH, 4), (5, _BATCH, 2)),
    "OfFunction": _applied(bp.from_jax(lambda W, x: jnp.sin(x @ W), lambda key: jnp.ones((4, 2))), _BATCH, 4),
    "Coupled": _applied(bp.reversible(_block, _block, 2), (_BATCH, 4), (_BATCH, 4)),
}
for _entry in CATALOGUE:
    with jax.enable_x64(True):
        _inputs = jax.tree.map(jnp.asarray, _entry.draw(np.random.default_rng(0), (_BATCH,), _entry.sizes[0]))
        for _J in _parts(_entry.rule(*_inputs)[1]):
            if type(_J) not in map(type, JACOBIANS.values()):
                JACOBIANS[type(_J).__name__] = _J
