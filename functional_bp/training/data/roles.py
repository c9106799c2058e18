"""What an array is, the words in its name say: instances or labels, and of which part."""

import re
from collections.abc import Iterable

from functional_bp.errors import InputError

TRAIN, VALIDATION, TEST = "train", "validation", "test"
PARTS = {
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("validation", "valid", "val", "dev"), VALIDATION),
    **dict.fromkeys(("test", "testing", "t10k"), TEST),
}
KINDS = {
    **dict.fromkeys(("images", "inputs", "features", "x"), "x"),
    **dict.fromkeys(("labels", "targets", "target", "y"), "labels"),
}
ALONE = {"data": "x"}  # where no other word says the kind, as in scikit-learn's data and target
Role = tuple[str, str]


def role(name: str) -> Role | None:
    """(train, validation or test; x or labels); None for a name that says neither or too much."""
    parts, kinds = said(name.lower())
    return (parts.pop() if parts else TRAIN, kinds.pop()) if len(kinds) == 1 and len(parts) <= 1 else None


def said(name: str) -> tuple[set[str], set[str]]:
    """The parts and the kinds that are named. A member of an .npz says it before its file does."""
    file, _, member = name.rpartition("/")
    words = [re.split("[^a-z0-9]+", text) for text in (member, file)]
    if "names" in words[0]:
        return set(), set()
    parts, kinds, alone = (
        [{of[word] for word in text if word in of} for text in words] for of in (PARTS, KINDS, ALONE)
    )
    return parts[0] or parts[1], kinds[0] or alone[0] or kinds[1] or alone[1]


def check_shards(names: Iterable[str], where: str) -> None:
    """Arrays of one role are shards: their names differ in their numbers alone. Raises InputError otherwise."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(re.sub(r"\d+", "#", name), name)
    if len(first) > 1:
        one, other, *_ = first.values()
        raise InputError(
            f"{where}: {one} and {other} would both be of this part: "
            "name arrays train, validation or test, and number shards"
        )
