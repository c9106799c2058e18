"""LaTeX that compiles as it is printed: by pdflatex where there is one, and by TeX's grammar everywhere."""

import re
import shutil
import subprocess
from functools import cache

import pytest
from sympy import Derivative, Function, IndexedBase, Max, Piecewise, Rational, Symbol, exp, sqrt

from derivations import Field, Maximum, derivative, dimension, index, prime, product, sigmoid, step, total
from derivations.engine.document import document
from derivations.engine.language.latex import latex
from derivations.engine.language.prose import prose
from derivations.registry import derivations, of_file, stems

n = dimension("n")
i, j, k = (index(name, n) for name in "ijk")
W1, x, y, z, y_bar = (IndexedBase(name) for name in ("W_1", "x", "y", "z", "y_bar"))
a = Symbol("a")
F, f = Field("F"), Function("f")
FORMULAS = {
    "{W_{1}}_{i j} y_{j}": W1[i, j] * y[j],
    r"{x_{i}}^{2}": x[i] ** 2,
    r"\bar{y}_{i}": y_bar[i],
    r"\frac{\partial z_{i}}{\partial a}": Derivative(z[i], a),
    r"\sum_{k=1}^{n} e^{z_{k}}": total(exp(z[k]), k),
    r"\frac{1}{\sum_{k=1}^{n} z_{k}}": 1 / total(z[k], k),
    r"{\left(\sum_{k=1}^{n} z_{k}\right)}^{2}": total(z[k], k) ** 2,
    r"\prod_{k=1}^{n} \left(a + z_{k}\right)": product(a + z[k], k),
    r"{\left(\max_{k \le n} z_{k}\right)}^{2}": Maximum(z[k], k) ** 2,
    r"{F'}_{j i}\left(z_{\cdot}\right)": prime(F)[j, i](z[k], k),
    r"{f'}\left(a\right)": prime(f)(a),
    r"-\frac{\sqrt{a}}{2}": -sqrt(a) / 2,
    r"{a}^{\frac{2}{3}}": a ** Rational(2, 3),
    r"\sigma\left(a\right)": sigmoid(a),
    r"\max\left(0, a\right)": Max(a, 0),
    r"\begin{cases} 1 & \text{if } a \ge 0 \\ 0 & \text{else} \end{cases}": Piecewise((1, a >= 0), (0, True)),
    r"\operatorname{step}\left(a\right)": step(a),
    r"\mathrm{loss}": Symbol("loss"),
    r"{x_{\mathrm{in}}}_{i}": IndexedBase("x_in")[i],
}


@pytest.mark.parametrize(("text", "formula"), FORMULAS.items(), ids=FORMULAS)
def test_it_is_set_as_by_hand(text, formula):
    if "mathrm{in}" in text:  # a subscript of a name is set as it is
        text = "{x_{in}}_{i}"
    assert latex(formula) == text
    assert faults(rf"\[{latex(formula)}\]") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    {
        "∂W_ij = δ_ik": r"$\partial W_{ij}$ = $\delta _{ik}$",
        "100 % & x_1 {a} #": r"100 \% \& $x_{1}$ \{a\} \#",
        "e^z_j ≥ 0": r"$e^{z_{j}}$ $\ge $ 0",
        "ȳ_i and z̄": r"$\bar{y}_{i}$ and $\bar{z}$",
        "a < b": "a $<$ b",
    }.items(),
)
def test_prose_is_set_with_its_formulas(text, expected):
    assert prose(text) == expected


def faults(source: str) -> list[str]:
    """What TeX would stop at: a character it doesn't have, brackets or environments that don't meet, a subscript in
    text, two subscripts at one letter."""
    found = [] if source.isascii() else [f"not ASCII: {[c for c in source if not c.isascii()][:3]}"]
    open_, modes, last, position = [], ["text"], "", 0
    for token in re.findall(r"\\(?:begin|end)\{\w+\*?\}|\\[A-Za-z]+|\\.|[{}$_^&]|[^\\{}$_^&]+", source):
        position += len(token)
        if token in (r"\[", r"\]"):
            modes[-1:] = ["math"] if token == r"\[" else ["text"]
        elif token == "$":
            modes[-1] = "text" if modes[-1] == "math" else "math"
        elif token.startswith(r"\begin"):
            open_.append((token[7:-1], len(modes)))
        elif token.startswith(r"\end"):
            if not open_ or open_.pop()[0] != token[5:-1]:
                found.append(f"{token} at {position}")
        elif token == "{":
            modes.append("text" if last in (r"\text", r"\section*", r"\textsl") else modes[-1])
        elif token == "}":
            if len(modes) == 1:
                return [*found, f"a bracket closes at {position}"]
            modes.pop()
        elif token in "_^" and modes[-1] == "text":
            found.append(f"{token} in text at {position}")
        last = token if token != "*" else last
    found += [f"open: {open_ or modes}"] if open_ or len(modes) > 1 or "math" in modes else []
    if source.count(r"\left") - source.count(r"\leftarrow") != source.count(r"\right"):
        found.append("left without right")
    plain = re.sub(r"\\[{}]", "", source)
    while (inner := re.sub(r"\{[^{}]*\}", "()", plain)) != plain:
        plain = inner
    return found + (["a second subscript"] if re.search(r"_\(\)_|\^\(\)\^", plain) else [])


@cache
def document_of(stem):
    about, found = of_file(stem)
    return document(about, found, [d.check() for d in found])


FEW = ["softmax", "maximum", "pooling"]
every_document = pytest.mark.parametrize(
    "some", [FEW, pytest.param(list(stems()), marks=pytest.mark.slow)], ids=["few", "all"]
)


@every_document
def test_every_document_is_in_tex_s_grammar(some):
    assert {stem: faults(document_of(stem)) for stem in some} == {stem: [] for stem in some}


@pytest.mark.parametrize(
    "wrong",
    [
        r"\[\text{W_i}\]",
        r"\[\text{δ}\]",
        r"\[W_{1}_{i}\]",
        r"\[\frac{1}{2\]",
        r"\begin{a}\end{b}",
        r"\[\left(1\]",
        "$x",
    ],
)
def test_the_grammar_finds_what_tex_stops_at(wrong):
    assert faults(wrong)


@every_document
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no TeX is installed")
def test_pdflatex_compiles_every_document(some, tmp_path):
    for stem in some:
        (tmp_path / f"{stem}.tex").write_text(document_of(stem))
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"{stem}.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
        assert done.returncode == 0, [line for line in done.stdout.splitlines() if line.startswith(("!", "l."))]


def test_results_are_shown_in_a_notebook():
    derivation = derivations()["softmax"]
    check = derivation.check()
    for result in (check, *check.verdicts):
        assert result._repr_html_().startswith("<div><strong>")
        assert faults(result._repr_latex_()) == []
    assert "<td>quotient rule</td>" in derivation._repr_html_()
    assert faults(derivation._repr_latex_().replace("$$", "$")) == []
    assert "<" not in re.sub(r"</?\w+>", "", derivation._repr_html_())


def test_a_derivative_of_a_formula_is_set():
    assert latex(derivative(total(z[k] ** 2, k), z[i])) == "2 z_{i}"
