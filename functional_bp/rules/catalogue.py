"""Every rule once, with inputs to hold it at: the laws, the checker and the lists of names walk this table."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import numpy as np

from functional_bp import rules
from functional_bp.jacobians import DeltaInputs

__all__ = ["CATALOGUE", "Entry"]

Rng = np.random.Generator
Batch = tuple[int, ...]
SUBSETS = ((0, 2), (1,), (0, 1, 2, 5))


@dataclass(frozen=True)
class Entry:
    """`rule(*inputs)` → (y, J), with the inputs of `draw(rng, batch, n)` in float64 (or whole numbers).

    The first inputs are those that J is of: `shared` says of each whether the whole batch has one. Those after them
    are constants, one an example. `sizes` are the lengths n at which it is tried; `kinks` the values at which the rule
    has a choice (`at_kink`), each a valid subgradient; `is_total`: it has a derivative at any finite input.
    """

    name: str
    rule: Callable[..., Any]
    draw: Callable[[Rng, Batch, int], tuple[Any, ...]]
    shared: tuple[bool, ...] = (False,)
    sizes: tuple[int, ...] = (4, 1)
    kinks: tuple[float, ...] = ()
    has_kink: bool = False
    is_total: bool = True
    is_checked: bool = True  # `functional-bp check` walks it: one array as output, and no tie where the checker looks

    @property
    def rule_name(self) -> str:
        return getattr(self.rule, "func", self.rule).__name__

    @property
    def stem(self) -> str:
        """The file that the rule stands in."""
        return getattr(self.rule, "func", self.rule).__module__.rpartition(".")[2]

    def with_choices(self) -> list["Entry"]:
        """The rule at its default and with each other valid choice at its kink."""
        return [self, *(self.with_options(f"{c:g} at the kink", at_kink=c) for c in self.kinks)]

    def with_options(self, text: str, **options: Any) -> "Entry":
        return replace(self, name=f"{self.name}, {text}", rule=partial(self.rule, **options), kinks=())


def normal(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    return (rng.standard_normal((*batch, n)),)


def affine_inputs(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    params = rules.AffineParams(rng.standard_normal((5, n)), rng.standard_normal(5))  # pyright: ignore[reportArgumentType]
    return params, rng.standard_normal((*batch, n))


def powers(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    return rng.uniform(-2, 2, (n, 3)), rng.uniform(0.5, 2, (*batch, n))


def coefficients(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    return rng.standard_normal(4), rng.standard_normal((*batch, n))


def pairs(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    return rng.standard_normal((*batch, n)), rng.standard_normal((*batch, n))


def probabilities(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    return rng.uniform(0.1, 0.9, (*batch, n)), rng.uniform(0.1, 0.9, (*batch, n))


def logits(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    target = rng.uniform(0.1, 1, (*batch, n))
    return rng.standard_normal((*batch, n)), target / target.sum(axis=-1, keepdims=True)


def gain_inputs(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    params = rules.GainParams(rng.uniform(0.5, 1.5, n), rng.standard_normal(n))  # pyright: ignore[reportArgumentType]
    return params, rng.standard_normal((*batch, n))


def image_and_gain(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    params, _ = gain_inputs(rng, batch, n)
    return params, rng.standard_normal((*batch, 2, 3, n))


def gain_alone(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    return rng.uniform(0.5, 1.5, n), rng.standard_normal((*batch, n))


def queries(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    """Two heads that share one key, values longer than keys, more keys than queries."""
    shapes = (2, n, 3), (1, n + 1, 3), (1, n + 1, 4)
    return (rules.QKV(*(rng.standard_normal((*batch, *shape)) for shape in shapes)),)


def embedded(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    return rng.standard_normal((5, n)), rng.integers(0, 5, batch, dtype=np.int32)


def matrix_inputs(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    return rng.standard_normal((3, n)), rng.standard_normal((*batch, n))


def positions(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    return rng.standard_normal((5, n)), rng.standard_normal((*batch, 3, n))


def sequences(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    return (rng.standard_normal((*batch, 3, n)),)


def cell_inputs(gates: int, states: int, rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    shapes = (gates * n, 3), (gates * n, n), (gates * n,)
    params = rules.CellParams(*map(rng.standard_normal, shapes))  # pyright: ignore[reportArgumentType]
    state = tuple(rng.standard_normal((*batch, n)) for _ in range(states))
    return params, (state if states > 1 else state[0], rng.standard_normal((*batch, 3)))


def labelled(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    return rng.standard_normal((*batch, n)), rng.integers(0, n, batch, dtype=np.int32)


def images(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    return (rng.standard_normal((*batch, 2, 4, n)),)


def hidden(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    labels = rng.integers(-1, 5, batch, dtype=np.int32)
    return rng.standard_normal((5, n)), rng.standard_normal((*batch, n)), labels


def kernel_inputs(taps: tuple[int, ...], sizes: tuple[int, ...], rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    """A kernel from n channels to 4, in two groups if it has taps along one axis; positions, with channels last."""
    groups = 2 if len(taps) == 1 else 1
    params = rules.ConvParams(rng.standard_normal((*taps, n // groups, 4)), rng.standard_normal(4))  # pyright: ignore[reportArgumentType]
    return params, rng.standard_normal((*batch, *sizes, n))


def transposed_inputs(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    params = rules.ConvParams(rng.standard_normal((3, 2, n)), rng.standard_normal(2))  # pyright: ignore[reportArgumentType]
    return params, rng.standard_normal((*batch, 3, n))


def delta_inputs(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    """n steps, keys of 2 and values of 3."""
    shapes = (n, 2), (n, 2), (n, 3)
    q, k, v = (rng.standard_normal((*batch, *shape)) for shape in shapes)
    log_decay, beta = np.log(rng.uniform(0.3, 1, (*batch, n))), rng.uniform(0.2, 1, (*batch, n))
    return (DeltaInputs(q, k, v, log_decay, beta, rng.standard_normal((*batch, 3, 2))),)


def running_inputs(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    gain, bias, mean = (rng.standard_normal(n) for _ in range(3))
    params = rules.BatchNormParams(gain, bias, mean, rng.uniform(0.5, 2, n))  # pyright: ignore[reportArgumentType]
    return params, rng.standard_normal((*batch, n))


def three_operands(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    return tuple(rng.standard_normal(shape) for shape in ((2, n), (*batch, n, 3), (*batch, n)))


def equations(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    """Far from singular."""
    return rng.standard_normal((*batch, n, n)) + 3 * np.eye(n), rng.standard_normal((*batch, n))


def positive_equations(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    A, b = equations(rng, batch, n)
    return (A + np.swapaxes(A, -1, -2)) / 4 + 3 * np.eye(n), b


def square(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    return equations(rng, batch, n)[:1]


def lora_inputs(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    params = rules.LoraParams(*map(rng.standard_normal, ((5, n), (5,), (2, n), (5, 2))))  # pyright: ignore[reportArgumentType]
    return params, rng.standard_normal((*batch, n))


def of_experts(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    return rng.standard_normal((3, 2, n)), rng.standard_normal((*batch, n)), rng.integers(0, 3, batch, dtype=np.int32)


def distilled(rng: Rng, batch: Batch, n: int) -> tuple[Any, ...]:
    shapes = (5, n), (*batch, n), (5, 2), (*batch, 2)
    return tuple(map(rng.standard_normal, shapes))


CATALOGUE = (
    Entry("identity", rules.identity, normal),
    Entry("step", rules.step, normal, has_kink=True),
    Entry("relu", rules.relu, normal, kinks=(0.5, 1.0), has_kink=True),
    Entry("leaky_relu", rules.leaky_relu, normal, kinks=(0.01, 0.5), has_kink=True),
    Entry("leaky_relu, another slope", partial(rules.leaky_relu, slope=0.3), normal, has_kink=True),
    Entry("randomised_leaky_relu", rules.randomised_leaky_relu, normal, kinks=(0.3,), has_kink=True),
    Entry("sigmoid", rules.sigmoid, normal),
    Entry("tanh", rules.tanh, normal),
    Entry("absolute", rules.absolute, normal, kinks=(-1.0, 0.0), has_kink=True),
    Entry("softmax", rules.softmax, normal),
    Entry("log_softmax", rules.log_softmax, normal),
    Entry("dropout with a key", partial(rules.dropout, key=jax.random.key(0)), normal),
    Entry("dropout", rules.dropout, normal),
    Entry("affine", rules.affine, affine_inputs, (True, False)),
    Entry("pair_product", rules.pair_product, normal, sizes=(6, 2)),
    Entry("power_product", rules.power_product, powers, (True, False), is_total=False),
    Entry("polynomial", rules.polynomial, coefficients, (True, False)),
    Entry(
        "subset_max, ties split",
        partial(rules.subset_max, subsets=SUBSETS, ties="split"),
        normal,
        sizes=(6, 7),
        has_kink=True,
    ),
    Entry(
        "subset_max, ties to the first",
        partial(rules.subset_max, subsets=SUBSETS, ties="first"),
        normal,
        sizes=(6,),
        has_kink=True,
    ),
    Entry("squared_error", rules.squared_error, pairs),
    Entry("absolute_error", rules.absolute_error, pairs, has_kink=True),
    Entry("binary_nll", rules.binary_nll, probabilities, is_total=False),
    Entry("nll", rules.nll, probabilities, is_total=False),
    Entry("binary_kl", rules.binary_kl, probabilities, is_total=False),
    Entry("kl", rules.kl, probabilities, is_total=False),
    Entry("sigmoid_binary_nll", rules.sigmoid_binary_nll, probabilities),
    Entry("softmax_nll", rules.softmax_nll, logits),
    Entry("logsumexp", rules.logsumexp, normal),
    Entry("softplus", rules.softplus, normal),
    Entry("elu", rules.elu, normal),
    Entry("silu", rules.silu, normal),
    Entry("gelu", rules.gelu, normal),
    Entry("gelu_tanh", rules.gelu_tanh, normal),
    Entry("mish", rules.mish, normal),
    Entry("hardswish", rules.hardswish, normal),
    Entry("glu", rules.glu, normal, sizes=(6, 2)),
    Entry("swiglu", rules.swiglu, normal, sizes=(6, 2)),
    Entry("geglu", rules.geglu, normal, sizes=(6, 2)),
    Entry("layer_norm", rules.layer_norm, gain_inputs, (True, False)),
    Entry("rms_norm", rules.rms_norm, gain_alone, (True, False)),
    Entry("l2_normalise", rules.l2_normalise, normal),
    Entry("group_norm", partial(rules.group_norm, groups=2), gain_inputs, (True, False), sizes=(8,)),
    Entry("group_norm of an image", partial(rules.group_norm, groups=2, axes=3), image_and_gain, (True, False), (4,)),
    Entry("attention", partial(rules.attention, block=2), queries, sizes=(3, 1)),
    Entry("attention, causal", partial(rules.attention, causal=True), queries, sizes=(3,), is_checked=False),
    Entry("embedding", rules.embedding, embedded, (True,)),
    Entry("linear", rules.linear, matrix_inputs, (True, False)),
    Entry("position", rules.position, positions, (True, False)),
    Entry("rope", rules.rope, sequences, sizes=(4, 2)),
    Entry("lstm", rules.lstm, partial(cell_inputs, 4, 2), (True, False), (3, 1), is_checked=False),
    Entry("gru", rules.gru, partial(cell_inputs, 3, 1), (True, False), (3, 1), is_checked=False),
    Entry("simple_rnn", rules.simple_rnn, partial(cell_inputs, 1, 1), (True, False), (3, 1), is_checked=False),
    Entry("label_nll", rules.label_nll, labelled),
    Entry("label_nll, smoothing", partial(rules.label_nll, smoothing=0.1, z_loss=0.01), labelled, sizes=(4,)),
    Entry("linear_nll", rules.linear_nll, hidden, (True, False)),
    Entry(
        "convolution",
        partial(rules.convolution, stride=2, padding=1, groups=2),
        partial(kernel_inputs, (3,), (5,)),
        (True, False),
        sizes=(4,),
    ),
    Entry(
        "convolution of an image",
        partial(rules.convolution, padding=1, dilation=2),
        partial(kernel_inputs, (2, 2), (3, 4)),
        (True, False),
        sizes=(2,),
    ),
    Entry(
        "transposed_convolution",
        partial(rules.transposed_convolution, stride=2, padding=1),
        transposed_inputs,
        (True, False),
        sizes=(3,),
    ),
    Entry("max_pool", rules.max_pool, images, has_kink=True, is_checked=False),
    Entry("mean_pool", partial(rules.mean_pool, window=(1, 2)), images),
    Entry("adaptive_max_pool", partial(rules.adaptive_max_pool, sizes=(3, 1)), images, has_kink=True, is_checked=False),
    Entry("adaptive_mean_pool", partial(rules.adaptive_mean_pool, sizes=(3, 1)), images, sizes=(4,)),
    Entry("gated_delta_rule", partial(rules.gated_delta_rule, chunk=2), delta_inputs, sizes=(3,), is_checked=False),
    Entry(
        "gated_delta_rule, nothing taken back",
        partial(rules.gated_delta_rule, takes_back=False),
        delta_inputs,
        sizes=(3,),
        is_checked=False,
    ),
    Entry("batch_norm", rules.batch_norm, running_inputs, (True, False), sizes=(4,)),
    Entry(
        "contraction", partial(rules.contraction, spec="ij,jk,j->ki"), three_operands, (True, False, False), sizes=(4,)
    ),
    Entry("solve", rules.solve, equations, (False, False), is_total=False),
    Entry("cholesky_solve", rules.cholesky_solve, positive_equations, (False, False), sizes=(4,), is_total=False),
    Entry("log_determinant", rules.log_determinant, square, sizes=(3,), is_total=False),
    Entry("lora", partial(rules.lora, scale=0.5), lora_inputs, (True, False), sizes=(4,)),
    Entry("top_k_softmax", partial(rules.top_k_softmax, k=2), normal, sizes=(4,), has_kink=True, is_checked=False),
    Entry("expert_linear", rules.expert_linear, of_experts, (True, False), sizes=(4,)),
    Entry("linear_kl", rules.linear_kl, distilled, (True, False), sizes=(4,), is_checked=False),
)
