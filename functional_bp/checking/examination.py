"""One check, step by step: structure, points, comparison, kinks, consistency, and for what is wrong the causes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from functional_bp.checking import causes, kinks, structure
from functional_bp.checking.comparison import excess, roundoff, tolerance
from functional_bp.checking.judgement import Judge, Mismatch, finite_rows, surely_close
from functional_bp.checking.oracles import MOST_COORDINATES, AutodiffOracle, NumericalOracle
from functional_bp.checking.points import FEW, derived_points, shrunk
from functional_bp.checking.problem import Leaf, Point, Problem, is_float
from functional_bp.checking.programs import SMALL, Arrays, own_precision, programs_for
from functional_bp.checking.report import Cause, Element, Report, Verdict
from functional_bp.checking.screen import Screen
from functional_bp.checking.structure import Fault, first_line

WORST_SHOWN = 5
MOST_POINTS = 64
FEW_POINTS = 12  # where each costs as many runs of the forward as there are coordinates
ONE_PER_CENT = 0.01 / 16


@dataclass(frozen=True)
class Options:
    """What the entry points are asked for beside the problem itself."""

    title: str
    jvp: Callable | None = None
    second_order: bool = False
    seed: int = 0
    fwd: Callable | None = None


class Examination:
    """A problem at given inputs, the oracles for it, and what was found."""

    def __init__(
        self, problem: Problem, floats: Sequence[np.ndarray], indices: Sequence[np.ndarray], options: Options
    ) -> None:
        self.problem, self.options = problem, options
        self.floats, self.indices = tuple(floats), tuple(indices)
        self.programs = programs_for(problem, floats, indices)
        self.small = self.programs.size <= SMALL
        numerical = NumericalOracle(self.programs)
        self.differentiable = not self.programs.refusal
        self.truth = AutodiffOracle(self.programs) if self.differentiable else numerical
        few = self.programs.size <= MOST_COORDINATES
        doubtful = few and self.differentiable and self.programs.inspected.declared
        self.judge = Judge(self.truth, self.claim, numerical if doubtful else None)
        self.screened = False
        self.faults: list[Fault] = []
        self.mismatches: list[Mismatch] = []
        if self.programs.refusal:
            self.judge.note(f"JAX cannot differentiate the forward ({self.programs.refusal}): its values alone judge")

    def report(self) -> Report:
        points = self.points()
        screen = Screen(self.programs, points)  # while it runs, the backward runs as it is
        self.inspect_structure(points[0])
        self.sound = [
            i for i, leaf in enumerate(self.problem.float_leaves) if not any(covers(f, leaf) for f in self.faults)
        ]
        if self.sound:
            self.compare(points, screen)
            if self.small and not self.mismatches:
                self.look_further(points[0])
        verdicts = tuple(self.verdict(i, leaf, points[0]) for i, leaf in enumerate(self.problem.float_leaves))
        return Report(
            title=self.options.title,
            ok=not self.faults and not self.mismatches,
            verdicts=verdicts,
            points=tuple(self.judge.judged),
            skipped=tuple(self.judge.skipped),
            oracles=self.oracles(),
            notes=tuple(self.judge.notes),
            faults=tuple(f.text for f in self.faults if f.leaf is None),
        )

    def points(self) -> list[Point]:
        constants = self.programs.inspected.constants if self.small else []
        outputs = self.programs.zero_cotangent()
        most = (MOST_POINTS if self.differentiable else FEW_POINTS) if self.small else FEW
        return derived_points(self.floats, self.indices, outputs, constants, self.options.seed, most)

    def oracles(self) -> tuple[str, ...]:
        own = (f"jax.vjp in {self.floats[0].dtype}",) if self.differentiable and self.programs.precise else ()
        return own if self.screened else (self.truth.name, *own)

    def inspect_structure(self, point: Point) -> None:
        """Runs the backward twice as it is, without jit: what it raises and returns, and whether it does so again."""
        try:
            self.faults, self.plain = self.plain_claim(point)
            again = self.plain_claim(point)[1] if self.small else self.plain
        except Exception as error:  # whatever a hostile backward raises is its own fault
            self.faults = [Fault(None, "raised", f"the backward raised {type(error).__name__}: {first_line(error)}")]
            return
        for leaf, first, second in zip(self.problem.float_leaves, self.plain, again, strict=True):
            if first is not None and second is not None and not np.array_equal(first, second, equal_nan=True):
                text = f"{leaf.name}: not deterministic, two calls with equal arguments gave different cotangents"
                self.faults.append(Fault(leaf, "not deterministic", text))

    def plain_claim(self, point: Point) -> tuple[list[Fault], list[Any]]:
        floats, indices, y_bar = (list(map(jnp.asarray, part)) for part in (point.floats, point.indices, point.y_bar))
        with own_precision(), np.errstate(all="ignore"):
            result = self.problem.claimed(floats, indices, y_bar, self.programs.output)
            faults, cotangents = structure.align(self.problem, result, floats)
            return faults, [None if c is None else np.asarray(c) for c in cotangents]

    def compare(self, points: Sequence[Point], screen: Screen) -> None:
        """Claim against truth at all points, and the plain run against the compiled one at the first."""
        claimed = screen.claimed()
        self.screened = claimed is not None
        if claimed is not None:
            self.judge.judged += [point.name for point in points]
            self.compare_plain(points[0], claimed)
            return
        own, claimed = self.evaluate(points)
        if own is not None and self.programs.precise:
            self.doubt_float64(points[0], own[0])
        self.mismatches += self.judge.judge(points, claimed, own, self.sound)
        self.compare_plain(points[0], claimed)
        for name, text in self.programs.claim.raised.items():
            if name in {p.name for p in points}:
                self.faults.append(Fault(None, "raised", f"the backward raised {text} (at {name})"))

    def doubt_float64(self, given: Point, own: Arrays) -> None:
        """A forward that computes something else in float64 (one that draws random numbers) has no truth there."""
        for y, y64 in zip(own, self.truth([given])[0], strict=True):
            y, y64 = y[0].astype(y64.dtype), y64[0]
            scale = np.abs(y64).max(initial=0.0)
            if np.isfinite(scale) and np.all(np.isfinite(y)) and np.abs(y - y64).max(initial=0.0) > 0.25 * scale:
                self.programs.precise = False
                self.judge.note("the forward computes something else in float64: judged in its own dtype")

    def evaluate(self, points: Sequence[Point]) -> tuple[tuple[Arrays, Arrays] | None, Arrays]:
        """JAX's own outputs and cotangents in the inputs' dtype, and the claimed ones: in one program if it can be."""
        programs = self.programs
        if not self.differentiable:
            return None, programs.claim(points)
        if programs.fused:
            try:
                y, own, claimed = programs.both(points)
                return (y, own), claimed
            except Exception:  # the claim can't be traced: from now on the oracle goes alone
                programs.fused = False
        y, own = programs.own(points)
        claimed = programs.claim(points)
        if programs.claim.refusals:
            self.judge.note(f"the backward does not run under {programs.claim.refusals[-1]}")
        return (y, own), claimed

    def claim(self, points: Sequence[Point]) -> Arrays:
        return self.evaluate(points)[1]

    def compare_plain(self, point: Point, claimed: Arrays) -> None:
        """The backward run as it is must give what it gives under jit and vmap, whatever its precision."""
        for i in self.sound:
            compiled, plain = claimed[i][:1], self.plain[i][None]
            if surely_close(plain, compiled, 1e-3 * ONE_PER_CENT):
                continue
            loose = max(ONE_PER_CENT, roundoff([compiled.dtype]))
            allowed = tolerance(compiled.astype("complex128"), None, np.zeros(compiled.shape), loose, 1e-30)
            if np.any(excess(plain, compiled.astype("complex128"), allowed) > 1):
                leaf = self.problem.float_leaves[i]
                mode = self.programs.both.mode if self.programs.fused else self.programs.claim.mode
                text = f"{leaf.name}: the backward gives other values under {mode} than when run as it is"
                self.faults.append(Fault(leaf, "inconsistent", text))

    def look_further(self, given: Point) -> None:
        """Kinks found by search, a batch of one, a given jvp, the second order."""
        if self.differentiable and self.programs.precise and not self.programs.inspected.smooth:
            found = list(kinks.search(self.truth, given))
            if found:
                own, claimed = self.evaluate(found)
                self.mismatches += self.judge.judge(found, claimed, own, self.sound)
        for name, floats, indices in shrunk(given.floats, given.indices, given.y_bar):
            self.compare_shrunk(name, floats, indices)
        if self.options.jvp is not None:
            self.compare_jvp(given)
        if self.options.second_order:
            self.compare_second_order(given)
        if self.options.fwd is not None:
            self.compare_fwd(given)

    def compare_shrunk(self, name: str, floats: Sequence[np.ndarray], indices: Sequence[np.ndarray]) -> None:
        """The same question at smaller shapes, where the forward takes them."""
        if not self.differentiable:
            return
        try:
            smaller = Examination(self.problem, floats, indices, self.options)
        except Exception:  # shapes that the forward does not take
            return
        if not smaller.differentiable:
            return
        (point,) = derived_points(
            smaller.floats, smaller.indices, smaller.programs.zero_cotangent(), [], self.options.seed, 1
        )
        point = replace(point, name=name)
        smaller.sound, smaller.judge.sizes = self.sound, self.judge.sizes
        smaller.programs.both.modes = smaller.programs.both.modes[-1:]
        try:
            own, claimed = smaller.evaluate([point])
        except Exception:  # a structure fault, or an error at this shape
            smaller.inspect_structure(point)
            self.faults += [replace(f, text=f"{f.text} ({name})") for f in smaller.faults]
            return
        if any(c.shape[1:] != a.shape for c, a in zip(claimed, floats, strict=True)):
            smaller.inspect_structure(point)
            self.faults += [replace(f, text=f"{f.text} ({name})") for f in smaller.faults]
            return
        found = smaller.judge.judge([point], claimed, own, self.sound)
        self.judge.judged += smaller.judge.judged
        self.mismatches += found

    def compare_jvp(self, given: Point) -> None:
        """⟨ȳ, J ẋ⟩ = ⟨ȳ J, ẋ⟩ with the given jvp on the left."""
        rng = np.random.default_rng(self.options.seed)
        tangents = [rng.standard_normal(a.shape).astype(a.dtype) for a in given.floats]
        zeros = [np.zeros(a.shape, a.dtype if is_float(a) else jax.dtypes.float0) for a in given.indices]
        primals = self.problem.primals(list(map(jnp.asarray, given.floats)), list(map(jnp.asarray, given.indices)))
        try:
            y_dot = self.options.jvp(primals, self.problem.primals(list(map(jnp.asarray, tangents)), zeros))  # type: ignore[misc]
        except Exception as error:  # as for the backward, what a jvp raises is its fault
            self.faults.append(Fault(None, "jvp", f"the jvp raised {type(error).__name__}: {first_line(error)}"))
            return
        left = [np.asarray(y).astype("float64") for y in jax.tree.leaves(y_dot) if is_float(y)]
        x_bar = self.truth([given])[1]
        terms = [(b.astype("float64") * y).ravel() for b, y in zip(given.y_bar, left, strict=True)]
        others = [(a[0] * t).ravel() for a, t in zip(x_bar, tangents, strict=True)]
        terms, others = np.concatenate(terms), np.concatenate(others)
        eps = roundoff([a.dtype for a in given.floats])
        floor = sum(
            a.size * max(size for *_, size in self.judge.sizes.get(i, [(0.0,)])) for i, a in enumerate(tangents)
        )
        if abs(terms.sum() - others.sum()) > 64 * eps * (np.abs(terms).sum() + np.abs(others).sum() + floor):
            text = f"the jvp is not the same Jacobian's: ⟨ȳ, J ẋ⟩ = {terms.sum():.7g}, ⟨ȳ J, ẋ⟩ = {others.sum():.7g}"
            self.faults.append(Fault(None, "jvp", text))

    def compare_second_order(self, given: Point) -> None:
        """The derivative of (x, ȳ) ↦ ȳ J: the claimed backward's against the forward's."""
        if not self.differentiable:
            self.judge.note("second order: only where JAX differentiates the forward")
            return
        programs = self.programs
        seconds = []
        directions = [np.ones(a.shape, a.dtype) for a in given.floats]
        for function in (
            lambda x, b: programs.oracle(x, list(given.indices), b)[1],
            lambda x, b: programs.claimed(x, list(given.indices), b),
        ):
            try:
                _, pull = jax.vjp(function, list(map(jnp.asarray, given.floats)), list(map(jnp.asarray, given.y_bar)))
                seconds.append([np.asarray(a).astype("float64") for a in jax.tree.leaves(pull(directions))])
            except Exception as error:  # a backward that can't be differentiated is the finding
                self.faults.append(
                    Fault(None, "second order", f"second order: {type(error).__name__}: {first_line(error)}")
                )
                return
        eps = roundoff([a.dtype for a in given.floats])
        for true, claimed in zip(*seconds, strict=True):
            if np.any(np.abs(true - claimed) > 1e3 * eps * (np.abs(true) + np.abs(true).max(initial=0.0)) + 1e-30):
                self.faults.append(
                    Fault(None, "second order", "the derivative of the backward itself is wrong (second order)")
                )
                return

    def compare_fwd(self, given: Point) -> None:
        """fwd must return the primal's own output."""
        primals = self.problem.primals(list(map(jnp.asarray, given.floats)), list(map(jnp.asarray, given.indices)))
        fwd = self.options.fwd
        assert fwd is not None
        y, out = self.problem.forward(*primals), fwd(*primals)[0]
        if jax.tree.structure(y) != jax.tree.structure(out):
            self.faults.append(Fault(None, "fwd", "fwd returns an output of another tree than the primal's"))
            return
        for a, b in zip(jax.tree.leaves(y), jax.tree.leaves(out), strict=True):
            a, b = np.asarray(a), np.asarray(b)
            if a.shape != b.shape or a.dtype != b.dtype:
                text = f"fwd returns {b.dtype}{list(b.shape)} where the primal returns {a.dtype}{list(a.shape)}"
                self.faults.append(Fault(None, "fwd", text))
            elif is_float(a):
                wide = a.astype("float64")
                allowed = 64 * roundoff([a.dtype]) * (np.abs(wide) + np.abs(wide).max(initial=0.0)) + 1e-30
                if np.any(excess(b, wide, allowed) > 1):
                    self.faults.append(Fault(None, "fwd", "fwd returns other output values than the primal"))

    def verdict(self, i: int, leaf: Leaf, given: Point) -> Verdict:
        verdict = Verdict(leaf.argument, leaf.position, leaf.path, ok=True)
        fault = next((f for f in self.faults if covers(f, leaf) and f.kind not in GENERAL), None)
        if fault is not None:
            why = [Cause(fault.kind, fault.text)] if fault.leaf is not None or fault.kind == "raised" else []
            why = self.structural_cause(i, fault, given) + why
            return replace(
                verdict, ok=False, summary=fault.text if fault.leaf else "", causes=tuple(why[: causes.MOST])
            )
        mine = [m for m in self.mismatches if m.leaf == i]
        return self.describe(verdict, mine, given) if mine else verdict

    def describe(self, verdict: Verdict, mismatches: list[Mismatch], given: Point) -> Verdict:
        first = mismatches[0]
        order = np.argsort(-first.excess.ravel(), kind="stable")
        wrong = int((first.excess > 1).sum())
        worst = tuple(element(first, int(k)) for k in order[: min(WORST_SHOWN, wrong)])
        found = self.diagnose(mismatches, given)
        return replace(
            verdict,
            ok=False,
            point=first.point.name,
            wrong=wrong,
            size=first.excess.size,
            worst=worst,
            causes=tuple(found),
        )

    def diagnose(self, mismatches: list[Mismatch], given: Point) -> list[Cause]:
        """The causes; a fault of the diagnosis itself never hides the verdict."""
        first = mismatches[0]
        if np.iscomplexobj(first.truth):
            return []
        shapes = [a.shape for a in first.point.floats]
        if shapes != [a.shape for a in given.floats]:
            return [Cause("few elements", f"wrong only at other shapes: {first.point.name}")]
        ordinary = "given" in first.point.name
        points = causes.samples_near(first.point, ordinary)
        claim, precision = self.precise_claim(first)
        points = self.usable(points)
        evidence = causes.Evidence(self.problem, first.leaf, points, claim, self.truth, precision)
        return causes.diagnose(evidence, mismatches, ordinary)

    def usable(self, points: list[Point]) -> list[Point]:
        y, _, _ = self.truth(points)
        fine = finite_rows(y, len(points))
        return [p for p, ok in zip(points, fine, strict=True) if ok]

    def precise_claim(self, mismatch: Mismatch) -> tuple[Callable[[Sequence[Point]], Arrays], float]:
        """The claim in float64 if it runs there and is as wrong there; else as it is."""
        from functional_bp.checking.programs import upcast

        coarse = 64 * roundoff([mismatch.point.floats[mismatch.leaf].dtype])

        def precise(points: Sequence[Point]) -> Arrays:
            return self.programs.claim64([upcast(p) for p in points])

        try:
            claimed = precise([mismatch.point])[mismatch.leaf][0]
        except Exception:  # not in float64, then
            return self.claim, coarse
        if claimed.shape != mismatch.truth.shape:  # cast to a dtype by name: another structure in float64
            return self.claim, coarse
        scale = np.abs(mismatch.truth).max(initial=0.0)
        same = np.abs(claimed - mismatch.claimed.astype("float64")).max(initial=0.0) < 0.02 * scale + 1e-30
        return (precise, 1e-6) if same and claimed.dtype == np.float64 else (self.claim, coarse)

    def structural_cause(self, i: int, fault: Fault, given: Point) -> list[Cause]:
        """What makes a cotangent of another shape right: a sum, a transposition, another primal's place."""
        if fault.kind != "shape" or fault.value is None or not self.differentiable:
            return []
        x_bar = self.truth([given])[1]
        return causes.reshape_cause(fault.value, x_bar[i][0], x_bar, i, self.problem)


GENERAL = {"jvp", "second order", "fwd"}


def element(mismatch: Mismatch, k: int) -> Element:
    index = np.unravel_index(k, mismatch.truth.shape)
    kind = complex if np.iscomplexobj(mismatch.truth) else float
    return Element(tuple(map(int, index)), kind(mismatch.claimed[index]), kind(mismatch.truth[index]))


def covers(fault: Fault, leaf: Leaf) -> bool:
    """Does the fault leave nothing to compare for this leaf?"""
    if fault.leaf is None:
        return fault.kind not in GENERAL
    whole = fault.kind in ("tree", "missing") and fault.leaf.position == leaf.position
    return fault.leaf == leaf or whole
