"""What is said, as a value: blocks of lines and tables, which print as text and as HTML."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

COLOURS = {"right": "#388e3c", "wrong": "#d9423f"}  # both readable on white and on black


@dataclass(frozen=True)
class Block:
    """Lines that belong together, the first of them the head, and a table below; `tone`: right, wrong or quiet."""

    lines: tuple[str, ...]
    tone: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    apart: bool = False  # by an empty line


Document = Sequence[Block]


def as_text(document: Document) -> str:
    """The first block to the left, all others indented."""
    lines: list[str] = []
    for number, block in enumerate(document):
        indent = "  " if number else ""
        lines += [""] if block.apart else []
        lines += [indent + line if k == 0 else f"{indent}  {line}" for k, line in enumerate(block.lines)]
        widths = (14, 16, 16)
        lines += [
            indent + "  " + " ".join(f"{cell:>{w}}" for cell, w in zip(row, widths, strict=True)) for row in block.rows
        ]
    return "\n".join(lines)


def as_html(document: Document) -> str:
    return f"<div style='font-family:sans-serif'>{''.join(map(block_html, document))}</div>"


def block_html(block: Block) -> str:
    style = f"color:{COLOURS[block.tone]}" if block.tone in COLOURS else "opacity:.7" if block.tone == "quiet" else ""
    head, *rest = map(html.escape, block.lines)
    head = f"<b>{head}</b>" if rest or block.rows else head
    body = "".join(f"<br>{line}" for line in rest)
    return f"<p style='{style}'>{head}{body}</p>" + (table_html(block.rows) if block.rows else "")


def table_html(rows: Sequence[tuple[str, ...]]) -> str:
    """The first row as heads; numbers to the right, in the font and size of the text around."""
    cell = "<{0} style='text-align:right;padding:0 0 0 1.5em;font-variant-numeric:tabular-nums'>{1}</{0}>"
    lines = [
        "<tr>" + "".join(cell.format("td" if number else "th", html.escape(text)) for text in row) + "</tr>"
        for number, row in enumerate(rows)
    ]
    return f"<table style='font:inherit;border-collapse:collapse;margin:.3em 0'>{''.join(lines)}</table>"
