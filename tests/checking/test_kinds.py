"""The kinds of causes: each is documented, and the table in the docs is made of what they say of themselves."""

from pathlib import Path

from functional_bp.checking.kinds import Kind, table

DOCS = Path(__file__).parents[2] / "docs" / "checking.md"


def test_the_table_in_the_docs_is_the_kinds_own():
    assert table() in DOCS.read_text()


def test_each_says_what_it_means_and_what_to_do():
    for kind in Kind:
        assert kind.meaning
        assert kind.advice
        assert str(kind) == kind.value == f"{kind}"
    assert len({kind.meaning for kind in Kind}) == len(Kind)
