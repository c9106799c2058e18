"""What a person sees of a run in the terminal."""

import os
import sys
from importlib.util import find_spec
from typing import Any

import numpy as np
from tqdm import tqdm

from functional_bp.terminal import printable
from functional_bp.training.loop import Report
from functional_bp.training.metrics import table

WIDE, MIDDLE = 100, 70  # columns: below, the bar gives way to loss and accuracy
NARROW = "{percentage:3.0f}%{postfix}"
MEASURES = ("accuracy", "error")


class Progress:
    """A bar on stderr, with the steps, their rate, the time left, loss and accuracy."""

    def __init__(self, steps: int, done: int, quiet: bool) -> None:
        if not quiet and in_a_notebook():
            from tqdm.notebook import tqdm as bar

            self.bar = bar(total=steps, initial=done, unit="step")
        else:
            self.bar = tqdm(total=steps, initial=done, unit="step", disable=quiet, file=sys.stderr, dynamic_ncols=True)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: Any) -> None:
        self.bar.close()

    def show(self, report: Report) -> None:
        room = columns()
        self.bar.bar_format = NARROW if room < MIDDLE else None
        name, value = next((n, report[f"validation_{n}"]) for n in MEASURES if f"validation_{n}" in report)
        text = f"loss {report['loss']:.4f}, {'' if room < WIDE else 'held-out '}{name} {value:.4f}"
        self.bar.set_postfix_str(text, refresh=False)
        self.bar.update(int(report["step"]) - self.bar.n)


def in_a_notebook() -> bool:
    """Whether this is a notebook's kernel that can draw a bar; a terminal's bar is good enough without ipywidgets."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell" and find_spec("ipywidgets") is not None


def columns() -> int:
    """Those of the terminal that stderr is, or else of $COLUMNS; without either there is room for all."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        text = os.environ.get("COLUMNS", "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else WIDE


def print_differences(differences: dict[str, float]) -> None:
    print("hand-derived gradient of the first batch against jax.grad, in float64:")
    for layer, difference in differences.items():
        print(f"  layer {layer:<20} largest relative difference {difference:.1e}")


def print_results(found: dict[str, Any], classes: tuple[str, ...], tested_on: str) -> None:
    """Of a classification the confusion matrix and accuracies, of a regression R² and the error."""
    if not classes:
        print_numbers(found, tested_on)
        return
    confusion = np.array(found["confusion"])
    print(f"confusion matrix of the {confusion.sum()} held-out rows (true class down, predicted across):")
    print(printable(table(confusion, classes)))
    width = max(len("train"), len(tested_on))
    for part, name in (("train", "train_accuracy"), (tested_on, "test_accuracy")):
        if name in found:
            print(f"{part} accuracy{' ' * (width - len(part))} {found[name]:.4f}")


def print_numbers(found: dict[str, Any], tested_on: str) -> None:
    if "train_r2" in found:
        print(f"train R² {found['train_r2']:.4f}")
    print(f"{tested_on} R² {found['test_r2']:.4f}")
    print(f"{tested_on} error {found['test_error']:.6g}, in the targets' own unit")
