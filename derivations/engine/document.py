"""Derivations as a LaTeX document, for pdflatex as it is."""

from collections.abc import Sequence

from derivations.engine.derivation import Check, Derivation
from derivations.engine.language.prose import prose

PREAMBLE = r"""\documentclass{article}
\usepackage[a3paper,landscape,margin=15mm]{geometry}
\usepackage{amsmath}
\setlength{\parindent}{0pt}
"""


def document(introduction: str, derivations: Sequence[Derivation], checks: Sequence[Check]) -> str:
    """Each derivation under its name, with the outcome of its check."""
    sections = (
        f"\\section*{{{prose(d.name)}}}\n\\[\n{d.latex()}\n\\]\n{prose(str(check))}\n"
        for d, check in zip(derivations, checks, strict=True)
    )
    body = "\n".join(filter(None, [prose(introduction.strip()), *sections]))
    return f"{PREAMBLE}\\begin{{document}}\n{body}\n\\end{{document}}"
