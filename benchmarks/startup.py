"""The whole process `functional-bp train`, its programs compiled before, against `python -c "import jax, optax"`.

    python -m benchmarks.startup

Processes run in turn, in the reverse order each round. What is to be shown: at most 3.5 times as long.
`functional-bp --help` runs along: it is to stay under 0.3 s.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

from benchmarks.timing import compare, write_json

COMMAND = str(Path(sys.executable).with_name("functional-bp"))


def process(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def sides(folder: Path) -> dict[str, Callable[[], None]]:
    runs = count()
    return {
        "import jax, optax": partial(process, sys.executable, "-c", "import jax, optax"),
        "functional-bp train": lambda: process(COMMAND, "train", "--out", str(folder / f"run{next(runs)}")),
        "functional-bp --help": partial(process, COMMAND, "--help"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds = compare(sides(Path(folder)), args.rounds)
    print(seconds.table())
    ratio = seconds.speed("functional-bp train").median
    print(f"functional-bp train takes {ratio:.2f} times as long as importing jax and optax")
    if args.json:
        write_json(args.json, {"startup": seconds.as_json(), "ratio": ratio}, "optax")


if __name__ == "__main__":
    main()
