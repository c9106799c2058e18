"""What the same bits on any number of devices cost: runs with 8 slots, and with norms in order, against the plain run.

    python -m benchmarks.slots [--data FOLDER]     64-64-32-10 on the digits; with MNIST also 784-256-128-10

All sides are one compiled program on one device. Nothing is to be shown: it is the price of `--slots`.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from benchmarks.timing import compare, write_json
from functional_bp.runs.config import Config
from functional_bp.runs.experiment import experiment
from functional_bp.training.loop import fit

SIDES: dict[str, dict[str, Any]] = {
    "plain": {},
    "8 slots": {"slots": 8},
    "plain, clipped": {"clip": 1.0},
    "8 slots, clipped in order": {"slots": 8, "clip": 1.0},
}


def side(steps: int, **options: Any) -> Callable[[], Any]:
    of = experiment(Config(steps=steps, **options))
    data = jax.device_put((np.asarray(of.seen.x), of.seen.labels))
    fixed = {"optimizer": of.update, "steps": steps, "batch": of.batch, "report_every": steps, "state": of.start()}
    gradients_of, measured = of.gradients_of(None), {"prepare": of.of.prepare}
    return lambda: fit(of.network, of.of.divergence, data, **fixed, **measured, gradients_of=gradients_of).params


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="a folder with MNIST")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    args = parser.parse_args()
    tasks: dict[str, dict[str, Any]] = {"digits": {"steps": 1000, "hidden": (64, 32), "batch": "32"}}
    if args.data:
        tasks["MNIST"] = {"steps": 200, "hidden": (256, 128), "batch": "128", "data": args.data}
    found = {}
    for name, task in tasks.items():
        speed = compare({label: side(**task, **options) for label, options in SIDES.items()}, args.rounds)
        print(f"{name}:\n{speed.table()}")
        found[name] = speed.as_json()
    if args.json:
        write_json(args.json, found)


if __name__ == "__main__":
    main()
