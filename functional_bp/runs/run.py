"""A run from where it stands to its end: reports, checkpoints and the result in its folder."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
import optax

from functional_bp.errors import InputError
from functional_bp.runs.config import Config, to_json
from functional_bp.runs.experiment import Experiment, compare_with_autodiff, longer
from functional_bp.runs.interruption import Interrupted
from functional_bp.runs.run_folder import RunFolder
from functional_bp.runs.supervisor import beat
from functional_bp.training.data.labelled import Data
from functional_bp.training.data.source import Resident, Source, Streamed
from functional_bp.training.devices.processes import by_any
from functional_bp.training.loop import INTERRUPTED, Fit, Hook, Report, fit
from functional_bp.training.measures import evaluation
from functional_bp.training.saving.checkpoints import Checkpoint, Checkpoints
from functional_bp.training.saving.stores import Store
from functional_bp.training.step import State
from functional_bp.training.stopping import Patience, TimeLimit

if TYPE_CHECKING:
    from functional_bp.training.devices.sharding import Layout

PARTED = 1e-6  # the relative difference of two float64 gradients at which a derivative is wrong, not rounded


def never() -> bool:
    return False


def begin(of: Experiment, layout: "Layout | None") -> Checkpoint:
    return stands_at(of, of.start(layout))


def newest(
    of: Experiment, folder: RunFolder, store: Store, layout: "Layout | None", warn: Callable[[str], None]
) -> Checkpoint:
    """Where the run of the folder stands: its newest good checkpoint, or the beginning if it made none."""
    like = stands_at(of, of.shapes(layout))
    found = checkpoints(of, folder, store).newest(like, warn)
    if found is None:
        warn(f"{folder.path} has no checkpoint: it starts again at step 0")
    elif int(found.state.step) > of.steps:
        raise InputError(f"{folder.checkpoints}: the newest is of step {int(found.state.step)}, the run has {of.steps}")
    return found or begin(of, layout)


def is_over(result: dict[str, Any], of: Experiment) -> bool:
    """Not that of a run whose time was up, nor of one that was made longer since."""
    return not out_of_time(result) and (result["stopped"] != "steps" or result["steps"] >= of.steps)


def out_of_time(result: dict[str, Any]) -> bool:
    return result["stopped"].startswith("time limit")


def made_longer(of: Experiment, folder: RunFolder, asked: Config) -> Experiment:
    """The run of the folder, of which more epochs or steps are asked, with its options changed to that.

    Raises InputError where a longer run would not have begun as this one, or would have ended where it did.
    """
    more, result = longer(of, asked.epochs, asked.steps), folder.load_result()
    if result and more.steps > of.steps and result["stopped"] != "steps" and not out_of_time(result):
        raise InputError(f"the run ended at step {result['steps']}, {result['stopped']}: it would again")
    folder.save_config(more.config, of.of.facts)
    return more


def stands_at(of: Experiment, state: State) -> Checkpoint:
    return Checkpoint(state, [], best=state.params if of.config.patience else ())


def checkpoints(of: Experiment, folder: RunFolder, store: Store) -> Checkpoints:
    return Checkpoints(folder.checkpoints, identity(of), of.config.keep, store)


def identity(of: Experiment) -> dict[str, Any]:
    """What a state and its reports depend on: options and data. The length matters to a schedule of η alone."""
    options = to_json(of.config) | {"report_every": of.report_every, "content": of.of.content}
    length = ("epochs", "steps") if of.config.schedule == "constant" else ()
    return {name: value for name, value in options.items() if name not in length}


def conduct(
    of: Experiment,
    folder: RunFolder,
    stands: Checkpoint,
    store: Store,
    show: Callable[[Report], None],
    about: dict[str, Any],
    layout: "Layout | None" = None,
    interrupted: Callable[[], bool] = never,
) -> dict[str, Any]:
    """Trains from where the run stands to its end, and gives the result that the folder then has, `about` included.

    Raises InputError where training cannot go on, the folder then having all reports and checkpoints so far; and
    Interrupted, having saved, where it is told to stop. Of many processes any can be told so; at each report they ask
    each other.
    """
    config, saved, reports = of.config, checkpoints(of, folder, store), list(stands.reports)
    folder.begin_metrics(reports)
    patience = Patience(config.patience, reports, stands.best) if config.patience else None
    limit, alone = TimeLimit(config.time_limit), jax.process_count() == 1

    def save(state: State) -> None:
        saved.save(Checkpoint(state, reports, patience.params if patience else ()))

    def on_report(report: Report, state: State) -> str | None:
        reports.append(report)
        folder.add_report(report)
        show(report)
        beat()
        reason = patience(report, state) if patience else None
        return reason or limit(report, state) or (INTERRUPTED if not alone and by_any(interrupted()) else None)

    hooks = []
    if config.checkpoint_every:
        hooks.append(Hook(config.checkpoint_every, save))
    if config.verify_every:
        hooks.append(Hook(config.verify_every, lambda state: verify(of, state)))
    began = time.perf_counter()
    try:
        fitted = fit(
            of.network,
            of.of.divergence,
            source(of),
            optimizer=of.update,
            steps=of.steps,
            batch=of.batch,
            tolerance=config.tolerance,
            report_every=of.report_every,
            measure=measure(of, layout),
            on_report=on_report,
            hooks=hooks,
            state=stands.state,
            prepare=of.of.prepare,
            layout=layout,
            gradients_of=of.gradients_of(layout),
            interrupted=interrupted if alone else None,
        )
        seconds = time.perf_counter() - began
        if fitted.reason == INTERRUPTED or limit.reached or (config.checkpoint_every and can_go_on(of, fitted)):
            save(fitted.state)
    finally:
        saved.finish()
    if fitted.reason == INTERRUPTED:
        done = f"stopped after step {int(fitted.state.step)} of {of.steps}, which is saved"
        raise Interrupted(f"{done}; continue with: {folder.how_to_go_on()}")
    params = patience.params if patience else fitted.params
    result = of.of.results(of.network, params, layout) | about
    result |= {
        "steps": int(fitted.state.step),
        "stopped": fitted.reason,
        "loss": reports[-1]["loss"],
        "seconds": seconds,
        "run": str(folder.path),
        "tested_on": of.of.tested_on,
    }
    folder.finish(params, store, result, reports)
    return result


def can_go_on(of: Experiment, fitted: Fit) -> bool:
    """Whether a longer run would have stood exactly here: without the report that only the last step of a run has."""
    return fitted.reason == "steps" and int(fitted.state.step) % of.report_every == 0


def source(of: Experiment) -> Source:
    """On the device if --memory allows; read from files as needed if not."""
    x, labels = of.seen
    if isinstance(of.seen, Data) or x.nbytes <= of.config.memory << 20:
        return Resident(np.asarray(x), labels)
    return Streamed(of.seen, max(1, (of.config.memory << 20) // 8))


def measure(of: Experiment, layout: "Layout | None") -> Callable[[State], dict[str, Any]]:
    """Loss and accuracy on the rows that are judged and, if they are asked for, the norms of the gradients."""
    judged = evaluation(
        of.network,
        of.of.measured,
        (np.asarray(of.judged.x), of.judged.labels),
        of.of.prepare,
        layout,
        **of.of.measures(),
    )
    return (lambda state: judged(state) | gradient_norms(of, state)) if of.config.gradient_norms else judged


def gradient_norms(of: Experiment, state: State) -> dict[str, Any]:
    """‖∂loss/∂θ_k‖ of the last step for every layer k with parameters."""
    found = optax.tree.get(state.optimizer, "norms")
    return {
        f"gradient_norm {position} {layer.name}": optax.tree.norm(theta)
        for position, (layer, theta) in enumerate(zip(of.network.parts, found, strict=True), start=1)
        if jax.tree.leaves(theta)
    }


def verify(of: Experiment, state: State) -> None:
    differences = compare_with_autodiff(of, state.params)
    layer, worst = max(differences.items(), key=lambda entry: (entry[1] != entry[1], entry[1]))
    if not worst <= PARTED:
        raise InputError(
            f"step {int(state.step)}: the hand-derived gradient parts from jax.grad, most in layer {layer}: "
            f"relative difference {worst:.1e}"
        )
