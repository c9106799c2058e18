"""How a result looks in a notebook: the lines of its text, as HTML or LaTeX."""

from html import escape

from derivations.engine.language.prose import prose


class Shown:
    """What is printed in a terminal is shown in a notebook too; the first line says the most."""

    def _repr_html_(self) -> str:
        first, *others = (escape(line) for line in str(self).splitlines())
        return "<div>" + "<br>".join([f"<strong>{first}</strong>", *others]) + "</div>"

    def _repr_latex_(self) -> str:
        lines = r" \\ ".join(rf"\text{{{prose(line)}}}" for line in str(self).splitlines())
        return rf"$\begin{{array}}{{l}} {lines} \end{{array}}$"
