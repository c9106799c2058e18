"""What a terminal cannot print is spelled: Σ becomes sum where the encoding has no Σ, and nothing raises."""

import codecs
import sys
from unicodedata import normalize

SPELLED = {
    **{"Σ": "sum", "Π": "prod", "∂": "d", "∇": "grad ", "∞": "oo", "√": "sqrt", "∫": "int", "∈": " in ", "∘": " o "},
    **{"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "eps", "η": "eta", "θ": "theta", "λ": "lambda"},
    **{"μ": "mu", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "Φ": "Phi", "Δ": "Delta", "ω": "omega"},
    **{"−": "-", "–": "-", "—": "-", "×": "x", "·": ".", "±": "+-", "≈": "~", "≠": "!=", "≤": "<=", "≥": ">="},
    **{"′": "'", "″": "''", "’": "'", "‘": "'", "“": '"', "”": '"', "…": "...", "→": "->", "←": "<-", "↦": "|->"},
    **{"\N{COMBINING MACRON}": "_bar", "⊙": "*", "⊗": " (x) ", "ᵀ": "^T", "⁻": "^-", "‖": "||", "½": "1/2", "¼": "1/4"},
}


def spelled(error: UnicodeError) -> tuple[str, int]:
    """A handler of `errors=` that writes in ASCII what the encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_ascii, error.object[error.start : error.end])), error.end


def _ascii(character: str) -> str:
    return SPELLED.get(character) or normalize("NFKD", character).encode("ascii", "ignore").decode() or "?"


def spell_what_is_missing() -> None:
    """Standard output and error print every text from here on, whatever their encoding."""
    codecs.register_error("spelled", spelled)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="spelled")
