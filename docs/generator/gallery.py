"""One page a rule: its formula, its Jacobian as a picture, its code, its derivation, its kink, its tests."""

import ast
import inspect
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from derivations.registry import kinks, of_rule
from docs.generator.picture import matrix_picture
from functional_bp.rules.catalogue import CATALOGUE, Entry

ROOT = Path(__file__).parents[2]


def entries() -> dict[str, Entry]:
    """The first entry of each rule in the catalogue, by the rule's name."""
    found: dict[str, Entry] = {}
    for entry in CATALOGUE:
        found.setdefault(entry.rule_name, entry)
    return found


def pages() -> dict[str, str]:
    of_rules = {f"gallery/{name}.md": page(entry) for name, entry in entries().items()}
    return {"gallery/index.md": overview(), **of_rules}


def overview() -> str:
    rows = "\n".join(f"| [{name}]({name}.md) | `{formula(entry)}` |" for name, entry in entries().items())
    return (
        "# The rules\n\nA rule returns its output and its Jacobian: `y, J = softmax(z)`. Each has a page with its "
        "derivation, its code and its tests.\n\n| rule | y; J |\n|---|---|\n" + rows.replace("\\|", "|") + "\n"
    )


def page(entry: Entry) -> str:
    return "\n\n".join(filter(None, sections(entry))) + "\n"


def sections(entry: Entry) -> Iterator[str]:
    name, source = entry.rule_name, function(entry)
    first, _, rest = inspect.cleandoc(source.__doc__ or "").partition("\n")
    yield f"# {name}\n\n```text\n{first}\n```\n\n{rest.strip()}"
    yield "## The Jacobian\n\n" + picture(entry)
    code = inspect.getsource(source).rstrip()
    yield f"## The code\n\n`functional_bp/rules/{entry.stem}.py`\n\n```python\n{code}\n```"
    derived = "\n\n".join(f"```text\n{derivation.unicode()}\n```" for derivation in of_rule(name))
    if derived:
        yield f"## The derivation\n\nEach step is proven by `functional-bp derive {name}`.\n\n{derived}"
    if name in kinks():
        kink = kinks()[name]
        yield (
            f"## At the kink\n\nAt {kink.variable} = {kink.at} every slope in {kink.interval_text} (the Clarke "
            "interval) is a subgradient."
        )
    yield "## The tests\n\n" + "\n".join(f"- {sentence}" for sentence in tests(entry))


def function(entry: Entry) -> Any:
    return inspect.unwrap(getattr(entry.rule, "func", entry.rule))


def formula(entry: Entry) -> str:
    return (function(entry).__doc__ or "").partition("\n")[0].strip()


def picture(entry: Entry) -> str:
    """The dense matrix of J at a random point: the outputs down, the inputs across."""
    inputs = jax.tree.map(narrow, entry.draw(np.random.default_rng(0), (), entry.sizes[0]))
    _, J = jax.eval_shape(entry.rule, *inputs)
    outputs, dense = map(jax.tree.leaves, jax.jit(partial(dense_of, entry.rule))(*inputs))
    across = len(dense) // len(outputs)
    rows = [
        np.hstack([np.asarray(block).reshape(out.size, -1) for block in dense[k * across : (k + 1) * across]])
        for k, out in enumerate(outputs)
    ]
    matrix = np.vstack(rows)
    size = f"{matrix.shape[0]} × {matrix.shape[1]}"
    said = f"`{J!r}` at a random point, written as its {size} matrix: blue is negative, red positive."
    return f"{matrix_picture(matrix)}\n\n{said}"


def dense_of(rule: Any, *inputs: Any) -> tuple[Any, Any]:
    y, J = rule(*inputs)
    return y, J.to_dense()


def narrow(x: Any) -> Any:
    return jnp.asarray(x, jnp.float32 if np.asarray(x).dtype.kind == "f" else jnp.int32)


def tests(entry: Entry) -> Iterator[str]:
    """What the tests say, in the words of their names; those that hold for every rule come first."""
    yield from laws()
    path = ROOT / "tests" / "rules" / f"test_{entry.stem}.py"
    text = path.read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        name = node.name if isinstance(node, ast.FunctionDef) else ""
        if name.startswith("test_") and entry.rule_name in (ast.get_source_segment(text, node) or ""):
            yield f"{said(name)} (`{path.relative_to(ROOT)}`)"


def laws() -> Iterator[str]:
    path = ROOT / "tests" / "laws" / "test_rules.py"
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield f"{said(node.name)} (`{path.relative_to(ROOT)}`, of every rule)"


def said(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")
