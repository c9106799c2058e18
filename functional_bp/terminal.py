"""What is printed: in the terminal's alphabet, without control characters; errors in one line of bounded length."""

import codecs
import os
import sys
import unicodedata
from typing import Any

LONGEST = 600
SPELLED = {
    **{"Σ": "sum", "Π": "prod", "∂": "d", "∇": "grad ", "∞": "oo", "√": "sqrt", "∫": "int", "∈": " in ", "∘": " o "},
    **{
        "α": "alpha",
        "β": "beta",
        "γ": "gamma",
        "δ": "delta",
        "ε": "eps",
        "ζ": "zeta",
        "η": "eta",
        "θ": "theta",
        "λ": "lambda",
    },
    **{"μ": "mu", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "Φ": "Phi", "Δ": "Delta", "ω": "omega"},
    **{"−": "-", "–": "-", "—": "-", "×": "x", "·": ".", "±": "+-", "≈": "~", "≠": "!=", "≤": "<=", "≥": ">="},
    **{"′": "'", "″": "''", "’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "…": "...", "→": "->", "←": "<-"},
    **{"\N{COMBINING MACRON}": "_bar", "⊙": "*", "⊗": " (x) ", "ᵀ": "^T", "⊤": "^T", "⁻": "^-", "‖": "||", "↦": "|->"},
    **{"ȳ": "y_bar", "½": "1/2", "¼": "1/4", "█": "#", "✓": "ok", "✗": "no", "│": "|", "─": "-"},
}
HANDLER = "functional-bp"


def prepare() -> None:
    """Standard streams that are closed become the null device; what a stream's alphabet lacks is written otherwise."""
    while True:  # a file that is opened later must not be taken for a standard stream
        descriptor = os.open(os.devnull, os.O_RDWR)
        if descriptor > 2:
            os.close(descriptor)
            break
    codecs.register_error(HANDLER, spelled)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        reconfigure: Any = getattr(getattr(sys, name), "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=HANDLER)


def spelled(error: UnicodeError) -> tuple[str, int]:
    """A handler of `errors=` that writes in ASCII what the encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_ascii, error.object[error.start : error.end])), error.end


def _ascii(letter: str) -> str:
    return SPELLED.get(letter) or unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode() or "?"


def printable(text: str) -> str:
    """The text with control characters as escapes: a file's name does not steer the terminal."""
    return "".join(c if c in "\n\t" or not is_control(c) else repr(c)[1:-1] for c in text)


def is_control(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def one_line(text: str) -> str:
    """In one line and, where it is long, without its middle."""
    text = printable(" ".join(text.split()))
    half = LONGEST // 2
    return text if len(text) <= LONGEST else f"{text[:half]} … {text[-half:]}"


def say(message: str, file: Any = None) -> None:
    """An error or a warning, in one line."""
    print(one_line(message), file=file or sys.stderr, flush=True)
