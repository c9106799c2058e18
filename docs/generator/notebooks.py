"""Notebooks without a kernel: each runs cell by cell in one namespace.

`python -m docs.generator.notebooks` writes down what the cells show; `page` makes a page of a notebook.
"""

import ast
import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[2] / "examples"
FORMATS = {"_repr_html_": "text/html", "_repr_latex_": "text/latex"}


def paths() -> list[Path]:
    return sorted(EXAMPLES.glob("*.ipynb"))


def cells(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def run(path: Path) -> list[list[dict[str, Any]]]:
    """The outputs of each code cell. An error in a cell is raised as it is."""
    namespace: dict[str, Any] = {"__name__": path.stem}
    return [shown("".join(c["source"]), namespace) for c in cells(path) if c["cell_type"] == "code"]


def shown(source: str, namespace: dict[str, Any]) -> list[dict[str, Any]]:
    """What a cell prints, and the value of its last line if that is an expression."""
    tree, printed, value = ast.parse(source), io.StringIO(), None
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "<cell>", "exec"), namespace)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)
    outputs = [{"output_type": "stream", "name": "stdout", "text": lines(printed.getvalue())}] if printed.tell() else []
    return (
        outputs if value is None else [*outputs, {"output_type": "display_data", "metadata": {}, "data": data(value)}]
    )


def data(value: Any) -> dict[str, list[str]]:
    found = {"text/plain": lines(repr(value))}
    for method, kind in FORMATS.items():
        if hasattr(type(value), method):
            found[kind] = lines(getattr(value, method)())
    return found


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def write(path: Path) -> None:
    """The notebook with its outputs."""
    notebook, outputs = json.loads(path.read_text(encoding="utf-8")), iter(run(path))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": next(outputs), "execution_count": None}
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def page(path: Path) -> str:
    """The notebook as a page: its text, its code, and what that shows."""
    return "\n\n".join(part for cell in cells(path) for part in parts(cell)) + "\n"


def parts(cell: dict[str, Any]) -> list[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return [source]
    return [f"```python\n{source}\n```", *(as_text(output) for output in cell["outputs"])]


def as_text(output: dict[str, Any]) -> str:
    found = output.get("data", {})
    if "text/html" in found:
        return "".join(found["text/html"])
    return f"```text\n{''.join(output.get('text') or found['text/plain']).rstrip()}\n```"


if __name__ == "__main__":
    for name in sys.argv[1:] or map(str, paths()):
        write(Path(name))
