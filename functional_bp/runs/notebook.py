"""A trained network as a notebook shows it."""

import base64
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from functional_bp.errors import InputError
from functional_bp.runs.pictures import confusion, curves, png_of
from functional_bp.terminal import printable

if TYPE_CHECKING:
    from functional_bp.runs.loading import Trained


def html(trained: "Trained") -> str:
    """Its line and, where they can be drawn, the curves and the confusion matrix."""
    pictures = [partial(curves, reports=trained.reports)]
    if trained.result and trained.facts.classes:
        counts = np.array(trained.result["confusion"])
        pictures.append(partial(confusion, counts=counts, classes=trained.facts.classes))
    try:
        drawn = "".join(image(png_of(picture)) for picture in pictures)
    except InputError:  # without matplotlib
        drawn = ""
    return f"<div><p>{escape(printable(repr(trained)))}</p>{drawn}</div>"


def image(png: bytes) -> str:
    return f'<img style="display:inline" width="45%" src="data:image/png;base64,{base64.b64encode(png).decode()}">'
