"""What the prover still gets wrong, by name: the tests let these fail and no others. The list only gets shorter."""

from pathlib import Path

KNOWN = frozenset((Path(__file__).parent / "known.txt").read_text().splitlines())
