"""The bundled digits, and what is no digit."""

from pathlib import Path

import numpy as np

from functional_bp.training.data.labelled import Data

DIGITS = Path(__file__).with_name("digits.npz")
NEGATIVES_LABEL = 10


def digits() -> Data:
    """1,797 digits of 8×8 pixels in [0, 1]; see DIGITS.md for their source and licence."""
    with np.load(DIGITS) as file:
        images, labels = file["images"], file["labels"]
    return Data(images.reshape(len(images), -1).astype(np.float32) / 16, labels.astype(np.int32))


def with_negatives(data: Data, seed: int) -> Data:
    """The digits and, labelled "none of the above", one made image for every ten.

    A negative is a digit whose pixels have changed places: half of them all 64 at random, half the quadrants of the
    image crosswise. It has the grey values of a digit and the shape of none.
    """
    random = np.random.default_rng([seed, NEGATIVES_LABEL])
    side = round(data.x.shape[1] ** 0.5)
    source = data.x[random.choice(len(data.x), len(data.x) // 10, replace=False)]
    half = len(source) // 2
    shuffled = random.permuted(source[:half], axis=1)
    crossed = np.roll(source[half:].reshape(-1, side, side), (side // 2, side // 2), (1, 2))
    negatives = np.concatenate([shuffled, crossed.reshape(len(crossed), -1)])
    labels = np.full(len(negatives), NEGATIVES_LABEL, data.labels.dtype)
    return Data(np.concatenate([data.x, negatives]), np.concatenate([data.labels, labels]))
