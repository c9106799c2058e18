"""One check, step by step: structure, points, comparison, kinks, consistency, and for what is wrong the causes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product

import jax.numpy as jnp
import numpy as np

from functional_bp.checking.findings import Elsewhere, Findings, covers
from functional_bp.checking.limits import (
    CALLS,
    FEW,
    FEW_POINTS,
    MOST_COORDINATES,
    MOST_POINTS,
    MOST_TRIGGERS,
    NUMBERS_OVER_POINTS,
    SMALL,
)
from functional_bp.checking.program.compiled import (
    Arrays,
    Program,
    Programs,
    finite_rows,
    own_precision,
    programs_for,
)
from functional_bp.checking.program.integers import range_of
from functional_bp.checking.program.shapes import shapes_of
from functional_bp.checking.program.solvers import unsettled
from functional_bp.checking.question.points import derived_points
from functional_bp.checking.question.problem import Point, Problem
from functional_bp.checking.question.structure import Fault, first_line
from functional_bp.checking.report import Report, Verdict
from functional_bp.checking.truth.autodiff import AutodiffOracle
from functional_bp.checking.truth.differences import NumericalOracle
from functional_bp.checking.truth.doubt import Doubt
from functional_bp.checking.truth.formula import FormulaOracle, SecondOpinion, matching_formula
from functional_bp.checking.truth.pulled import PulledOracle
from functional_bp.checking.verdict import companions, kinks
from functional_bp.checking.verdict import half as half_precision
from functional_bp.checking.verdict.calls import Calls, alike
from functional_bp.checking.verdict.companions import Options
from functional_bp.checking.verdict.hunt import Hunt
from functional_bp.checking.verdict.judge import Judge, Mismatch
from functional_bp.checking.verdict.screen import Screen
from functional_bp.checking.verdict.trials import Trials, relative_error
from functional_bp.errors import InputError


class BackwardRaised(Exception):
    """The backward raised where it ran before."""


class Examination:
    """A problem at given inputs, the oracles for it, and what was found."""

    def __init__(
        self,
        problem: Problem,
        floats: Sequence[np.ndarray],
        indices: Sequence[np.ndarray],
        options: Options,
        programs: Programs | None = None,
    ) -> None:
        self.problem, self.options = problem, options
        self.floats, self.indices = tuple(floats), tuple(indices)
        self.programs = programs or programs_for(problem, floats, indices)
        self.whole = self.programs.size <= SMALL or options.thorough
        self.differentiable = not self.programs.refusal
        self.faults: list[Fault] = []
        self.mismatches: list[Mismatch] = []
        self.screened = False
        self.given: Point
        self.elsewhere: list[Elsewhere] = []
        self.varied, self.given_only = "", ()
        self.nones: set[str] = set()
        self.consult()

    def consult(self) -> None:
        """Who judges: `jax.vjp`; where it can't, the library's formula for this forward; without one, differences."""
        ones = tuple(np.ones(y.shape, y.dtype) for y in self.programs.zero_cotangent())
        given = Point("the given point", self.floats, self.indices, ones)
        numerical = self.numerical = NumericalOracle(self.programs)
        if self.differentiable:
            self.second = SecondOpinion(self.programs, given)
            doubtful = self.programs.size <= MOST_COORDINATES and self.programs.inspected.declared
            self.truth = AutodiffOracle(self.programs, self.second)
            smooth = self.programs.inspected.smooth
            doubt = None if smooth or not self.programs.precise else Doubt(self.truth, numerical)
            self.judge = Judge(
                self.truth, self.claim, numerical if doubtful else None, smooth, self.programs.claim64, doubt
            )
            self.judge.unsettled = lambda point: unsettled(self.programs, self.floats, point)
            self.certain = True
            return
        if hasattr(self.problem.forward, "pull") and self.pulled(given):
            return
        formula = matching_formula(self.programs, given)
        self.truth = FormulaOracle(formula, numerical) if formula else numerical
        self.certain = formula is not None
        self.judge = Judge(self.truth, self.claim)
        witness = f"{formula.name} has its values and judges" if formula else "its values alone judge"
        self.judge.note(f"JAX cannot differentiate the forward ({self.programs.refusal}): {witness}")

    def pulled(self, given: Point) -> bool:
        """A forward of another library judges itself, where that library can differentiate it."""
        self.truth = PulledOracle(self.programs)
        try:
            self.truth([given])
        except Exception as error:
            self.programs.refusal = f"{type(error).__name__}: {first_line(error)}"
            return False
        doubtful = self.numerical if self.programs.size <= MOST_COORDINATES else None
        self.judge = Judge(self.truth, self.claim, doubtful)
        self.certain = True
        return True

    def report(self) -> Report:
        points = self.points()
        screen = Screen(self.programs, points)  # while it runs, the backward runs as it is
        self.inspect_structure(points[0])
        self.sound = [
            i for i, leaf in enumerate(self.problem.float_leaves) if not any(covers(f, leaf) for f in self.faults)
        ]
        if self.options.intended:
            self.faults += self.not_finite(points[0])
            self.judge.note(f"no derivative is meant ({self.options.intended}): its structure alone is checked")
        elif self.sound:
            try:
                self.look(points, screen)
            except BackwardRaised as error:
                self.faults.append(Fault(None, "raised", f"the backward raised {error} when it was run again"))
        faults = [f.text for f in self.faults if f.leaf is None]
        faults += [f"{f.text} ({e.trigger})" for e in self.elsewhere for f in e.findings.faults if f.leaf is None]
        return Report(
            title=self.options.title,
            ok=not self.wrong,
            verdicts=self.verdicts(points[0]),
            points=tuple(self.judge.judged),
            skipped=tuple(self.judge.skipped),
            oracles=self.oracles(),
            notes=self.judge.all_notes,
            faults=tuple(faults),
            varied=self.varied,
            given_only=self.given_only,
            seed=self.options.seed,
        )

    def verdicts(self, given: Point) -> tuple[Verdict, ...]:
        """Of each leaf, as it is at the given shape; if right there, as it is at another."""
        verdicts = list(self.findings().verdicts(given))
        for other in self.elsewhere:
            for i, verdict in enumerate(other.verdicts(self.options.seed)):
                if verdicts[i].ok and not verdict.ok:
                    verdicts[i] = verdict
        return tuple(verdicts)

    def findings(self) -> Findings:
        found = self.faults, self.mismatches, self.nones
        return Findings(self.problem, self.programs, self.truth, self.claim, self.sampled, *found)

    def look(self, points: Sequence[Point], screen: Screen) -> None:
        self.compare(points, screen)
        if self.options.thorough:
            self.compare_vmap(points[:2])
        if self.whole and not self.mismatches and not self.faults and self.programs.claim.mode == "plain":
            self.faults += self.calls.again(CALLS) or self.calls.laid_out()
        if self.whole and not self.mismatches:
            self.look_further(points[0])

    def points(self) -> list[Point]:
        size = self.programs.size
        most = min(MOST_POINTS, max(2 * FEW, NUMBERS_OVER_POINTS // max(1, size)))
        if not self.certain:
            most = FEW_POINTS if size <= MOST_COORDINATES else FEW
        most, constants = (most, self.programs.inspected.constants) if self.whole else (FEW, ())
        outputs = self.programs.zero_cotangent()
        ranges = range_of(self.problem.float_outputs, self.floats, self.indices) if self.whole else ()
        return derived_points(self.floats, self.indices, outputs, constants, self.options.seed, most, ranges)

    def oracles(self) -> tuple[str, ...]:
        if not self.differentiable:
            return (self.truth.name,)
        own = (f"jax.vjp in {self.floats[0].dtype}",) if self.programs.precise else ()
        names = own if self.screened else (self.truth.name, *own)
        return (*names, self.second.name) if self.second.name else names

    def inspect_structure(self, point: Point) -> None:
        """Runs the backward twice as it is: what it raises and returns, and whether it does so again."""
        self.calls = Calls(self.problem, self.programs, point)
        self.faults = self.calls.first()
        self.plain, self.nones = self.calls.plain, self.calls.nones
        if self.plain and self.whole:
            self.faults += self.calls.second()

    def not_finite(self, point: Point) -> Iterator[Fault]:
        for i in self.sound:
            leaf, values = self.problem.float_leaves[i], self.plain[i]
            if values is not None and not np.all(np.isfinite(values.astype("complex128"))):
                yield Fault(leaf, "not finite", f"{leaf.name}: the cotangent is not finite at {point.name}")

    def compare(self, points: Sequence[Point], screen: Screen) -> None:
        """Claim against truth at all points, and the plain run against the compiled one at the first."""
        claimed = screen.claimed()
        self.screened = claimed is not None
        if claimed is not None:
            self.judge.judged += [point.name for point in points]
            self.compare_plain(points[0], claimed)
            return
        own, claimed = self.evaluate(points)
        if self.sampled:
            self.numerical.aim(points, claimed)
            count = f"{len(self.numerical.visited)} of {self.programs.size}"
            self.judge.note(f"{count} elements judged one by one, those most in doubt along random directions")
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
            return None, self.run_claim(points)
        if programs.fused:
            try:
                y, own, claimed = programs.both(points)
                return (y, own), claimed
            except Exception:  # the claim can't be traced: from now on the oracle goes alone
                programs.fused = False
        y, own = programs.own(points)
        claimed = self.run_claim(points)
        if programs.claim.refusals:
            self.judge.note(f"the backward does not run under {programs.claim.refusals[-1]}")
        return (y, own), claimed

    def run_claim(self, points: Sequence[Point]) -> Arrays:
        try:
            return self.programs.claim(points)
        except Exception as error:  # it ran before, and does no more
            raise BackwardRaised(f"{type(error).__name__}: {first_line(error)}") from error

    def claim(self, points: Sequence[Point]) -> Arrays:
        return self.evaluate(points)[1]

    def compare_plain(self, point: Point, claimed: Arrays) -> None:
        """The backward run as it is must give what it gives under jit and vmap, or at least be right as well."""
        mode = self.programs.both.mode if self.programs.fused else self.programs.claim.mode
        for i in self.sound:
            if not alike(claimed[i][:1], self.plain[i][None]) and not self.right_as_it_is(i, point):
                self.inconsistent(i, f"under {mode} than when run as it is")

    def right_as_it_is(self, i: int, point: Point) -> bool:
        """Is the plain run as near to the truth as `jax.vjp` run plainly, each operation rounded, allows?"""
        if not self.differentiable:
            return False
        with own_precision(), np.errstate(all="ignore"):
            y, x_bar = self.programs.oracle(
                *(list(map(jnp.asarray, p)) for p in (point.floats, point.indices, point.y_bar))
            )
        own = ([np.asarray(a)[None] for a in y], [np.asarray(a)[None] for a in x_bar])
        plain = [np.zeros(0) if c is None else c[None] for c in self.plain]
        return not replace(self.judge, judged=[], skipped=[]).judge([point], plain, own, [i])

    def inconsistent(self, i: int, text: str) -> None:
        leaf = self.problem.float_leaves[i]
        self.faults.append(Fault(leaf, "inconsistent", f"{leaf.name}: the backward gives other values {text}"))

    def compare_vmap(self, points: Sequence[Point]) -> None:
        """Large problems are compared point by point; the backward must give the same for several at once."""
        if self.programs.batch > 1 or self.programs.claim.mode == "plain":
            return
        together = Program(self.programs.claimed, own_precision, len(points), ("vmap",), self.programs.size)
        try:
            values = together(points)
        except Exception as error:
            self.judge.note(f"the backward does not run under vmap: {type(error).__name__}: {first_line(error)}")
            return
        alone = self.claim(points)
        for i in self.sound:
            if not alike(values[i], alone[i]):
                self.inconsistent(i, "under vmap than under jit")

    def look_further(self, given: Point) -> None:
        """Kinks found by search, smaller shapes, and what came with the backward."""
        if self.certain and self.programs.precise and not self.programs.inspected.smooth:
            found = list(kinks.search(self.truth, given))
            if found:
                own, claimed = self.evaluate(found)
                self.mismatches += self.judge.judge(found, claimed, own, self.sound)
        self.faults += companions.faults(self.problem, self.programs, self.options, given, self.truth, self.judge)
        if self.differentiable and self.options.shapes is None and not self.wrong:
            self.hunt(given)

    def hunt(self, given: Point) -> None:
        """Other shapes: what fails at one is confirmed there in the ordinary way, with its causes."""
        shapes = shapes_of(self.programs)
        trials = Trials(self.programs, shapes, given, self.options.seed, self.sound)
        half = all(a.dtype.itemsize <= 2 for a in given.floats)
        if trials.calibrate().wrong and half and self.in_float32(given):
            return
        hunt = Hunt(trials, shapes)
        for trigger in hunt.run():
            other = self.at_point(trials.point(trigger.shape, str(trigger.shape)))
            if other is not None and other.wrong:
                self.elsewhere.append(Elsewhere(trigger.text, other.findings(), other.given))
                if len(self.elsewhere) == MOST_TRIGGERS:
                    break
        if half and not self.elsewhere:
            self.audit(given, () if hunt.grows() else half_precision.long_sums(trials, shapes))
        self.varied, self.given_only = hunt.varied, tuple(hunt.given_only.values())
        for note in hunt.notes:
            self.judge.note(note)

    def in_float32(self, given: Point) -> bool:
        """Is what half precision excuses wrong in float32 too, at the same numbers?"""
        other = self.at_point(half_precision.as_float32(given))
        grave = other is not None and any(
            relative_error(m.claimed, m.truth) > half_precision.GRAVE for m in other.mismatches
        )
        if other is not None and grave and not other.faults:
            self.elsewhere.append(Elsewhere("in float32 too, at the same numbers", other.findings(), other.given))
        return bool(self.elsewhere)

    def audit(self, given: Point, long_sums: Iterable[tuple[str, Point]]) -> None:
        """Half precision: a long sum, and rows in which a large part cancels."""
        for name, point in long_sums:
            other = self.at_point(point, like_here=False)
            if other is not None and not other.faults and (text := half_precision.accumulated(name, other.mismatches)):
                self.elsewhere.append(Elsewhere(text, other.findings(), other.given, half_precision.SUMMED))
                return
        points = list(half_precision.confident(given))
        own, claimed = self.evaluate(points)
        y, x_bar, _ = self.truth(points)
        if own is None:
            return
        fine = finite_rows([*own[0], *own[1], *y, *x_bar, *claimed], len(points))
        for p, i in product(np.flatnonzero(fine), self.sound):
            found = half_precision.rounded_rows(points[p], i, claimed[i][p], own[1][i][p], x_bar[i][p])
            if found is not None:
                text, mismatch = found
                findings = replace(self.findings(), mismatches=[mismatch])
                self.elsewhere.append(Elsewhere(text, findings, points[p], half_precision.ROUNDED))
                return

    def at_point(self, point: Point, like_here: bool = True) -> "Examination | None":
        """The examination at one point of another shape; None where the forward does not run there.

        `like_here`: what is small there is judged beside what is large here.
        """
        try:
            programs = Programs(self.problem, point.floats, point.indices)
        except InputError:
            return None
        programs.both.modes = programs.both.modes[-1:]  # a single point needs no vmap
        programs.precise = self.programs.precise
        other = Examination(self.problem, point.floats, point.indices, self.options, programs)
        other.sound, other.judge.sizes = self.sound, self.judge.sizes if like_here else {}
        other.given = point
        try:
            other.inspect_structure(point)
            if not other.faults:
                own, claimed = other.evaluate([point])
                other.mismatches = other.judge.judge([point], claimed, own, self.sound)
        except BackwardRaised as error:
            other.faults.append(Fault(None, "raised", f"the backward raised {error}"))
        return other

    @property
    def sampled(self) -> bool:
        """Are there too many coordinates for differences to visit each?"""
        return self.truth is self.numerical and self.programs.size > MOST_COORDINATES

    @property
    def wrong(self) -> bool:
        return bool(self.faults or self.mismatches or self.elsewhere)
