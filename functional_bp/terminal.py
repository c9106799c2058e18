"""What is printed: in the terminal's alphabet, without control characters; errors in one line of bounded length."""

import codecs
import os
import sys
import unicodedata
from typing import Any

LONGEST = 600
PLAIN = {
    **{"−": "-", "–": "-", "—": "-", "×": "x", "·": "*", "…": "...", "→": "->", "↦": "|->", "≤": "<=", "≥": ">="},
    **{"≠": "!=", "≈": "~", "∞": "inf", "∂": "d", "Σ": "sum", "Π": "prod", "∈": "in", "√": "sqrt", "█": "#"},
    **{"✓": "ok", "✗": "no", "“": '"', "”": '"', "„": '"', "’": "'", "│": "|", "─": "-", "‖": "||", "⊤": "^T"},
    **{"η": "eta", "θ": "theta", "λ": "lambda", "σ": "sigma", "δ": "delta", "ε": "eps", "ȳ": "y_bar", "x̄": "x_bar"},
}
HANDLER = "functional-bp"


def prepare() -> None:
    """Standard streams that are closed become the null device; what a stream's alphabet lacks is written otherwise."""
    while True:  # a file that is opened later must not be taken for a standard stream
        descriptor = os.open(os.devnull, os.O_RDWR)
        if descriptor > 2:
            os.close(descriptor)
            break
    codecs.register_error(HANDLER, in_plain_letters)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        reconfigure: Any = getattr(getattr(sys, name), "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=HANDLER)


def in_plain_letters(error: UnicodeError) -> tuple[str | bytes, int]:
    """The error handler: a mark that stands for it, its letter without accents, or a question mark."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(plain, error.object[error.start : error.end])), error.end


def plain(letter: str) -> str:
    if letter in PLAIN:
        return PLAIN[letter]
    letters = "".join(c for c in unicodedata.normalize("NFKD", letter) if c.isascii())
    return letters or ("" if unicodedata.combining(letter) else "?")


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
