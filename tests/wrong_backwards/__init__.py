"""Wrong backward passes made from the library's right ones: each rule times each kind of fault."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from functional_bp.checking.catalogue import BATCH, CATALOGUE, Entry, inputs
from functional_bp.checking.question.adapters import RuleBackward, RuleOutput
from wrong_backwards.mutant import Mutant
from wrong_backwards.particular import particular

Change = Callable[[Any, Any, tuple, Any, Callable], Any]

# c: the right cotangent, x: the primal's leaf, p: the primals, g: the output's cotangent, again(g): c for another g
FAULTS: tuple[tuple[str, str, Change], ...] = (
    ("sign flipped", "sign", lambda c, x, p, g, again: -c),
    ("doubled", "factor", lambda c, x, p, g, again: 2 * c),
    ("halved", "factor", lambda c, x, p, g, again: c / 2),
    ("mean for sum", "factor", lambda c, x, p, g, again: c / BATCH),
    ("dropped", "missing term", lambda c, x, p, g, again: jnp.zeros_like(c)),
    ("shifted", "permuted", lambda c, x, p, g, again: jnp.roll(c, 1, axis=-1)),
    ("reversed", "permuted", lambda c, x, p, g, again: c[::-1]),
    ("cotangent ignored", "cotangent ignored", lambda c, x, p, g, again: again(jnp.ones_like(g))),
    ("cotangent squared", "not linear", lambda c, x, p, g, again: again(g * g)),
    (
        "zero at negative inputs",
        "few elements|missing term",
        lambda c, x, p, g, again: jnp.where(x < 0, jnp.zeros_like(c), c),
    ),
    ("doubled at negative inputs", "few elements|extra term", lambda c, x, p, g, again: jnp.where(x < 0, 2 * c, c)),
    ("last row", "few elements", lambda c, x, p, g, again: c.at[-1].multiply(1.5)),
    ("one element by 1e-3", "few elements", lambda c, x, p, g, again: c.at[(0,) * c.ndim].multiply(1.001)),
    ("input added", "extra term", lambda c, x, p, g, again: c + x),
    ("one added", "extra term", lambda c, x, p, g, again: c + 1),
    ("through bfloat16", "dtype", lambda c, x, p, g, again: c.astype(jnp.bfloat16).astype(c.dtype)),
    ("nan when large", "not finite", lambda c, x, p, g, again: jnp.where(jnp.abs(x) > 50, jnp.nan * c, c)),
    ("wrong at zero", "few elements|subgradient", lambda c, x, p, g, again: jnp.where(x == 0, c + 3, c)),
)


LAST = next(k for k, entry in enumerate(CATALOGUE) if entry.name == "softmax_nll")
AGAIN = ("leaky_relu, another slope", "dropout")  # what the bank has by another entry
LECTURES = [entry for entry in CATALOGUE[: LAST + 1] if entry.name not in AGAIN]
MODERN = list(CATALOGUE[LAST + 1 :])
OF_ANY = [fault for fault in FAULTS if fault[0] in ("sign flipped", "doubled", "dropped", "cotangent ignored")]


def mutants(seed: int = 0) -> Iterator[Mutant]:
    for entry in LECTURES:
        yield from of_entry(entry, FAULTS, seed)
    yield from particular(seed)


def of_entry(entry: Entry, faults: Any, seed: int = 0) -> Iterator[Mutant]:
    """The rule's backward with each fault in each of its inputs."""
    forward, right, primals = differentiable(entry, jax.tree.map(jnp.asarray, inputs(entry, seed)))
    for leaf in range(len(jax.tree.leaves(primals))):
        for name, kinds, change in faults:
            yield make(f"{entry.name}[{leaf}] {name}", kinds, leaf, change, forward, right, primals)


def differentiable(entry: Entry, primals: tuple) -> tuple[Callable, Callable, tuple]:
    """Forward, right backward and primals of a rule as functions of what has a cotangent: the others are constants."""
    y, J = entry.rule(*primals)
    x_bar = jnp.ones_like(y) @ J
    due = len(x_bar) if type(x_bar) is tuple else 1

    def forward(*inputs: Any) -> Any:
        return RuleOutput(entry.rule)(*inputs, *primals[due:])

    def right(inputs: tuple, g: Any) -> tuple:
        return RuleBackward(entry.rule)((*inputs, *primals[due:]), g)[:due]

    return forward, right, primals[:due]


def make(
    name: str, kinds: str, leaf: int, change: Change, forward: Callable, right: Callable, primals: tuple
) -> Mutant:
    def cotangents(inputs: tuple, g: Any) -> list:
        return jax.tree.leaves(right(inputs, g))

    def backward(inputs: tuple, g: Any) -> tuple:
        parts, treedef = jax.tree.flatten(right(inputs, g))
        x = jax.tree.leaves(inputs)[leaf]
        parts[leaf] = change(parts[leaf], x, inputs, g, lambda g: cotangents(inputs, g)[leaf])
        return jax.tree.unflatten(treedef, parts)

    return Mutant(name, frozenset(kinds.split("|")), leaf, forward, backward, primals, cotangents)


def nearby(primals: tuple, step: float) -> tuple:
    rng = np.random.default_rng(2)
    return jax.tree.map(lambda a: a + jnp.asarray(step * rng.standard_normal(a.shape), a.dtype), primals)


def is_wrong(mutant: Mutant) -> bool:
    """Does it differ from the right backward at all, by more than rounding, inside the forward's domain?

    A derivative exists only where the forward is finite all around: 0^α is 1 at α = 0, and infinite next to it.
    """
    if mutant.right is None:
        return True
    rng = np.random.default_rng(1)
    for scale in (1.0, 0.0, -1.0, 100.0):
        primals = jax.tree.map(lambda a, s=scale: jnp.asarray(a * s), mutant.primals)
        y = mutant.forward(*primals)
        g = jnp.asarray(rng.uniform(0.5, 1.5, y.shape), y.dtype)
        true = mutant.right(primals, g)[mutant.leaf]
        claimed = jax.tree.leaves(mutant.backward(primals, g))[mutant.leaf]
        around = [mutant.forward(*nearby(primals, sign)) for sign in (-1e-3, 1e-3)]
        in_domain = all(bool(jnp.isfinite(v).all()) for v in (y, true, *around)) and bool(jnp.abs(y).max() < 1e15)
        error, allowed = jnp.abs(true - claimed), 1e-4 * jnp.abs(true) + 1e-6 * jnp.abs(true).max()
        if in_domain and not bool(jnp.all(error <= allowed)):
            return True
    return False
