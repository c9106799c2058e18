"""The checker's own time: against jax.test_util.check_grads, chex and torch.autograd.gradcheck, and in a fresh process.

    python -m benchmarks.checker

A three-layer MLP with 100,000 parameters, everything warm: the whole check of its hand-derived backward pass, beside
what its peers need to compare the same network's own derivative with finite differences (check_grads to the second
order and to the first; torch's gradcheck in its fast mode, double precision). What is to be shown: at least 10 times
as fast as check_grads. Then many small cases, each side in a fresh process of its own: at most 3 times the time of a
bare `jax.vjp` with `assert_allclose`.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.test_util import check_grads

from benchmarks.timing import compare, write_json
from functional_bp.checking import check_backward
from functional_bp.checking.catalogue import CATALOGUE, inputs
from functional_bp.checking.question.adapters import RuleBackward, RuleOutput

WIDTHS, BATCH = (256, 256, 128, 10), 32


def mlp(params: Any, x: jax.Array) -> jax.Array:
    for W, b in params[:-1]:
        x = jnp.tanh(x @ W.T + b[None])
    W, b = params[-1]
    return x @ W.T + b[None]


def mlp_backward(primals: tuple, y_bar: jax.Array) -> tuple:
    params, x = primals
    activations = [x]
    for W, b in params[:-1]:
        activations.append(jnp.tanh(activations[-1] @ W.T + b[None]))
    gradients = []
    for (W, _), y in zip(reversed(params), reversed(activations), strict=True):
        gradients.append((y_bar.T @ y, y_bar.sum(0)))
        y_bar = y_bar @ W
        if len(gradients) < len(params):
            y_bar = y_bar * (1 - y**2)
    return gradients[::-1], y_bar


def mlp_inputs() -> tuple[list, jax.Array]:
    rng = np.random.default_rng(0)
    params = [
        (
            jnp.asarray(rng.standard_normal((m, n)) / n**0.5, jnp.float32),
            jnp.asarray(rng.standard_normal(m), jnp.float32),
        )
        for n, m in pairwise(WIDTHS)
    ]
    return params, jnp.asarray(rng.standard_normal((BATCH, WIDTHS[0])), jnp.float32)


def warm(rounds: int) -> dict[str, Any]:
    params, x = mlp_inputs()
    jitted = jax.jit(mlp)

    def ours() -> None:
        assert check_backward(mlp, mlp_backward, params, x).ok

    sides: dict[str, Callable[[], Any]] = {
        "check_backward": ours,
        "check_grads, order 2": lambda: check_grads(mlp, (params, x), 2, atol=0.1, rtol=0.1),
        "check_grads, order 1": lambda: check_grads(mlp, (params, x), 1, atol=0.1, rtol=0.1),
        "check_grads of a jit, order 2": lambda: check_grads(jitted, (params, x), 2, atol=0.1, rtol=0.1),
        **peers(params, x),
    }
    result = compare(sides, rounds)
    print(result.table())
    return result.as_json()


def peers(params: list, x: jax.Array) -> dict[str, Callable[[], Any]]:
    import chex
    import torch

    tensors = [torch.tensor(np.asarray(a), dtype=torch.float64, requires_grad=True) for pair in params for a in pair]
    data = torch.tensor(np.asarray(x), dtype=torch.float64, requires_grad=True)

    def torch_mlp(x: Any, *flat: Any) -> Any:
        for i in range(0, len(flat), 2):
            x = torch.nn.functional.linear(x, flat[i], flat[i + 1])
            x = torch.tanh(x) if i + 2 < len(flat) else x
        return x

    flat = tuple(a for pair in params for a in pair)

    def loss(*flat: Any) -> jax.Array:
        return jnp.sum(mlp(list(zip(flat[::2], flat[1::2], strict=True)), x))

    return {
        "chex, order 1": lambda: chex.assert_numerical_grads(loss, flat, 1, atol=1.0, rtol=0.5),
        "torch gradcheck, fast mode": lambda: torch.autograd.gradcheck(torch_mlp, (data, *tensors), fast_mode=True),
    }


def small_cases() -> list[tuple[str, Callable, Callable, tuple]]:
    """The library's rules, as forward and backward pass."""
    cases = []
    for entry in CATALOGUE:
        primals = inputs(entry)
        x_bar = RuleBackward(entry.rule)(primals, jnp.ones_like(entry.rule(*primals)[0]))
        due = sum(part is not None for part in x_bar)
        forward, backward = RuleOutput(entry.rule), RuleBackward(entry.rule)
        fixed = primals[due:]

        def only_forward(*x: Any, forward: Any = forward, fixed: Any = fixed) -> Any:
            return forward(*x, *fixed)

        def only_backward(x: tuple, y_bar: Any, backward: Any = backward, fixed: Any = fixed, due: int = due) -> Any:
            return backward((*x, *fixed), y_bar)[:due]

        cases.append((entry.name, only_forward, only_backward, primals[:due]))
    return cases


def bare(forward: Callable, backward: Callable, primals: tuple) -> None:
    y, pull = jax.vjp(forward, *primals)
    y_bar = jnp.asarray(np.random.default_rng(0).uniform(0.5, 1.5, y.shape), y.dtype)
    for true, claimed in zip(jax.tree.leaves(pull(y_bar)), jax.tree.leaves(backward(primals, y_bar)), strict=True):
        np.testing.assert_allclose(claimed, true, rtol=1e-4, atol=1e-5)


def run_small(side: str) -> float:
    """Seconds for all small cases; to be called in a fresh process."""
    cases = small_cases()
    jax.clear_caches()
    start = time.perf_counter()
    for name, forward, backward, primals in cases:
        if side == "bare":
            bare(forward, backward, primals)
        else:
            assert check_backward(forward, backward, *primals).ok, name
    return time.perf_counter() - start


def fresh(rounds: int) -> dict[str, Any]:
    """The two sides in turn, each time in a new process."""
    seconds: dict[str, list[float]] = {"check": [], "bare": []}
    for _ in range(rounds):
        for side, times in seconds.items():
            command = [sys.executable, "-m", "benchmarks.checker", "--small", side]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            times.append(float(done.stdout.split()[-1]))
    ratio = statistics.median(c / b for c, b in zip(seconds["check"], seconds["bare"], strict=True))
    medians = {side: statistics.median(times) for side, times in seconds.items()}
    print(
        f"{len(small_cases())} small cases: {medians['check']:.2f} s against {medians['bare']:.2f} s: {ratio:.2f} times"
    )
    return {**medians, "ratio": ratio}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--small", choices=("check", "bare"), help="only the small cases of one side, in this process")
    parser.add_argument("--out", type=Path, help="also write the figures as JSON")
    args = parser.parse_args()
    if args.small:
        print(run_small(args.small))
        return
    results = {"mlp": warm(args.rounds), "small": fresh(max(2, args.rounds // 7))}
    if args.out:
        write_json(args.out, results, "chex", "torch")


if __name__ == "__main__":
    main()
