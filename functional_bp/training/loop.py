"""The loop: between two reports a run is one compiled program."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from functional_bp.errors import InputError
from functional_bp.network import Layer, Rule
from functional_bp.training.faults import first_fault
from functional_bp.training.order import batches
from functional_bp.training.step import State, noise_key, order_key, start, train_step

RUNNING, CONVERGED, NOT_FINITE = range(3)

Pair = tuple[Any, Any]
Report = dict[str, int | float]
Measure = Callable[[Array, Array], Array]


class Fit(NamedTuple):
    """Where the run ended, why ("steps" or "converged"), and its reports."""

    state: State
    reason: str
    reports: list[Report]

    @property
    def params(self) -> Any:
        return self.state.params


def fit(
    network: Layer,
    divergence: Rule,
    data: Pair,
    *,
    optimizer: optax.GradientTransformation,
    steps: int,
    batch: int,
    seed: int = 0,
    tolerance: float | None = None,
    report_every: int | None = None,
    validation: Pair | None = None,
    measures: tuple[tuple[str, Measure], ...] = (),
    on_report: Callable[[Report, State], None] = lambda report, state: None,
    state: State | None = None,
) -> Fit:
    """θ ← argmin of the mean divergence over data = (x, d), by `steps` steps on `batch` rows each.

    `batch` = len(x) is gradient descent proper, 1 goes instance by instance. Each epoch takes the rows in a new
    order and leaves out those that do not fill a batch; the order is a function of (seed, step) alone. Any schedule
    for η is part of the optimiser. The run ends at the step limit, or after the first epoch whose mean loss differs
    from that of the epoch before by at most `tolerance` (lectures, claim G5).

    Every `report_every` steps (an epoch, if not given) `on_report` gets the step, the epoch, the loss (the mean over
    the epoch so far) and, if there is `validation` = (x, d), the loss and the `measures` on it. `state` goes on from
    where another run stood.

    Raises InputError if the batch is larger than the data, or on a loss that is not finite: at which step, and in
    which layer it appeared first. Source: lectures, claims G1-G5.
    """
    n = len(data[0])
    if not 1 <= batch <= n:
        raise InputError(f"fit: a batch must have from 1 to {n} rows, as many as the data, got {batch}")
    epoch = n // batch
    report_every = report_every or epoch
    state = start(network, optimizer, seed) if state is None else state
    run = program(network, divergence, optimizer, batch, report_every, tolerance, measures)
    data, validation = jax.device_put((data, validation))
    reports: list[Report] = []
    step, status = int(state.step), RUNNING
    while step < steps and status == RUNNING:
        until = min(steps, step - step % report_every + report_every)
        before, (state, status, values) = state, run(state, until, data, validation)
        status, values = jax.device_get((status, values))
        step = int(state.step)
        if status == NOT_FINITE:
            raise InputError(describe(network, divergence, run, before, step, batch, data))
        reports.append({"step": step, "epoch": step / epoch} | {name: float(v) for name, v in values.items()})
        on_report(reports[-1], state)
    return Fit(state, "converged" if status == CONVERGED else "steps", reports)


@lru_cache(maxsize=16)
def program(
    network: Layer,
    divergence: Rule,
    optimizer: optax.GradientTransformation,
    batch: int,
    most: int,
    tolerance: float | None = None,
    measures: tuple[tuple[str, Measure], ...] = (),
) -> Callable[[State, Any, Pair, Pair | None], tuple[State, Array, dict[str, Array]]]:
    """(state, until, data, validation) ↦ (state′, status, values): at most `most` steps, in one compiled loop.

    It is a while loop, so that it stops at the very step that calls for it.
    """
    take = train_step(network, divergence, optimizer)

    @jax.jit
    def run(state: State, until: Any, data: Pair, validation: Pair | None) -> tuple[State, Array, dict[str, Array]]:
        x, d = data
        first, epoch = state.step, len(x) // batch
        rows = batches(order_key(state.key), first, most, len(x), batch)

        def goes_on(carry: tuple[State, Array]) -> Array:
            state, status = carry
            return (status == RUNNING) & (state.step < until)

        def body(carry: tuple[State, Array]) -> tuple[State, Array]:
            state, _ = carry
            chosen = rows[state.step - first]
            state, loss = take(state, x[chosen], d[chosen])
            return count(state, loss, epoch, tolerance)

        state, status = jax.lax.while_loop(goes_on, body, (state, jnp.int32(RUNNING)))
        counted = (state.step - 1) % epoch + 1
        values = {"loss": state.loss_sum / counted.astype(state.loss_sum.dtype)}
        return state, status, values | evaluated(network, divergence, measures, state.params, validation)

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


def evaluated(
    network: Layer,
    divergence: Rule,
    measures: tuple[tuple[str, Measure], ...],
    params: Any,
    data: Pair | None,
) -> dict[str, Float[Array, ""]]:
    """The loss and the measures on held-out data, by name; nothing without data."""
    if data is None:
        return {}
    x, d = data
    y, _ = network.apply(params, x)
    D, _ = divergence(y, d)
    return {"validation_loss": D.mean()} | {f"validation_{name}": measure(y, d) for name, measure in measures}


def describe(network: Layer, divergence: Rule, run: Callable, before: State, step: int, batch: int, data: Pair) -> str:
    """Goes again from the last report to the step that failed, and looks where."""
    state, _, _ = run(before, step - 1, data, None)
    x, d = data
    rows = batches(order_key(state.key), state.step, 1, len(x), batch)[0]
    place = first_fault(network, divergence, state.params, x[rows], d[rows], noise_key(state))
    return f"the loss is not finite at step {step}: {place}"
