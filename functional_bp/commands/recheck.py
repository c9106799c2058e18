"""functional-bp recheck: follow the certificates of proofs without the engine that found them."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from functional_bp.errors import InputError

HELP = "check the certificates of proofs again, by a checker that shares no code with the prover"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="saved by derive --certificate")


def run(args: argparse.Namespace) -> int:
    from derivations.engine.certificates.check import check

    refused = 0
    for path in args.files:
        for name, record in read(path).items():
            result = check(record)
            refused += bool(result.refused)
            print(f"{name}: {f'refused: {result.refused}' if result.refused else 'follows from its axioms'}")
    return 1 if refused else 0


def save_certificates(path: Path, proofs: dict[str, Any]) -> None:
    """One certificate for each proof; which proofs have none is said, and why."""
    records = {}
    for name, proof in proofs.items():
        try:
            records[name] = proof.to_json()
        except ValueError as error:
            print(f"{name}: no certificate: {error}", file=sys.stderr)
    try:
        path.write_text(json.dumps(records, ensure_ascii=False))
    except OSError as error:
        raise InputError(f"{path} can't be written: {error.strerror}") from error


def read(path: Path) -> dict:
    try:
        records = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is no file of certificates: {error}") from error
    if not isinstance(records, dict):
        raise InputError(f"{path} is no file of certificates: a name and a certificate for each are expected")
    return records
