"""What the options of a run stand for: the problem, the network, the optimiser, the rows and the steps."""

from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from functional_bp.checking.networks import gradient_differences
from functional_bp.errors import InputError
from functional_bp.networks import Layer, value_and_grad
from functional_bp.runs.classification import SPLITS, Problem, held_out, part_of, perceptron, problem
from functional_bp.runs.config import BATCH, EPOCHS, LARGEST, Config
from functional_bp.runs.memory import check_network
from functional_bp.runs.regression import TASK, Regression, regression
from functional_bp.training.data.files import Part
from functional_bp.training.data.labelled import Data, drawn
from functional_bp.training.data.tables import Columns
from functional_bp.training.devices.sharding import Layout, with_slots
from functional_bp.training.devices.slots import check_slots, slotted
from functional_bp.training.loop import GradientsOf
from functional_bp.training.optimizers import optimizer
from functional_bp.training.precision import value_and_grad_in
from functional_bp.training.saving.checkpoints import plain
from functional_bp.training.step import State, start

MOST_REPORTS = 100
ELEMENTWISE = ("adam", "adamw", "sgd", "rmsprop", "adagrad", "nadam", "lion")
COMPUTE = {"float32": None, "bfloat16": jnp.bfloat16}


class Experiment(NamedTuple):
    """All that the options stand for. `seen` are the rows that are learnt, `judged` those that reports are on."""

    config: Config
    of: Problem | Regression
    network: Layer
    update: optax.GradientTransformation
    seen: Data | Part
    judged: Data | Part
    batch: int
    steps: int
    report_every: int

    @property
    def epoch(self) -> int:
        return len(self.seen.x) // self.batch

    def start(self, layout: Layout | None = None) -> State:
        """The state before the first step; with a layout, each device has its part of it and no more."""
        arguments = self.network, self.update, self.config.seed
        return layout.start(*arguments) if layout else start(*arguments)

    def layout(self, layout: Layout | None) -> Layout | None:
        """That of the options, with the run's slots. Raises InputError where they do not go together."""
        if layout is None or not self.config.slots:
            return layout
        return with_slots(layout, self.config.slots, self.batch)

    def gradients_of(self, layout: Layout | None) -> GradientsOf:
        """In the run's precision and, on one device, its slots: on many they belong to the layout."""
        dtype = COMPUTE[self.config.compute]
        found = value_and_grad_in(dtype) if dtype else value_and_grad
        return slotted(self.config.slots, found) if self.config.slots and layout is None else found

    def shapes(self, layout: Layout | None = None) -> State:
        """Shape, dtype and place of each array of a state, its key as numbers."""
        state = jax.eval_shape(lambda: plain(self.start()))
        return layout.shapes(state, self.update) if layout else state


def experiment(config: Config) -> Experiment:
    """Raises InputError for options that do not name what there is, or do not go together."""
    if config.compute not in COMPUTE:
        raise InputError(f"unknown --compute {config.compute!r}: expected one of {', '.join(COMPUTE)}")
    of = posed(config)
    if config.patience and not config.validation and of.validation is None:
        raise InputError("--patience needs --validation: to stop by the test set would be to learn it")
    if config.validation and of.validation is not None:
        raise InputError("the data has a validation part of its own: leave out --validation")
    sizes = (of.train.x.shape[1], *config.hidden, of.outputs)
    check_network(sizes)
    network = perceptron(sizes, config.activation, config.dropout)
    seen = judged = of.train
    if config.validation:
        kept, held = held_back(of, config)
        seen, judged = part_of(of.train, kept), part_of(of.train, held)
    batch = batch_size(config.batch, len(seen.x))
    if config.overfit:
        seen = judged = part_of(of.train, np.arange(batch))
    elif of.validation is not None:
        judged = of.validation
    elif not config.validation:
        judged = of.test
    if config.slots:
        check_slots(config.slots, batch)
        check_elementwise(config)
    epoch = len(seen.x) // batch
    steps = steps_of(config, epoch)
    update = optimizer(
        config.optimizer,
        config.rate,
        config.schedule,
        steps,
        clip=config.clip,
        weight_decay=config.weight_decay,
        max_norm=config.max_norm,
        record_norms=config.gradient_norms,
        in_order=config.slots is not None,
    )
    return Experiment(config, of, network, update, seen, judged, batch, steps, report_every(config, epoch, steps))


def posed(config: Config) -> Problem | Regression:
    columns = Columns(config.target or "")
    if config.task != TASK:
        if config.error != "squared":
            raise InputError("--error is of --task regression")
        return problem(config.task, config.split, config.seed, config.data, columns).weighted(config.class_weights)
    if config.class_weights:
        raise InputError("--class-weights are of classes, and --task regression has none")
    if config.split not in SPLITS:
        raise InputError(f"unknown split {config.split!r}: expected one of {', '.join(SPLITS)}")
    return regression(config.data, config.split, config.seed, config.error, columns)


def held_back(of: Problem | Regression, config: Config) -> tuple[np.ndarray, np.ndarray]:
    """The rows that are learnt, and those that reports are on."""
    part = 1 / config.validation
    if isinstance(of, Regression) and config.split == "stratified":
        return drawn(len(of.train.labels), config.seed, part)
    return held_out(of.train.labels, config.split, config.seed, part)


def check_elementwise(config: Config) -> None:
    """Raises InputError for an update that sums over a parameter: in which order, each program's compiler decides."""
    if config.optimizer not in ELEMENTWISE:
        raise InputError(f"--slots goes with {', '.join(ELEMENTWISE)}, whose step sums nothing; got {config.optimizer}")


def steps_of(config: Config, epoch: int) -> int:
    """Where both --steps and --epochs are given, the earlier end counts."""
    ends = [config.steps, None if config.epochs is None else config.epochs * epoch]
    steps = min((end for end in ends if end is not None), default=EPOCHS * epoch)
    if steps > LARGEST:
        raise InputError(f"a run has at most {LARGEST} steps, got {steps}")
    return steps


def report_every(config: Config, epoch: int, steps: int) -> int:
    return config.report_every or epoch * max(1, -(-steps // epoch) // MOST_REPORTS)


def longer(of: Experiment, epochs: int | None, steps: int | None) -> Experiment:
    """The experiment as if so many epochs or steps had been asked for from the start, with reports as often as before.

    Raises InputError for fewer, and for a schedule of η: with it a longer run is another from its first step.
    """
    config = replace(of.config, epochs=epochs, steps=steps)
    total = steps_of(config, of.epoch)
    if total < of.steps:
        raise InputError(f"the run has {of.steps} steps: --resume can make it longer, and {total} are fewer")
    if total > of.steps and config.schedule != "constant":
        raise InputError(
            f"the schedule of η, {config.schedule}, ends with the {of.steps} steps of the run: "
            "a longer one has other rates from its first step on"
        )
    if report_every(config, of.epoch, total) != of.report_every:
        config = replace(config, report_every=of.report_every)
    return of._replace(config=config, steps=total)


def batch_size(text: str | None, n: int) -> int:
    if text is None:
        return min(BATCH, n)
    size = n if text == "all" else int(text) if text.isdecimal() and len(text) < 20 else 0
    if not 1 <= size <= n:
        raise InputError(f'--batch must be a number from 1 to {n} (the rows there are) or "all", got {text!r}')
    return size


def compare_with_autodiff(run: Experiment, params: Any) -> dict[str, float]:
    """The largest relative difference to jax.grad, layer by layer, for the first rows of the data as a batch."""
    rows = slice(0, run.batch)
    batch = run.of.prepare(jnp.asarray(run.seen.x[rows]), jnp.asarray(run.seen.labels[rows]))
    key = jax.random.key(run.config.seed) if run.config.dropout else None
    return gradient_differences(run.network, run.of.divergence, params, *batch, key)
