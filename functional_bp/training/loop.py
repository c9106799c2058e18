"""The loop: between two reports a run is one compiled program."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Generic, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array

from functional_bp.errors import InputError
from functional_bp.networks import Layer, Rule, value_and_grad
from functional_bp.networks.layer import P
from functional_bp.training.data.order import batches
from functional_bp.training.data.source import Resident, Source
from functional_bp.training.faults import first_fault
from functional_bp.training.step import State, noise_key, order_key, start, train_step

if TYPE_CHECKING:
    from functional_bp.training.devices.sharding import Layout

RUNNING, CONVERGED, NOT_FINITE = range(3)
INTERRUPTED = "interrupted"

Pair = tuple[Any, Any]
Report = dict[str, int | float]
Prepare = Callable[[Any, Any], Pair]
GradientsOf = Callable[[Layer, Rule], Callable[..., tuple[Any, Any]]]


class Hook(NamedTuple):
    """`call(state)` after every step that `every` divides, the last one of a run excepted."""

    every: int
    call: Callable[[State], None]


class Pace:
    """How many steps a call of the program makes, so that it takes about a quarter of a second."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def __enter__(self) -> None:
        self.began = time.monotonic()

    def __exit__(self, *error: Any) -> None:
        seconds = time.monotonic() - self.began
        self.steps = self.steps * 4 if seconds < 0.1 else max(1, self.steps // 2) if seconds > 0.5 else self.steps


@dataclass(frozen=True, repr=False)
class Fit(Generic[P]):
    """Where the run ended, why ("steps", "converged", "interrupted" or what on_report said), and its reports."""

    state: State
    reason: str
    reports: list[Report]

    def __repr__(self) -> str:
        last = f", loss {self.reports[-1]['loss']:.4g}" if self.reports else ""
        return f"Fit({int(self.state.step)} steps, {self.reason}{last})"

    @property
    def params(self) -> P:
        return self.state.params


def as_it_is(x: Array, d: Array) -> Pair:
    return x, d


def no_measures(state: State) -> dict[str, Any]:
    return {}


def no_answer(report: Report, state: State) -> str | None:
    return None


def fit(
    network: Layer[P, Any],
    divergence: Rule,
    data: Pair | Source,
    *,
    optimizer: optax.GradientTransformation,
    steps: int,
    batch: int,
    seed: int = 0,
    tolerance: float | None = None,
    report_every: int | None = None,
    measure: Callable[[State], dict[str, Any]] = no_measures,
    on_report: Callable[[Report, State], str | None] = no_answer,
    hooks: Sequence[Hook] = (),
    state: State | None = None,
    prepare: Prepare = as_it_is,
    layout: "Layout | None" = None,
    gradients_of: GradientsOf = value_and_grad,
    interrupted: Callable[[], bool] | None = None,
) -> Fit[P]:
    """θ ← argmin of the mean divergence over data = (x, d), by `steps` steps on `batch` rows each.

    `batch` = len(x) is gradient descent proper, 1 goes instance by instance. Each epoch takes the rows in a new
    order and leaves out those that do not fill a batch; the order is a function of (seed, step) alone. Any schedule
    for η is part of the optimiser. The run ends at the step limit, or after the first epoch whose mean loss differs
    from that of the epoch before by at most `tolerance` (lectures, claim G5).

    Every `report_every` steps (an epoch, if not given) `on_report` gets the step, the epoch, the loss (the mean over
    the epoch so far) and what `measure` says of the state; a text that it gives back is the reason to end the run.
    `state` goes on from where another run stood. `prepare(x, d)` is done to each batch inside the program.
    `layout` spreads the run over a mesh of devices, `gradients_of` may compute in another precision. `interrupted` is
    asked some times a second: where it says so, the run ends after the step ("interrupted").

    Raises InputError if the batch is larger than the data, or on a loss that is not finite: at which step, and in
    which layer it appeared first. Source: lectures, claims G1-G5.
    """
    source = data if isinstance(data, Source) else Resident(*data)
    if not 1 <= batch <= source.n:
        raise InputError(f"fit: a batch must have from 1 to {source.n} rows, as many as the data, got {batch}")
    epoch = source.n // batch
    report_every = report_every or epoch
    if state is None:
        state = layout.start(network, optimizer, seed) if layout else start(network, optimizer, seed)
    elif layout:
        state = layout.place_state(state, optimizer)
    most = source.steps(batch, report_every)
    run = program(
        network, divergence, optimizer, batch, epoch, most, tolerance, prepare, source.in_order, gradients_of, layout
    )
    stops = [report_every, *(hook.every for hook in hooks)]
    reports: list[Report] = []
    step, reason, pace = int(state.step), "", Pace(most if interrupted is None else 1)
    for arrays, first, last in source.pieces(order_key(state.key), step, steps, most, batch, layout):
        while step < last and not reason:
            until = min(last, step + min(most, pace.steps), *(step - step % every + every for every in stops))
            with pace:
                before, (state, status, loss) = state, run(state, until, first, arrays)
                step, status = map(int, jax.device_get((state.step, status)))
            if status == NOT_FINITE:
                before, *_ = run(before, step - 1, first, arrays)
                batch_then = batch_of(arrays, before, first, source.in_order, batch)
                place = first_fault(network, divergence, before.params, *prepare(*batch_then), noise_key(before))
                raise InputError(f"the loss is not finite at step {step}: {place}")
            reason = "converged" if status == CONVERGED else "steps" if step == steps else ""
            if reason or step % report_every == 0:
                values = jax.device_get({"loss": loss} | measure(state))
                reports.append({"step": step, "epoch": step / epoch} | {name: float(v) for name, v in values.items()})
                reason = on_report(reports[-1], state) or reason
            for hook in hooks:
                if not reason and step % hook.every == 0:
                    hook.call(state)
            if not reason and interrupted is not None and interrupted():
                reason = INTERRUPTED
        if reason:
            break
    return Fit(state, reason or "steps", reports)


@lru_cache(maxsize=16)
def program(
    network: Layer,
    divergence: Rule,
    optimizer: optax.GradientTransformation,
    batch: int,
    epoch: int,
    most: int,
    tolerance: float | None = None,
    prepare: Prepare = as_it_is,
    in_order: bool = False,
    gradients_of: GradientsOf = value_and_grad,
    layout: "Layout | None" = None,
) -> Callable[[State, Any, Any, Pair], tuple[State, Array, Array]]:
    """(state, until, first, data) ↦ (state′, status, loss): at most `most` steps, in one compiled loop.

    `data` is all rows; or, `in_order`, the batches from step `first` on, as they are needed. It is a while loop, so
    that it stops at the very step that calls for it.
    """
    on_mesh = partial(layout.value_and_grad, gradients_of=gradients_of) if layout else gradients_of
    take = train_step(network, divergence, optimizer, on_mesh)

    @jax.jit
    def run(state: State, until: Any, first: Any, data: Pair) -> tuple[State, Array, Array]:
        begin = jnp.asarray(first, jnp.int32) if in_order else state.step
        rows = None if in_order else batches(order_key(state.key), begin, most, len(data[0]), batch)

        def goes_on(carry: tuple[State, Array]) -> Array:
            state, status = carry
            return (status == RUNNING) & (state.step < until)

        def body(carry: tuple[State, Array]) -> tuple[State, Array]:
            state, _ = carry
            i = state.step - begin
            x, d = (array[i if rows is None else rows[i]] for array in data)
            state, loss = take(state, *prepare(x, d))
            return count(state, loss, epoch, tolerance)

        state, status = jax.lax.while_loop(goes_on, body, (state, jnp.int32(RUNNING)))
        counted = (state.step - 1) % epoch + 1
        return state, status, state.loss_sum / counted.astype(state.loss_sum.dtype)

    return run


def count(state: State, loss: Array, epoch: int, tolerance: float | None) -> tuple[State, Array]:
    """The state with this step's loss counted, and whether the run goes on."""
    in_epoch = (state.step - 1) % epoch
    loss_sum = jnp.where(in_epoch == 0, 0, state.loss_sum) + loss.astype(state.loss_sum.dtype)
    mean, ends = loss_sum / epoch, in_epoch == epoch - 1
    converged = ends & (jnp.abs(mean - state.epoch_loss) <= (-1 if tolerance is None else tolerance))
    status = jnp.where(jnp.isfinite(loss), jnp.where(converged, CONVERGED, RUNNING), NOT_FINITE)
    epoch_loss = jnp.where(ends, mean, state.epoch_loss)
    return state._replace(loss_sum=loss_sum, epoch_loss=epoch_loss), status.astype(jnp.int32)


def batch_of(arrays: Pair, state: State, first: int, in_order: bool, batch: int) -> Pair:
    """The batch that the state's next step takes, as `program` finds it."""
    if in_order:
        x, d = (array[int(state.step) - first] for array in arrays)
    else:
        rows = batches(order_key(state.key), state.step, 1, len(arrays[0]), batch)[0]
        x, d = (array[rows] for array in arrays)
    return x, d
