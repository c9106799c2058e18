"""An instance or two of every Jacobian class, for the laws, in float64; each is made when it is asked for."""

import zlib
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

import functional_bp as bp
from functional_bp.rules.catalogue import CATALOGUE

_BATCH = 3


@cache
def jacobian(name):
    """The instance of that name, of random numbers of its own."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    with jax.enable_x64(True):
        return JACOBIANS[name](lambda *shape: jnp.asarray(random.normal(size=shape)))


def _affine(draw):
    return bp.BlockRow(
        (bp.AffineParams(bp.Outer(draw(_BATCH, 4), 5), bp.Broadcast((_BATCH,), (5,))), bp.Dense(draw(5, 4)))
    )


JACOBIANS = {
    "Identity": lambda draw: bp.Identity((4,)),
    "Identity of a matrix": lambda draw: bp.Identity((2, 3)),
    "Diagonal": lambda draw: bp.Diagonal(draw(_BATCH, 4)),
    "Diagonal unbatched": lambda draw: bp.Diagonal(draw(4)),
    "Dense": lambda draw: bp.Dense(draw(_BATCH, 5, 4)),
    "Dense shared": lambda draw: bp.Dense(draw(5, 4)),
    "DiagonalMinusOuter": lambda draw: bp.DiagonalMinusOuter(jax.nn.softmax(draw(_BATCH, 4))),
    "IdentityMinusRows": lambda draw: bp.IdentityMinusRows(draw(_BATCH, 4)),
    "Outer": lambda draw: bp.Outer(draw(_BATCH, 4), 5),
    "Outer of one example": lambda draw: bp.Outer(draw(4), 5),
    "Broadcast": lambda draw: bp.Broadcast((_BATCH,), (4,)),
    "OwnColumn": lambda draw: bp.OwnColumn(draw(_BATCH, 4, 2)),
    "PairProduct": lambda draw: bp.PairProduct(draw(_BATCH, 2, 2)),
    "RowVector": lambda draw: bp.RowVector(draw(_BATCH, 4)),
    "Selection": lambda draw: bp.Selection(draw(_BATCH, 2, 3), ((0, 1, 3), (2, 1, 1)), 4),
    "BlockRow": lambda draw: _affine(draw),
    "BlockRow with no dependence": lambda draw: bp.BlockRow({"a": bp.Diagonal(draw(_BATCH, 4)), "b": None}),
    "BlockColumn": lambda draw: bp.BlockColumn((bp.Dense(draw(5, 4)), bp.Diagonal(draw(_BATCH, 4)))),
    "Composed": lambda draw: bp.Composed((bp.Dense(draw(2, 5)), bp.Diagonal(draw(_BATCH, 5)), bp.Dense(draw(5, 4)))),
    "Composed with a row": lambda draw: bp.Composed((bp.Diagonal(draw(_BATCH, 5)), _affine(draw))),
    "Sum": lambda draw: bp.Sum((bp.Identity((4,)), bp.Dense(draw(_BATCH, 4, 4)))),
    "Sum of rows": lambda draw: bp.Sum((_affine(draw), _affine(draw))),
    "Scaled": lambda draw: bp.Scaled(draw(), bp.Dense(draw(_BATCH, 5, 4))),
    "Scaled row": lambda draw: bp.Scaled(draw(), _affine(draw)),
    "Transposed": lambda draw: bp.Transposed(bp.Dense(draw(_BATCH, 5, 4))),
    "Identity of a batch": lambda draw: bp.Identity((4,), (_BATCH,)),
    "Dense shared by a batch": lambda draw: bp.Dense(draw(5, 4), (_BATCH,)),
    "Chain": lambda draw: bp.Chain(
        (_affine(draw), bp.BlockRow(((), bp.Diagonal(draw(_BATCH, 5))))), ("affine", "tanh"), ("x", "z1", "y1")
    ),
}


def _applied(draw, layer, *shape):
    """The Jacobian of a layer at random inputs."""
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


def _sine(W, x):
    return jnp.sin(x @ W)


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
    "Elementwise": lambda draw: bp.Elementwise(draw(_BATCH, 4), jnp.cos),
    "Gradient": lambda draw: bp.Gradient(draw(2, 3)),
    "BatchNormalised": lambda draw: bp.BatchNormalised(draw(_BATCH, 4), *(draw(4) for _ in range(4))),
    "Zero": lambda draw: bp.Zero(bp.Shape((_BATCH,), (4,), (4,)), "float64"),
    "Rows": lambda draw: bp.Rows(jnp.array([2, 0, 2]), 4, 5),
    "LinearMap": lambda draw: bp.concatenate((draw(_BATCH, 3), draw(_BATCH, 2)))[1],
    "Parallel": lambda draw: _applied(draw, bp.parallel(_block, bp.affine_layer(4, 2)), _BATCH, 4),
    "Part": lambda draw: _applied(draw, bp.parallel(_block, bp.affine_layer(4, 2)), _BATCH, 4).by_input()[1],
    "Tied": lambda draw: _applied(draw, bp.tied(bp.chain(_block, _block), lambda p: (p, p), _block.init), _BATCH, 4),
    "Recomputed": lambda draw: _applied(draw, bp.recompute(_block), _BATCH, 4),
    "Repeated": lambda draw: _applied(draw, bp.repeat(_block, 3), _BATCH, 4),
    "Unrolled": lambda draw: _applied(draw, bp.unroll(_cell), (_BATCH, 4), (5, _BATCH, 2)),
    "Unrolled in chunks": lambda draw: _applied(draw, bp.unroll(_cell, 2), (_BATCH, 4), (5, _BATCH, 2)),
    "OfFunction": lambda draw: _applied(
        draw, bp.from_jax(lambda W, x: jnp.sin(x @ W), lambda key: jnp.ones((4, 2))), _BATCH, 4
    ),
    "Coupled": lambda draw: _applied(draw, bp.reversible(_block, _block, 2), (_BATCH, 4), (_BATCH, 4)),
}
INSIDE = {  # the Jacobian of a rule, or a factor or part of it: by the rule's name in the catalogue
    "Gated": "glu",
    "Standardised": "layer_norm",
    "ByGain": "layer_norm",
    "Attention": "attention",
    "Cell": "lstm",
    "LSTMGates": "lstm",
    "GRUGates": "gru",
    "SimpleGates": "simple_rnn",
    "Correlated": "convolution",
    "Convolved": "convolution",
    "Pooled": "max_pool",
    "Selected": "adaptive_max_pool",
    "GatedDelta": "gated_delta_rule",
    "SharedContracted": "contraction",
    "Contracted": "contraction",
    "Inverse": "solve",
    "RowsOfExperts": "expert_linear",
    "OfExperts": "expert_linear",
}


def _inside(cls, entry_name):
    """The first Jacobian of that class in the rule's."""
    entry = next(entry for entry in CATALOGUE if entry.name == entry_name)

    def made(_):
        inputs = jax.tree.map(jnp.asarray, entry.draw(np.random.default_rng(0), (_BATCH,), entry.sizes[0]))
        return next(J for J in _parts(entry.rule(*inputs)[1]) if type(J).__name__ == cls)

    return made


JACOBIANS |= {cls: _inside(cls, name) for cls, name in INSIDE.items()}
