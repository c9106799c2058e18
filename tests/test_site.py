"""The pages that are made from the code: a page a rule, a reference, and links that are found to be broken."""

from pathlib import Path

import numpy as np
import pytest

import functional_bp as bp
from docs.generator import gallery, reference
from docs.generator.links import faults
from docs.generator.picture import matrix_picture

ROOT = Path(__file__).parents[1]


def test_every_rule_has_a_page():
    assert set(gallery.entries()) == {name for name in bp.rules.__all__ if not isinstance(getattr(bp, name), type)}


@pytest.mark.parametrize("name", ["relu", "lstm", "affine"])
def test_a_page_has_formula_picture_code_derivation_kink_and_tests(name):
    page = gallery.page(gallery.entries()[name])
    headings = [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")]
    kink = ["At the kink"] if name == "relu" else []
    assert headings == ["The Jacobian", "The code", "The derivation", *kink, "The tests"]
    assert page.startswith(f"# {name}\n\n```text\n{gallery.formula(gallery.entries()[name])}\n")
    assert f"def {name}(" in page
    assert "<svg" in page


def test_the_picture_is_that_of_the_matrix():
    svg = matrix_picture(np.array([[1.0, 0.0], [0.0, -4.0]]))
    assert svg.count("<rect") == 3  # two entries and the frame
    assert 'x="14" y="14" width="14" height="14" fill="#0000ff"' in svg


def test_the_reference_has_everything_that_is_public():
    pages = "".join(reference.room(title, modules) for title, modules in reference.ROOMS.values())
    for name in bp.__all__:
        assert f"\n## {name}\n" in pages or name == "InputError", name
    assert "collections.abc" not in pages
    assert "<function" not in pages


def test_the_reference_of_commands_is_their_help():
    text = reference.commands()
    assert "## train\n" in text
    assert "--checkpoint-every" in text


def test_links_that_lead_nowhere_are_found(tmp_path):
    (tmp_path / "a.html").write_text('<a href="b.html#there">b</a> <a href="gone.html">c</a> <a href="b.html#no">d</a>')
    (tmp_path / "b.html").write_text('<h2 id="there">x</h2> <script src="https://example.org/x.js"></script>')
    found = sorted(faults(tmp_path))
    assert found == [
        "a.html links to b.html#no, a heading that is not there",
        "a.html links to gone.html, which is not there",
        "b.html loads https://example.org/x.js from the network",
    ]


def test_the_navigation_names_every_page_of_the_docs():
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for path in (ROOT / "docs").rglob("*.md"):
        assert f": {path.relative_to(ROOT)}\n" in navigation, path
