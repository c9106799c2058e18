"""A text as windows of tokens, each with the token that follows it."""

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from functional_bp.errors import InputError
from functional_bp.training.data.labelled import Data
from functional_bp.training.regular import open_regular

BUNDLED = Path(__file__).with_name("coriolanus.txt")
LONGEST = 1 << 30
MOST_CHARACTERS = 4096


class Text(NamedTuple):
    """The tokens of a text as numbers, and the character that each number stands for; a byte is that of Latin-1."""

    tokens: Int[np.ndarray, " n"]
    alphabet: tuple[str, ...]
    content: str


def read_text(path: str | None, as_bytes: bool) -> Text:
    """The text in a file, the bundled one if None. Raises InputError where it can't be read or is no text in UTF-8."""
    where = BUNDLED if path is None else Path(path)
    try:
        with open_regular(where) as file:
            content = file.read(LONGEST + 1)
    except OSError as error:
        raise InputError(f"cannot read {where}: {error.strerror}") from error
    if len(content) > LONGEST:
        raise InputError(f"{where}: expected at most {LONGEST} bytes")
    try:
        text = content.decode("latin-1" if as_bytes else "utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: byte {error.start} is no UTF-8; --tokens bytes takes any file") from error
    codes = np.frombuffer(text.encode("utf-32-le"), "<u4")
    distinct, tokens = np.unique(codes, return_inverse=True)
    if len(distinct) < 2 or len(distinct) > MOST_CHARACTERS:
        most = f"2 to {MOST_CHARACTERS} different characters"
        raise InputError(f"{where}: expected {most}, found {len(distinct)}; --tokens bytes takes any text")
    alphabet = tuple(map(chr, distinct.tolist()))
    return Text(tokens.astype(np.int32), alphabet, hashlib.sha256(content).hexdigest())


def windows(tokens: Int[np.ndarray, " n"], length: int) -> Data:
    """The tokens, `length` a row, and for each the one that follows; what fills no row at the end is left out."""
    rows = (len(tokens) - 1) // length
    return Data(tokens[: rows * length].reshape(rows, length), tokens[1 : rows * length + 1].reshape(rows, length))


def encoded(text: str, alphabet: tuple[str, ...]) -> Int[np.ndarray, " n"]:
    """Raises InputError for a character that the alphabet has not."""
    place = {character: k for k, character in enumerate(alphabet)}
    for character in text:
        if character not in place:
            raise InputError(f"the character {character!r} does not occur in the text that was learnt")
    return np.array([place[character] for character in text], np.int32)


def decoded(tokens: Int[np.ndarray, " n"], alphabet: tuple[str, ...], as_bytes: bool) -> str:
    text = "".join(alphabet[k] for k in np.asarray(tokens).tolist())
    return text.encode("latin-1").decode("utf-8", "replace") if as_bytes else text
