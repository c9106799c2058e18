"""Causes in the terms of a sum: one missing, one too many, one of wrong sign; the chain applied once too often."""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from functional_bp.checking.causes.evidence import Candidate, Candidates, Evidence
from functional_bp.checking.causes.layout import name_factor
from functional_bp.checking.programs import double_precision, upcast

MOST_EDGES = 48


def zero(e: Evidence) -> Candidates:
    yield Candidate("missing term", "zero came: the whole cotangent is missing", np.zeros_like(e.true))


def triangles(e: Evidence) -> Candidates:
    """Only part of the Jacobian: its diagonal, all but it, one of its triangles."""
    J = e.true_jacobians
    if J is None or J.shape[1] != J.shape[2]:
        return
    eye = np.eye(J.shape[1])
    yield Candidate("missing term", "only the diagonal of the Jacobian is there", e.product(J * eye))
    yield Candidate("missing term", "the diagonal of the Jacobian is missing", e.product(J * (1 - eye)))
    yield Candidate("missing term", "only the Jacobian's lower triangle is there", e.product(np.tril(J)))
    yield Candidate("missing term", "only the Jacobian's upper triangle is there", e.product(np.triu(J)))


def powers(e: Evidence) -> Candidates:
    """The Jacobian applied twice, or not at all."""
    if e.y_bar is None or e.y_bar.shape != e.true.shape:
        return
    yield Candidate("missing factor", "ȳ itself came: the derivative is missing", e.y_bar)
    twice = e.at(
        [type(p)(p.name, p.floats, p.indices, (t.astype("float64"),)) for p, t in zip(e.points, e.true, strict=True)]
    )
    yield Candidate("extra term", "the chain rule is applied twice: (ȳ J) J", twice)


def extra(e: Evidence) -> Candidates:
    """claimed − true is a constant times something at hand, with or without ȳ."""
    difference = e.claimed - e.true
    things = [("1", np.ones_like(e.true))]
    for name, quantity in e.quantities():
        things += [(name, quantity)]
        if e.y_bar is not None and name != "ȳ" and quantity.shape == e.y_bar.shape:
            things += [(f"{name} · ȳ", quantity * e.y_bar)]
    for name, thing in things:
        if thing.shape == difference.shape:
            yield from multiple("extra term", f"a spurious term {{}} {name} is added", e, difference, thing)


def multiple(kind: str, text: str, e: Evidence, difference: np.ndarray, thing: np.ndarray) -> Candidates:
    """true + c · thing with the constant that fits best."""
    norm = np.vdot(thing, thing).real
    if norm > 0 and np.all(np.isfinite(difference)):
        c = float(np.vdot(thing, difference).real / norm)
        if abs(c) > 1e-12:
            yield Candidate(kind, text.format(f"{c:.4g} ·"), e.true + c * thing)


def ratios(e: Evidence) -> Candidates:
    """A factor too many or too few: claimed = true · v or true = claimed · v; or v in the place of the derivative."""
    J = e.true_jacobians
    if J is not None and J.shape[1] == J.shape[2]:
        slopes = np.einsum("sii->si", J).reshape(e.true.shape)
        yield Candidate("extra term", "the derivative is multiplied in twice", e.true * slopes)
    for name, v in simple_functions(e):
        with np.errstate(all="ignore"):
            yield Candidate("extra factor", f"multiplied once too often by {name}", e.true * v)
            yield Candidate("missing factor", f"the factor {name} is missing", np.where(v != 0, e.true / v, e.claimed))
            if e.y_bar is not None and e.y_bar.shape == e.true.shape:
                yield Candidate("wrong residual", f"the derivative is taken to be {name}", e.y_bar * v)


def simple_functions(e: Evidence) -> Iterator[tuple[str, np.ndarray]]:
    """The primals and the output, and what derivatives are commonly made of, of the leaf's shape."""
    for name, v in e.quantities():
        if name == "ȳ" or v.shape != e.true.shape:
            continue
        with np.errstate(all="ignore"):
            yield from (
                (name, v),
                (f"1 − {name}", 1 - v),
                (f"1 + {name}", 1 + v),
                (f"({name})²", v * v),
                (f"1 − ({name})²", 1 - v * v),
                (f"({name})(1 − {name})", v * (1 - v)),
                (f"1/({name})", 1 / v),
                (f"exp({name})", np.exp(v)),
                (f"sign({name})", np.sign(v)),
            )


def paths(e: Evidence) -> Candidates:
    """Each path of the forward in turn dropped, counted twice, sign flipped or scaled, by a gate on its cotangent."""
    gates = gated_cotangents(e)
    if gates is None:
        return
    labels, parts = gates
    difference = e.claimed - e.true
    for label, part in zip(labels, parts, strict=True):
        norm = np.vdot(part, part).real
        if norm == 0 or e.close(part, e.true).all() or not np.all(np.isfinite(difference)):
            continue
        c = float(np.vdot(part, difference).real / norm)
        if abs(c) < 1e-9:
            continue
        kind, text = name_path(c, label, e)
        yield Candidate(kind, text, e.true + c * part)


def name_path(c: float, label: str, e: Evidence) -> tuple[str, str]:
    if abs(c + 1) < 1e-4:
        return "missing term", f"a term is missing: the path through {label}"
    if abs(c + 2) < 1e-4:
        return "sign", f"the sign is flipped on the path through {label}"
    if abs(c - 1) < 1e-4:
        return "extra term", f"the path through {label} is counted twice"
    return "factor", f"the path through {label} is wrong by a constant factor {name_factor(1 + c, e)}"


def gated_cotangents(e: Evidence) -> tuple[list[str], list[np.ndarray]] | None:
    """For each edge of the forward's program the part of the true cotangent that flows along it, [sample, *leaf]."""
    points = [upcast(p) for p in e.points]
    try:
        with double_precision():
            floats, indices = list(points[0].floats), list(points[0].indices)
            jaxpr = jax.make_jaxpr(e.problem.float_outputs)(floats, indices)
            labels = list(edge_labels(jaxpr.jaxpr))[:MOST_EDGES]
            closed = jax.jit(
                jax.vmap(lambda g, f, i, b: gated_vjp(jaxpr, g, f, i, b)[e.leaf], in_axes=(0, None, None, None))
            )
            gates = np.ones((len(labels) + 1, len(labels)))
            gates[np.arange(len(labels)) + 1, np.arange(len(labels))] = 0
            results = [np.asarray(closed(gates, list(p.floats), list(p.indices), list(p.y_bar))) for p in points]
    except Exception:  # a program that can't be taken apart offers no paths
        return None
    stacked = np.stack(results, axis=1)
    if not e.close(stacked[0], e.true).all():  # a custom derivative that differs from its function's own
        return None
    return labels, [stacked[0] - part for part in stacked[1:]]


def inner_program(equation: Any) -> Any | None:
    """The program of a jit or custom_jvp, to be taken apart with the rest."""
    return (
        equation.params.get("call_jaxpr" if equation.primitive.name == "custom_jvp_call" else "jaxpr")
        if (equation.primitive.name in ("jit", "pjit", "closed_call", "custom_jvp_call"))
        else None
    )


def edge_labels(jaxpr: Any) -> Iterator[str]:
    """One label for each operand, in the order in which `run` asks for gates."""
    for equation in jaxpr.eqns:
        inner = inner_program(equation)
        if inner is not None:
            yield from edge_labels(inner.jaxpr)
            continue
        for number, variable in enumerate(equation.invars):
            if not hasattr(variable, "val") and jnp.issubdtype(variable.aval.dtype, jnp.floating):
                yield f"operand {number + 1} of `{equation.primitive.name}`"


@jax.custom_vjp
def gate(x: Any, g: Any) -> Any:
    """x, with its cotangent multiplied by g."""
    return x


gate.defvjp(lambda x, g: (x, g), lambda g, x_bar: (g * x_bar, jnp.zeros_like(g)))


def gated_vjp(closed: Any, gates: Any, floats: list, indices: list, y_bar: list) -> list:
    def outputs(floats: list) -> list:
        return run(closed.jaxpr, closed.consts, [*floats, *indices], iter(gates))

    y, pull = jax.vjp(outputs, floats)
    return pull([b.astype(out.dtype) for b, out in zip(y_bar, y, strict=True)])[0]


def run(jaxpr: Any, consts: Any, arguments: list, gates: Any) -> list:
    """Evaluates a program with a gate on each floating operand."""
    values = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*consts, *arguments], strict=True))

    def read(variable: Any) -> Any:
        return variable.val if hasattr(variable, "val") else values[variable]

    for equation in jaxpr.eqns:
        operands = [read(v) for v in equation.invars]
        inner = inner_program(equation)
        if inner is not None:
            results = run(inner.jaxpr, inner.consts, operands, gates)
        else:
            operands = [gate_operand(v, x, gates) for v, x in zip(equation.invars, operands, strict=True)]
            results = equation.primitive.bind(*operands, **equation.primitive.get_bind_params(equation.params))
            results = results if equation.primitive.multiple_results else [results]
        values.update(zip(equation.outvars, results, strict=True))
    return [read(v) for v in jaxpr.outvars]


def gate_operand(variable: Any, x: Any, gates: Any) -> Any:
    if hasattr(variable, "val") or not jnp.issubdtype(variable.aval.dtype, jnp.floating):
        return x
    g = next(gates, None)
    return x if g is None else gate(x, g.astype(x.dtype))
