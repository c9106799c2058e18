r"""Prose with formulas in it, such as the reason of a step, as LaTeX's text: `∂W_ij` → `$\partial W_{ij}$`."""

import re
from unicodedata import normalize

from sympy.printing.latex import tex_greek_dictionary
from sympy.printing.pretty.pretty_symbology import greek_unicode

GREEK = {name: tex_greek_dictionary.get(name, rf"\{name}") for name in greek_unicode}
TEXT = {
    **{c: "\\" + c for c in "#$%&{}_"},
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--", "—": "---"},
    **{"“": "``", "”": "''", "‘": "`", "’": "'", "…": r"\dots{}", "⋯": r"\dots{}", "\n": "\n"},
}
SIGNS = {
    **{letter: GREEK[name] + " " for name, letter in greek_unicode.items()},
    **{"Σ": r"\sum ", "Π": r"\prod ", "∂": r"\partial ", "∇": r"\nabla ", "∞": r"\infty ", "√": r"\surd "},
    **{"−": "-", "×": r"\times ", "·": r"\cdot ", "±": r"\pm ", "≈": r"\approx ", "≠": r"\ne ", "≤": r"\le "},
    **{"≥": r"\ge ", "<": "<", ">": ">", "|": "|", "′": "'", "→": r"\to ", "←": r"\leftarrow ", "⇒": r"\Rightarrow "},
    **{"↦": r"\mapsto ", "∈": r"\in ", "∘": r"\circ ", "⊙": r"\odot ", "⊗": r"\otimes ", "‖": r"\Vert ", "ᵀ": "{}^{T}"},
    **{"²": "{}^{2}", "³": "{}^{3}", "⁻": "{}^{-}", "¹": "{}^{1}", "½": r"\tfrac{1}{2}", "¼": r"\tfrac{1}{4}"},
}
# a letter or a word with what stands below and above it
FORMULA = re.compile(r"(?P<base>[^\W\d_]*\u0304?)(?P<marks>′*(?:[_^](?:\([^()]*\)|[^\W_]+\u0304?′*))+)")


def prose(text: str) -> str:
    """LaTeX in text mode that prints the text; ASCII whatever the text holds."""
    result, end, text = [], 0, normalize("NFD", text)
    for found in FORMULA.finditer(text):
        result += [_plain(text[end : found.start()]), f"${_base(found['base'])}{_marks(found['marks'])}$"]
        end = found.end()
    return "".join([*result, _plain(text[end:])]).replace("$$", "")


def _plain(text: str) -> str:
    text = re.sub("(.)\u0304", lambda bar: f"\0{bar[1]}\0", text)
    parts = text.split("\0")
    return "".join(rf"$\bar{{{_math(p)}}}$" if n % 2 else "".join(map(_character, p)) for n, p in enumerate(parts))


def _character(c: str) -> str:
    if c in TEXT:
        return TEXT[c]
    if c in SIGNS:
        return f"${SIGNS[c]}$"
    return c if c.isascii() else ""  # an accent apart from its letter


def _math(text: str) -> str:
    return "".join(SIGNS.get(c, TEXT.get(c, c if c.isascii() else "")) for c in text)


def _base(text: str) -> str:
    if text.endswith("\u0304"):
        return rf"{_math(text[:-2])}\bar{{{_math(text[-2])}}}"
    return rf"\mathrm{{{text}}}" if len(text) > 1 and text.isascii() else _math(text)


def _marks(text: str) -> str:
    """What stands below and above, each a group; what follows an exponent stands below that."""
    primes = len(text) - len(text.lstrip("′"))
    below = above = ""
    for sign, part in re.findall(r"([_^])(\([^()]*\)|[^\W_]+\u0304?′*)", text):
        inner = _math(part[1:-1] if part[0] == "(" else part)
        if sign == "^":
            above += inner
        elif above:
            above += f"_{{{inner}}}"
        else:
            below += inner
    return "'" * primes + (f"_{{{below}}}" if below else "") + (f"^{{{above}}}" if above else "")
