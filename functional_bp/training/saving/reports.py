"""Reports as they are kept: a number under each name."""

from typing import Any

Report = dict[str, int | float]
NEEDED = ("step", "loss")
LARGEST_STEP = 2**31


def checked_report(found: Any) -> Report:
    """The report itself. Raises ValueError for what is none."""
    if not isinstance(found, dict) or not all(name in found for name in NEEDED):
        raise ValueError(f"expected a report with {', '.join(NEEDED)}")
    for name, value in found.items():
        if type(value) not in (int, float) or (type(value) is int and abs(value) > 2**53):
            raise ValueError(f"expected a report of numbers, {name} is {value!r}")
    if type(found["step"]) is not int or not 0 < found["step"] < LARGEST_STEP:
        raise ValueError(f"expected a report of a step, got {found['step']!r}")
    return found
