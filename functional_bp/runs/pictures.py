"""Pictures of a finished run in its folder: the curves, the confusion matrix, the weights of the first layer."""

from functools import partial
from typing import Any

import numpy as np

from functional_bp.errors import InputError
from functional_bp.runs.board import Board
from functional_bp.runs.experiment import Experiment
from functional_bp.runs.run_folder import RunFolder
from functional_bp.training.saving.archive import write_atomically
from functional_bp.training.saving.stores import Store

MOST_UNITS = 64


def draw(folder: RunFolder, of: Experiment, store: Store) -> None:
    """Writes curves.png, confusion.png and weights.png. Raises InputError without matplotlib.

    All processes must call it: together they read the parameters, and one writes.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError("--plots needs matplotlib: pip install 'functional-bp[plots]'") from error
    params = folder.load_params(of.shapes().params, store)
    if not folder.writes:
        return
    result = folder.load_result() or {}
    pictures = {
        "curves": lambda figure: curves(figure, folder.load_reports()),
        "confusion": lambda figure: confusion(figure, np.array(result["confusion"]), of.of.classes),
        "weights": lambda figure: weights(figure, np.asarray(params[0].W)),
    }
    for name, picture in pictures.items():
        figure = Figure(layout="constrained")
        picture(figure)
        save = partial(figure.savefig, format="png", dpi=120)
        write_atomically(folder.path / f"{name}.png", save)
    if of.config.tensorboard:
        with Board(folder.board / "pictures") as board:
            for name in pictures:
                board.picture(name, (folder.path / f"{name}.png").read_bytes(), result["steps"])


def curves(figure: Any, reports: list[dict[str, int | float]]) -> None:
    """Loss and accuracy over the epochs."""
    axes = figure.subplots(2, sharex=True)
    for axis, names in zip(axes, (("loss", "validation_loss"), ("validation_accuracy",)), strict=True):
        for name in names:
            axis.plot([report["epoch"] for report in reports], [report[name] for report in reports], label=name)
        axis.legend()
    axes[0].set_yscale("log")
    axes[1].set_xlabel("epoch")


def confusion(figure: Any, counts: np.ndarray, classes: tuple[str, ...]) -> None:
    axis = figure.subplots()
    axis.imshow(np.log1p(counts), cmap="Blues")
    for i, j in np.argwhere(counts):
        axis.text(j, i, counts[i, j], ha="center", va="center", fontsize=7)
    axis.set(xlabel="predicted", ylabel="true", xticks=range(len(classes)), yticks=range(len(classes)))
    axis.set(xticklabels=classes, yticklabels=classes)


def weights(figure: Any, W: np.ndarray) -> None:
    """Each row of W as an image, if the instances are square images; else W itself."""
    side = round(W.shape[1] ** 0.5)
    if side * side != W.shape[1]:
        figure.subplots().imshow(W, cmap="RdBu", aspect="auto")
        return
    rows = W[:MOST_UNITS]
    across = int(np.ceil(len(rows) ** 0.5))
    most = np.abs(rows).max()
    for axis in figure.subplots(-(-len(rows) // across), across, squeeze=False).flat:
        axis.axis("off")
    for axis, row in zip(figure.axes, rows, strict=False):
        axis.imshow(row.reshape(side, side), cmap="RdBu", vmin=-most, vmax=most)
