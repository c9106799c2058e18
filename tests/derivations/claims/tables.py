"""All tables in one place: {word: {cause: {name: claim}}}, the word being what the claims in it are worth."""

from importlib import import_module

from claims.decide import Claim
from claims.judging import determinant

FILES = (
    "false_ranges",
    "false_names",
    "false_analysis",
    "no_claims",
    "true_ranges",
    "true_analysis",
    "edges_false",
    "edges_true",
    "people",
    *(["matrices"] if determinant else []),
)
# What the prover may say of a claim that is worth so much.
ALLOWED = {
    "false": {"refuted", "undecided", "ill-typed"},
    "true": {"proven", "undecided", "ill-typed"},
    "empty": {"undecided", "ill-typed"},
    "refused": {"undecided", "ill-typed"},
}


def rows() -> dict[str, tuple[str, str, Claim]]:
    """name: (what it is worth, its cause, the claim); a name is that of the file, the cause and the row."""
    found: dict[str, tuple[str, str, Claim]] = {}
    for file in FILES:
        module = import_module(f"claims.banks.{file}")
        for word in ALLOWED:
            for cause, table in getattr(module, word.upper(), {}).items():
                for name, claim in table.items():
                    key = f"{file}: {cause}: {name}"
                    found[key] = (word, cause, claim)
    return found


if __name__ == "__main__":
    print(len(rows()))
