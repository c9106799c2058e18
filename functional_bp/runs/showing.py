"""What a person sees of a run in the terminal."""

import sys
from typing import Any

import numpy as np
from tqdm import tqdm

from functional_bp.training.loop import Report
from functional_bp.training.metrics import table


class Progress:
    """A bar on stderr, with the steps, their rate, the time left, loss and accuracy."""

    def __init__(self, steps: int, done: int, quiet: bool) -> None:
        self.bar = tqdm(total=steps, initial=done, unit="step", disable=quiet, file=sys.stderr, dynamic_ncols=True)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: Any) -> None:
        self.bar.close()

    def show(self, report: Report) -> None:
        loss, accuracy = report["loss"], report["validation_accuracy"]
        self.bar.set_postfix_str(f"loss {loss:.4f}, held-out accuracy {accuracy:.4f}", refresh=False)
        self.bar.update(int(report["step"]) - self.bar.n)


def print_differences(differences: dict[str, float]) -> None:
    print("hand-derived gradient of the first batch against jax.grad, in float64:")
    for layer, difference in differences.items():
        print(f"  layer {layer:<20} largest relative difference {difference:.1e}")


def print_results(found: dict[str, Any], classes: tuple[str, ...]) -> None:
    confusion = np.array(found["confusion"])
    print(f"confusion matrix of the {confusion.sum()} held-out rows (true class down, predicted across):")
    print(table(confusion, classes))
    print(f"train accuracy {found['train_accuracy']:.4f}")
    print(f"test accuracy  {found['test_accuracy']:.4f}")
