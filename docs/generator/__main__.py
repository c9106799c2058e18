"""The sources of the site: README and docs as they are, and the pages that follow from the code.

The folder mirrors the repository, so that a link means the same in both.
"""

import re
import shutil
import sys
from pathlib import Path

import jax

from docs.generator import gallery, notebooks, reference

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\(((?:\.\./)*)README\.md")


def main(out: Path) -> int:
    jax.config.update("jax_disable_most_optimizations", True)  # each program runs once
    shutil.rmtree(out, ignore_errors=True)
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        write(out, str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
    shutil.copytree(
        ROOT / "examples", out / "examples", ignore=shutil.ignore_patterns("__pycache__", "museum", "*.ipynb")
    )
    (out / "README.md").rename(out / "index.md")
    of_notebooks = {f"examples/{path.stem}.md": notebooks.page(path) for path in notebooks.paths()}
    for pages in (gallery.pages(), reference.pages(), of_notebooks):
        for name, text in pages.items():
            write(out, name, text)
    return 0


def write(out: Path, name: str, text: str) -> None:
    path = out / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(LINK.sub(r"](\1index.md", text), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
