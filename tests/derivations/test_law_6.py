"""Law 6: the formula derived from the definition, emitted to JAX, equals the rule's Jacobian and jax.jacrev."""

import inspect
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from catalogue import CASES, case_id
from sympy import Derivative, Idx, Indexed

from derivations import emit
from derivations.registry import of_rule
from functional_bp import rules

pytestmark = pytest.mark.usefixtures("float64")
every_case = pytest.mark.parametrize("case", CASES, ids=case_id)
RULES = set(rules.__all__) - {"AffineParams"}


def jacobians(rule):
    """{input: derivation of ∂output/∂input}: those whose left side is one derivative."""
    found = [d for d in of_rule(rule) if isinstance(d.result.lhs, Derivative)]
    return {str(variable(d).base.label): d for d in found if d.name in (rule, f"{rule}.{variable(d).base.label}")}


def variable(derivation):
    return derivation.result.lhs.variables[0]


def example(case, n):
    """One example: its inputs, its constants, and all arrays by the names that they have in the derivation."""
    inputs, constants = case.sample(jax.random.key(0), (), n)
    names = [
        name for name, p in inspect.signature(case.rule).parameters.items() if p.default is p.empty or name == "key"
    ]
    arrays = dict(zip(names, (*inputs, *constants), strict=False))
    arrays |= arrays.pop("params")._asdict() if "params" in arrays else {}
    return inputs, constants, arrays | further_arrays(case, arrays)


def further_arrays(case, arrays):
    """What the rule takes in another form than the derivation: slopes, subsets, the number of pairs."""
    keywords = case.rule.keywords if isinstance(case.rule, partial) else {}
    if case.name == "leaky_relu":
        return {"alpha": jnp.asarray(keywords.get("slope", 0.01))}
    if case.name == "randomised_leaky_relu":
        return {"alpha": jnp.full_like(arrays["z"], (1 / 8 + 1 / 3) / 2)}
    if case.name == "dropout":
        return {"m": jnp.ones_like(arrays["z"])}
    if case.name == "subset_max":
        members = [[float(l in subset) for l in range(arrays["z"].size)] for subset in keywords["subsets"]]
        return {"S": jnp.asarray(members)}
    if case.name == "pair_product":
        return {"m": arrays["z"].size // 2}
    return {}


def dimensions(derivation, arrays):
    """What the definition tells of the dimensions: a formula such as δ_ij names no array to read them off."""
    elements = [e for d in derivation.definitions for e in d.atoms(Indexed) if str(e.base.label) in arrays]
    axes = [
        (i.upper, arrays[str(e.base.label)].shape[axis] + i.lower - 1)
        for e in elements
        for axis, i in enumerate(e.indices)
        if isinstance(i, Idx)
    ]
    return {str(upper): int(size) for upper, size in axes if upper.is_Symbol}


def evaluated(formula, indices, derivation, arrays):
    emitted = emit(formula, indices=indices, given=derivation.definitions)
    sizes = dimensions(derivation, arrays) | {name: n for name, n in arrays.items() if isinstance(n, int)}
    return jax.jit(lambda values: emitted(**values, **sizes))({k: v for k, v in arrays.items() if k not in sizes})


def leaves(case, inputs, tree):
    """The leaves of a tree like the inputs, by the names of the inputs."""
    names = list(inspect.signature(case.rule).parameters)[: len(inputs)]
    tree = tree if len(inputs) > 1 else (tree,)
    named = dict(zip(names, tree, strict=True))
    return named | (named.pop("params")._asdict() if "params" in named else {})


def test_every_rule_has_a_derivation():
    assert {rule for rule in RULES if not jacobians(rule)} == set()
    assert {case.name for case in CASES} == RULES


@every_case
def test_the_emitted_definition_is_the_rule_s_output(case):
    inputs, constants, arrays = example(case, case.sizes[0])
    y = jax.jit(lambda *parts: case.rule(*parts)[0])(*inputs, *constants)
    derivation = next(iter(jacobians(case.name).values()))
    output = derivation.result.lhs.expr
    indices = output.indices if isinstance(output, Indexed) else ()
    np.testing.assert_allclose(evaluated(output, indices, derivation, arrays), y, rtol=1e-10, atol=1e-12)


@every_case
def test_the_emitted_jacobian_is_the_rule_s_and_jacrev_s(case):
    inputs, constants, arrays = example(case, case.sizes[0])
    argnums = tuple(range(len(inputs))) if len(inputs) > 1 else 0
    dense = leaves(case, inputs, jax.jit(lambda *parts: case.rule(*parts)[1].to_dense())(*inputs, *constants))
    reverse = leaves(case, inputs, jax.jit(jax.jacrev(case.reference, argnums))(*inputs, *constants))
    derived = jacobians(case.name)
    assert set(derived) == set(dense)
    for name, derivation in derived.items():
        output, x = derivation.result.lhs.expr, variable(derivation)
        indices = (*(output.indices if isinstance(output, Indexed) else ()), *x.indices)
        emitted = evaluated(derivation.result.rhs, indices, derivation, arrays)
        np.testing.assert_allclose(emitted, dense[name], rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(emitted, reverse[name], rtol=1e-10, atol=1e-12)
