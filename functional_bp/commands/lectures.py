"""functional-bp lectures: what the five lectures claim, and what the machine finds of it."""

import argparse
import json
import re
from fractions import Fraction
from typing import Any

from functional_bp.errors import InputError

HELP = "judge the formulas of the lectures: proven, refuted, a convention, or no formula"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", nargs="*", metavar="ID", help="claims to judge, such as B13 D4 (default: all)")
    parser.add_argument("--json", action="store_true", help="one JSON array of rows instead of the table")


def run(args: argparse.Namespace) -> int:
    from derivations.lectures import CLAIMS

    unknown = [id for id in args.ids if id not in CLAIMS]
    if unknown:
        raise InputError(f"no claim {', '.join(unknown)}; there are {', '.join(CLAIMS)}")
    rows = [claim.judge().row() for id, claim in CLAIMS.items() if not args.ids or id in args.ids]
    print(json.dumps(rows, ensure_ascii=False, indent=1) if args.json else table(rows))
    return 0


def table(rows: list[dict[str, Any]]) -> str:
    """One entry a claim, and how many there are of each status."""
    counts = {
        status: sum(row["status"] == status for row in rows) for status in dict.fromkeys(r["status"] for r in rows)
    }
    summary = ", ".join(f"{count} {status}" for status, count in counts.items())
    return "\n\n".join([*map(entry, rows), f"{len(rows)} claims: {summary}; {sum(r['seconds'] for r in rows):.1f} s"])


def entry(row: dict[str, Any]) -> str:
    dimension = f", dimension: {row['dimension']}" if row["dimension"] not in (None, "no dimension") else ""
    lines = [f"{row['id']:<4} {row['status'].upper()}{dimension}  ({row['source']})", f"     {row['statement']}"]
    lines += [f"       judged: {statement}" for statement in row["formal"]]
    conditions = ", ".join(row["side_conditions"]) or (
        "no condition" if row["status"] in ("proven", "convention") else ""
    )
    labelled = (
        ("given", ", ".join(row["given"])),
        ("if", conditions),
        ("note", "; ".join(row["remarks"])),
        ("false", shortened(row["counterexample"] or "")),
        ("why", row["diagnosis"]),
        ("mended", row["repair"]),
    )
    return "\n".join(lines + [f"       {label}: {text}" for label, text in labelled if text])


def shortened(text: str) -> str:
    """Long exact numbers to six digits; the JSON has them whole."""
    return re.sub(r"(?<![\d.])-?\d{9,}(/\d+)?", lambda number: f"≈ {float(Fraction(number[0])):.6g}", text)
