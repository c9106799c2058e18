"""Causes in the terms of a sum: one missing, one too many, one of wrong sign; the chain applied once too often."""

from collections.abc import Iterator

import numpy as np

from functional_bp.checking.causes.evidence import Candidate, Candidates, Evidence


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
            unknown = np.where(e.true == 0, e.claimed, np.nan)  # 0 = claimed · 0 tells nothing
            if np.any(v[e.wrong]):
                without = np.where(v != 0, e.true / v, unknown)
                yield Candidate("missing factor", f"the factor {name} is missing", without)
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
