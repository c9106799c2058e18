"""What a trained language model writes."""

import argparse
from pathlib import Path

from functional_bp.errors import InputError
from functional_bp.runs.memory import check_addresses
from functional_bp.terminal import printable

HELP = "let a trained language model write: characters drawn one after another"
MOST = 1 << 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="a folder that `train --model lstm …` made")
    parser.add_argument("--start", default="", metavar="TEXT", help="what it goes on from; if not given, a new line")
    parser.add_argument("--length", type=int, default=500, metavar="N", help="characters to draw; default 500")
    parser.add_argument(
        "--temperature", type=float, default=1.0, metavar="X", help="below 1 it dares less, above 1 more; default 1"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the draws; default 0")


def run(args: argparse.Namespace) -> int:
    check_addresses()
    if not 1 <= args.length <= MOST:
        raise InputError(f"--length must be from 1 to {MOST}, got {args.length}")
    if not 1e-3 <= args.temperature <= 1e3:
        raise InputError(f"--temperature must be from 0.001 to 1000, got {args.temperature}")
    if not 0 <= args.seed < 2**32:
        raise InputError(f"--seed must be from 0 to {2**32 - 1}, got {args.seed}")
    from functional_bp.runs.compilation import keep_compiled_programs

    keep_compiled_programs()
    import jax

    from functional_bp.runs.loading import load
    from functional_bp.runs.models import model_of
    from functional_bp.runs.text import sample

    trained = load(args.run_folder)
    if not model_of(trained.config).of_text:
        raise InputError(f"{args.run_folder} is the run of a {trained.config.model}, which writes nothing")
    written = sample(
        trained.network,
        trained.params,
        trained.facts,
        trained.config.tokens == "bytes",
        args.start,
        args.length,
        jax.random.key(args.seed),
        args.temperature,
    )
    for line in written.splitlines():
        print(printable(line))
    return 0
