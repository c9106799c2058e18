"""Law 6: the formula derived from the definition, emitted to JAX, equals the rule's Jacobian and jax.jacrev."""

import inspect
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from catalogue import CASES, case_id
from sympy import Derivative, Idx, Indexed, Sum

import functional_bp as bp
from derivations import emit
from derivations.registry import of_rule
from functional_bp import rules
from functional_bp.rules.catalogue import CATALOGUE

pytestmark = pytest.mark.usefixtures("float64")
ELSEWHERE = {  # laid out as the derivation does in tests/derivations/test_STEM.py
    *("max_pool", "mean_pool", "adaptive_max_pool", "adaptive_mean_pool"),
    *("convolution", "transposed_convolution", "contraction"),
    *("solve", "cholesky_solve", "log_determinant"),
}
RULES = {name for name in rules.__all__ if name.islower()}


def jacobians(rule):
    """{input: derivation of ∂output/∂input}: those whose left side is one derivative."""
    found = [d for d in of_rule(rule) if isinstance(d.result.lhs, Derivative)]
    return {str(variable(d).base.label): d for d in found if d.name in (rule, f"{rule}.{variable(d).base.label}")}


def variable(derivation):
    return derivation.result.lhs.variables[0]


def example(case, n):
    """One example: its inputs, its constants, and all arrays by the names that they have in the derivation."""
    inputs, constants = case.sample(0, (), n)
    names = [
        name for name, p in inspect.signature(case.rule).parameters.items() if p.default is p.empty or name == "key"
    ]
    arrays = dict(zip(names, (*inputs, *constants), strict=False))
    arrays |= arrays.pop("params")._asdict() if "params" in arrays else {}
    return inputs, constants, arrays | further_arrays(case, arrays)


def further_arrays(case, arrays):
    """What the rule takes in another form than the derivation: slopes, subsets, the number of pairs."""
    keywords = case.rule.keywords if isinstance(case.rule, partial) else {}
    if case.name in ("glu", "swiglu", "geglu"):
        a, b = jnp.split(arrays["z"], 2)
        return {"a": b, "b": a} if case.name == "glu" else {"a": a, "b": b}
    if case.name == "l2_normalise":
        return {"eps": jnp.asarray(1e-12)}
    if case.name == "embedding":
        return {"token": jax.nn.one_hot(arrays.pop("tokens"), 5)}
    if case.name == "position":
        return {"P": arrays["P"][: len(arrays["x"])]}
    if case.name == "label_nll":
        n, smoothing = arrays["z"].size, keywords.get("smoothing", 0.0)
        d = jax.nn.one_hot(arrays.pop("labels"), n) * (1 - smoothing) + smoothing / n
        return {"d": d, "zeta": jnp.asarray(keywords.get("z_loss", 0.0))}
    if case.name == "batch_norm":
        return {"eps": jnp.asarray(1e-5)}
    if case.name == "lora":
        return {"s": jnp.asarray(keywords["scale"])}
    if case.name == "top_k_softmax":
        z = arrays["z"]
        return {"m": (z >= jnp.sort(z)[-keywords["k"]]).astype(z.dtype)}
    if case.name == "expert_linear":
        return {"t": jax.nn.one_hot(arrays.pop("expert"), len(arrays["W"]))}
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
    tree = tree if type(tree) is tuple else (tree,)
    named = dict(zip(names, tree[: len(names)], strict=True))
    if case.name in ("glu", "swiglu", "geglu"):
        a, b = jnp.split(named["z"], 2, -1)
        return {"a": b, "b": a} if case.name == "glu" else {"a": a, "b": b}
    if case.name == "position":
        return named | {"P": named["P"][..., : named["x"].shape[-2], :]}
    return named | (named.pop("params")._asdict() if "params" in named else {})


def pulled(rule):
    """{input: derivation of ȳ ∂output/∂input}: of rules whose Jacobian is best written as its product with a row."""
    found = [d for d in of_rule(rule) if isinstance(d.result.lhs, Sum) and "." in d.name]
    return {d.name.removeprefix(f"{rule}."): d for d in found if not d.name.endswith(".vjp")}


every_case = pytest.mark.parametrize(
    "case", [c for c in CASES if jacobians(c.name) and c.name not in ELSEWHERE], ids=case_id
)


def test_every_rule_has_a_derivation():
    assert {rule for rule in RULES - ELSEWHERE if not (jacobians(rule) or pulled(rule))} == set()
    assert all(of_rule(rule) for rule in ELSEWHERE)
    assert {entry.rule_name for entry in CATALOGUE} == RULES


@every_case
def test_the_emitted_definition_is_the_rule_s_output(case):
    inputs, constants, arrays = example(case, case.entry.sizes[0])
    y = jax.jit(lambda *parts: case.rule(*parts)[0])(*inputs, *constants)
    derivation = next(iter(jacobians(case.name).values()))
    output = derivation.result.lhs.expr
    indices = output.indices if isinstance(output, Indexed) else ()
    np.testing.assert_allclose(evaluated(output, indices, derivation, arrays), y, rtol=1e-10, atol=1e-12)


@every_case
def test_the_emitted_jacobian_is_the_rule_s_and_jacrev_s(case):
    inputs, constants, arrays = example(case, case.entry.sizes[0])
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


def norm_arrays(params, x, y_bar, bar):
    arrays = {"x": x, "y_bar": y_bar, "eps": jnp.asarray(1e-5)}
    if isinstance(params, bp.GainParams):
        return arrays | params._asdict(), {"x": bar[1]} | bar[0]._asdict()
    return arrays | {"gain": params}, {"x": bar[1], "gain": bar[0]}


def group_arrays(params, x, y_bar, bar):
    arrays = {"x": x, "y_bar": y_bar, **params._asdict()}
    return jax.tree.map(lambda a: a.reshape(2, -1), arrays) | {"eps": jnp.asarray(1e-5)}, {"x": bar[1].reshape(2, -1)}


def attention_arrays(qkv, y_bar, bar):
    """Of the first head, as if it were alone: k and v get the rest from the other."""
    one = bp.QKV(qkv.q[:1], qkv.k, qkv.v)
    bar = y_bar[:1] @ bp.attention(one)[1]
    arrays = {name: a[0] for name, a in zip("qkv", one[:3], strict=True)} | {"y_bar": y_bar[0]}
    arrays["m"] = jnp.ones((arrays["q"].shape[0], arrays["k"].shape[0]))
    return arrays, {name: a[0] for name, a in zip("qkv", bar[:3], strict=True)}


def delta_arrays(x, y_bar, bar):
    """Of the first step alone."""
    one = bp.DeltaInputs(*(a[:1] for a in x[:5]), x.state)
    y_bar, S_bar = y_bar[0][:1], y_bar[1]
    bar = (y_bar, S_bar) @ bp.gated_delta_rule(one)[1]
    arrays = {name: a[0] for name, a in one._asdict().items()} | {"state": x.state, "y_bar": y_bar[0], "S_bar": S_bar}
    return arrays, {name: a[0] for name, a in bar._asdict().items()} | {"state": bar.state}


def rope_arrays(x, y_bar, bar):
    half = x.shape[-1] // 2
    angle = len(x[:-1]) * 10000.0 ** (-2 * jnp.arange(half) / (2 * half))  # the last position's
    arrays = {"a": x[-1, :half], "b": x[-1, half:], "y_bar": y_bar[-1, :half], "w_bar": y_bar[-1, half:]}
    arrays |= {"cos": jnp.cos(angle), "sin": jnp.sin(angle)}
    return arrays, {"a": bar[-1, :half], "b": bar[-1, half:]}


def cell_arrays(gates):
    def arrays(params, state_x, y_bar, bar):
        (state, x), (state_bar, above) = state_x, y_bar
        (h, *c), (H_bar, *C_bar) = (s if isinstance(s, tuple) else (s,) for s in (state, state_bar))
        given = {"x": x, "h": h, "H_bar": H_bar + above} | dict(zip(("c", "C_bar"), (*c, *C_bar), strict=False))
        params_bar, (s_bar, x_bar) = bar
        h_bar, *c_bar = s_bar if isinstance(s_bar, tuple) else (s_bar,)
        cotangents = {"x": x_bar, "h": h_bar} | dict(zip("c", c_bar, strict=False))
        for letter, whole, whole_bar in zip("WUb", params, params_bar, strict=True):
            for gate, part, part_bar in zip(
                gates, *(jnp.split(w, len(gates)) for w in (whole, whole_bar)), strict=True
            ):
                given[f"{letter}_{gate}"], cotangents[f"{letter}_{gate}"] = part, part_bar
        return given, cotangents

    return arrays


ARRAYS = {
    "layer_norm": norm_arrays,
    "rms_norm": norm_arrays,
    "group_norm": group_arrays,
    "attention": attention_arrays,
    "rope": rope_arrays,
    "gated_delta_rule": delta_arrays,
    "lstm": cell_arrays("ifgo"),
    "gru": cell_arrays("rug"),
    "simple_rnn": cell_arrays("h"),
}


LONG = {"lstm", "attention", "gated_delta_rule"}  # to compile


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(rule, marks=[pytest.mark.slow] * (rule in LONG))
        for rule in sorted({case.name for case in CASES if not jacobians(case.name)} - ELSEWHERE)
    ],
)
def test_the_emitted_products_are_the_rule_s_cotangents(rule):
    case = next(case for case in CASES if case.name == rule)
    inputs, _ = case.sample(0, (), case.entry.sizes[0])
    y, J = case.rule(*inputs)
    y_bar = jax.tree.map(lambda leaf: jnp.cos(3 * leaf), y)
    arrays, cotangents = ARRAYS[rule](*inputs, y_bar, y_bar @ J)
    for name, derivation in pulled(rule).items():
        indices = tuple(getattr(variable_of_sum(derivation), "indices", ()))
        emitted = evaluated(derivation.result.rhs, indices, derivation, arrays)
        np.testing.assert_allclose(emitted, cotangents[name], rtol=1e-9, atol=1e-12, err_msg=derivation.name)


def variable_of_sum(derivation):
    """What the derivation is with respect to."""
    (x,) = {d.variables[0] for d in derivation.result.lhs.atoms(Derivative)}
    return x
