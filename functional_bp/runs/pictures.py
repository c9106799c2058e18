"""Pictures of a finished run in its folder: the curves, what was found on the test part, the first layer's weights."""

import io
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from functional_bp.errors import InputError
from functional_bp.runs.board import Board
from functional_bp.runs.experiment import Experiment
from functional_bp.runs.regression import Regression
from functional_bp.runs.run_folder import RunFolder
from functional_bp.terminal import printable
from functional_bp.training.saving.archive import write_atomically
from functional_bp.training.saving.reports import Report
from functional_bp.training.saving.stores import Store

MOST_UNITS = 64
MOST_WRITTEN = 30  # classes: more numbers could not be read
MOST_LETTERS = 14
Picture = Callable[[Any], None]  # draws into a figure of matplotlib


def draw(folder: RunFolder, of: Experiment, store: Store) -> None:
    """Writes curves.png, confusion.png (of regression predicted.png) and weights.png.

    All processes must call it: together they read the parameters, and one writes. Raises InputError without
    matplotlib.
    """
    figures()
    params = folder.load_params(of.shapes().params, store)
    if not folder.writes:
        return
    result = folder.load_result() or {}
    pictures = pictures_of(of, params, result, folder.load_reports())
    for name, picture in pictures.items():
        png = png_of(picture)
        write_atomically(folder.path / f"{name}.png", partial(write, png))
    if of.config.tensorboard:
        with Board(folder.board / "pictures") as board:
            for name in pictures:
                board.picture(name, (folder.path / f"{name}.png").read_bytes(), result["steps"])


def pictures_of(of: Experiment, params: Any, result: dict[str, Any], reports: list[Report]) -> dict[str, Picture]:
    found: dict[str, Picture] = {"curves": lambda figure: curves(figure, reports)}
    if isinstance(of.of, Regression):
        _, predicted = of.of.predicted(of.network, params)
        found["predicted"] = lambda figure: against(figure, of.of.test.labels, predicted, result["test_r2"])
    else:
        found["confusion"] = lambda figure: confusion(figure, np.array(result["confusion"]), of.of.facts.classes)
    return found | {"weights": lambda figure: weights(figure, np.asarray(params[0].W))}


def figures() -> Any:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError("--plots needs matplotlib: pip install 'functional-bp[plots]'") from error
    return Figure


def png_of(picture: Picture) -> bytes:
    figure, file = figures()(layout="constrained"), io.BytesIO()
    picture(figure)
    figure.savefig(file, format="png", dpi=120)
    return file.getvalue()


def write(png: bytes, file: Any) -> None:
    file.write(png)


def curves(figure: Any, reports: list[Report]) -> None:
    """Loss and accuracy (or error) over whole epochs."""
    from matplotlib.ticker import MaxNLocator

    above, below = figure.subplots(2, sharex=True)
    epochs = [report["epoch"] for report in reports]
    mark = "o" if len(reports) == 1 else None
    for name, label in (("loss", "training"), ("validation_loss", "held out")):
        above.plot(epochs, [report[name] for report in reports], label=label, marker=mark)
    above.set(ylabel="loss", yscale="log")
    above.legend()
    measure = next(name for name in ("accuracy", "error") if f"validation_{name}" in reports[0])
    below.plot(epochs, [report[f"validation_{measure}"] for report in reports], color="C1", marker=mark)
    below.set(xlabel="epoch", ylabel=f"held-out {measure}")
    below.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axis in (above, below):
        axis.grid(alpha=0.3)


def confusion(figure: Any, counts: np.ndarray, classes: tuple[str, ...]) -> None:
    """Counts, coloured by their share of the true class; what is dark has white numbers."""
    axis, n = figure.subplots(), len(classes)
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    image = axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(image, label="share of the true class")
    for i, j in np.argwhere(counts) if n <= MOST_WRITTEN else ():
        colour = "white" if share[i, j] > 0.5 else "black"
        axis.text(j, i, counts[i, j], ha="center", va="center", fontsize=max(4, 9 - n // 6), color=colour)
    accuracy = np.trace(counts) / max(1, counts.sum())
    axis.set(xlabel="predicted", ylabel="true", title=f"{accuracy:.1%} of {counts.sum()} right")
    if n <= MOST_WRITTEN:
        names = [shortened(name) for name in classes]
        turn = 0 if max(map(len, names)) <= 3 else 90
        axis.set_xticks(range(n), names, rotation=turn)
        axis.set_yticks(range(n), names)


def shortened(name: str) -> str:
    """As matplotlib takes it: no control characters, and no dollar that would begin a formula."""
    text = printable(name).replace("$", r"\$").replace("\n", " ")
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"


def against(figure: Any, true: np.ndarray, predicted: np.ndarray, r2: float) -> None:
    """What was predicted against what is true, both standardised; on the diagonal it is right."""
    axis = figure.subplots()
    ends = [min(true.min(), predicted.min()), max(true.max(), predicted.max())]
    axis.plot(ends, ends, color="grey", linewidth=1)
    for k in range(true.shape[1]):
        axis.plot(true[:, k], predicted[:, k], ".", markersize=4, alpha=0.6)
    axis.set(xlabel="true (standardised)", ylabel="predicted", title=f"R² {r2:.4f}")


def weights(figure: Any, W: np.ndarray) -> None:
    """Each row of W as an image, if the instances are square images; else W itself."""
    side = round(W.shape[1] ** 0.5)
    most = np.abs(W).max() or 1.0
    if side * side != W.shape[1] or side < 4:
        axis = figure.subplots()
        image = axis.imshow(W, cmap="RdBu", aspect="auto", vmin=-most, vmax=most)
        axis.set(xlabel="input", ylabel="unit", title="weights of the first layer")
        figure.colorbar(image)
        return
    rows = W[:MOST_UNITS]
    across = int(np.ceil(len(rows) ** 0.5))
    figure.suptitle(f"weights of the first layer's {'units' if len(rows) == len(W) else f'first {len(rows)} units'}")
    for axis in figure.subplots(-(-len(rows) // across), across, squeeze=False).flat:
        axis.axis("off")
    for axis, row in zip(figure.axes, rows, strict=False):
        axis.imshow(row.reshape(side, side), cmap="RdBu", vmin=-most, vmax=most)
