"""A matrix as an SVG: one square an entry, none where it is 0."""

import numpy as np

CELL, LARGEST = 14, 420


def matrix_picture(matrix: np.ndarray) -> str:
    """Blue is negative, red positive; the deeper the larger, on a square-root scale."""
    rows, columns = matrix.shape
    cell = max(2, min(CELL, LARGEST // max(rows, columns)))
    most = float(np.abs(matrix).max()) or 1.0
    squares = "".join(
        f'<rect x="{j * cell}" y="{i * cell}" width="{cell}" height="{cell}" fill="{colour(float(value) / most)}"/>'
        for (i, j), value in np.ndenumerate(matrix)
        if value
    )
    width, height = columns * cell, rows * cell
    frame = f'<rect width="{width}" height="{height}" fill="none" stroke="#888"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="the Jacobian">{squares}{frame}</svg>'
    )


def colour(value: float) -> str:
    """−1 is blue, 1 red."""
    pale = round(235 * (1 - abs(value) ** 0.5))
    return f"#{255 if value > 0 else pale:02x}{pale:02x}{255 if value < 0 else pale:02x}"
