"""Reasons to stop between two steps. Each takes (report, state) and gives a text to end the run, else None."""

import time
from collections.abc import Sequence
from typing import Any

from functional_bp.training.devices.processes import as_first
from functional_bp.training.loop import Report
from functional_bp.training.step import State


class Patience:
    """Ends the run when the loss has not fallen for `most` reports, and keeps the parameters where it was lowest.

    The loss is the report's `validation_loss`. `past` are the reports of the run before it was interrupted, and
    `params` the best of them, or those that it began with.
    """

    def __init__(self, most: int, past: Sequence[Report] = (), params: Any = None) -> None:
        self.most, self.params = most, params
        self.lowest, self.waited = float("inf"), 0
        for report in past:
            self.count(report)

    def __call__(self, report: Report, state: State) -> str | None:
        if self.count(report):
            self.params = state.params
        return f"no better for {self.most} reports" if self.waited >= self.most else None

    def count(self, report: Report) -> bool:
        """Whether it is the best so far."""
        is_best = report["validation_loss"] < self.lowest
        self.lowest = min(self.lowest, report["validation_loss"])
        self.waited = 0 if is_best else self.waited + 1
        return is_best


class TimeLimit:
    """Ends the run at the first report after `seconds`, or never; `reached` says whether it did.

    Of many processes the first has the clock.
    """

    def __init__(self, seconds: float | None) -> None:
        self.seconds, self.reached = seconds, False
        self.end = float("inf") if seconds is None else time.monotonic() + seconds

    def __call__(self, report: Report, state: State) -> str | None:
        self.reached = self.end < float("inf") and as_first(time.monotonic() >= self.end)
        return f"time limit of {self.seconds:g} s" if self.reached else None
