"""Contractions of any number of operands against jax.grad of einsum; LoRA; what does not fit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import functional_bp as bp
from functional_bp.jacobians import Contracted, SharedContracted

SPECS = {  # sizes of each letter; which operands have the batch
    "ij,jk->ik": (True, True),
    "ij,ij->": (True, False),
    "ij,k->i": (False, True),
    "i,j,k->kji": (True, True, False),
    "hid,hjd->hij": (True, True),
}


@pytest.mark.parametrize("spec", SPECS)
def test_the_cotangents_are_those_of_einsum(spec, float64, unoptimised):
    rng, sizes = np.random.default_rng(0), dict(zip("ijkhd", (2, 3, 4, 2, 3), strict=True))
    left, output = spec.split("->")
    operands = [
        jnp.asarray(rng.normal(size=((5,) if batched else ()) + tuple(sizes[letter] for letter in letters)))
        for letters, batched in zip(left.split(","), SPECS[spec], strict=True)
    ]
    names = ["z" * batched + letters for letters, batched in zip(left.split(","), SPECS[spec], strict=True)]
    y, J = bp.contraction(*operands, spec=spec)
    expected, pullback = jax.vjp(lambda *a: jnp.einsum(f"{','.join(names)}->z{output}", *a), *operands)
    bar = jnp.cos(y)
    np.testing.assert_allclose(y, expected, rtol=1e-12)
    for got, wanted in zip(bar @ J, pullback(bar), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)


def test_what_all_examples_share_is_summed_over_the_batch():
    _, J = bp.contraction(jnp.ones((2, 3)), jnp.ones((5, 3)), spec="ij,j->i")
    assert [type(block) for block in J.blocks] == [SharedContracted, Contracted]
    (a_bar, _) = jnp.ones((5, 2)) @ J
    np.testing.assert_array_equal(a_bar, 5)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("ij->i", "spec must be as"),
        ("ii,ij->i", "no axis twice"),
        ("ij,jk->im", "the output of .* has an axis"),
        ("ij,ik->ik", "does not fit operands"),
        ("ij,jk,k->i", "a part for each of 2 operands"),
    ],
)
def test_what_does_not_fit_is_said(spec, message):
    with pytest.raises(ValueError, match=message):
        bp.contraction(jnp.ones((2, 3)), jnp.ones((3, 4)), spec=spec)


def test_batches_of_two_sizes_are_refused():
    with pytest.raises(ValueError, match="different batches"):
        bp.contraction(jnp.ones((2, 3)), jnp.ones((4, 3)), spec="i,i->")


def test_a_low_rank_addition_of_another_size_is_refused(unchecked):
    with pytest.raises(ValueError, match="do not fit x"):
        bp.lora(bp.LoraParams(*map(jnp.ones, ((4, 3), (4,), (2, 2), (4, 2)))), jnp.ones(3))
