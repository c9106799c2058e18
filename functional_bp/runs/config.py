"""Every option of a run, once: what the command line takes, what config.json keeps, what is checked of both."""

import argparse
from dataclasses import Field, asdict, dataclass, field, fields
from typing import Any

from functional_bp.errors import InputError

EPOCHS, BATCH = 40, 32
LARGEST = 2**31 - 1  # of any whole number, as steps are counted in 32 bits


def option(default: Any, help: str, least: int | float | None = None, most: int | float | None = None) -> Any:
    return field(default=default, metadata={"help": help, "least": least, "most": most})


@dataclass(frozen=True)
class Config:
    """The options of a run. Equal ones give equal bits on equal devices, wherever the run is interrupted."""

    task: str = option("ten", 'ten (digits or other classes), two ("2 or not 2"), eleven (digits or none), regression')
    data: str | None = option(None, "IDX, .npz, .npy or .csv files to learn instead of the bundled digits")
    target: str | None = option(None, "the column of a CSV that is learnt; if not given, target, label, class or y")
    error: str = option("squared", "of --task regression: squared or absolute")
    class_weights: str | None = option(None, 'what each class counts: balanced, or numbers as "1,2.5"')
    split: str = option("stratified", "held-out quarter: stratified (drawn by the seed) or ordered (the last rows)")
    validation: float = option(0.0, "part of the training rows that reports are on, instead of the test", 0, 0.9)
    hidden: tuple[int, ...] = option((64, 32), 'units of the hidden layers, as 64,32; "" for none')
    activation: str = option("relu", "of the hidden layers: relu, tanh, sigmoid …")
    dropout: float = option(0.0, "probability with which a hidden unit is left out", 0, 0.99)
    compute: str = option("float32", "dtype of the products: float32, or bfloat16 with parameters in float32")
    optimizer: str = option("adam", "any of optax by its name: adam, sgd, rmsprop …")
    rate: float = option(1e-3, "learning rate η")
    schedule: str = option("constant", "of η: constant, or linear or cosine to 0 at the end")
    clip: float | None = option(None, "largest norm of the gradient", 0)
    weight_decay: float = option(0.0, "λ of the weight decay", 0)
    max_norm: float | None = option(None, "largest norm of a unit's incoming weights", 0)
    batch: str | None = option(None, f'rows a step: a number, or "all"; default {BATCH}, or all if they are fewer')
    epochs: int | None = option(None, f"passes through the data, {EPOCHS} without --steps; the earlier end counts", 1)
    steps: int | None = option(None, "steps", 1)
    slots: int | None = option(None, "parts of a batch, summed in one order on any devices: 2, 4, 8 …", 1)
    tolerance: float | None = option(None, "stop when an epoch's loss is this near to that of the one before", 0)
    patience: int | None = option(None, "stop when the loss has not fallen for so many reports; keep the best", 1)
    overfit: bool = option(False, "learn nothing but the first batch: a network that cannot has a fault")
    report_every: int | None = option(None, "steps between reports; if not given, an epoch, at most 100 reports", 1)
    gradient_norms: bool = option(False, "report the norm of each layer's gradient")
    tensorboard: bool = option(False, "also write the reports, and the pictures of --plots, for TensorBoard")
    checkpoint_every: int | None = option(
        None, "steps between checkpoints, from which --resume continues; Ctrl-C makes one", 1
    )
    checkpoints: str = option("npz", "how they are written: npz (whole), or orbax (in shards, while training goes on)")
    keep: int = option(3, "how many of the newest checkpoints stay", 1)
    verify_every: int | None = option(None, "steps between comparisons with jax.grad; the run stops if they part", 1)
    time_limit: float | None = option(None, "seconds after which the run stops at its next report", 0)
    memory: int = option(1024, "MiB: data above it is not held on the device but read as needed", 0)
    seed: int = option(0, "of the weights, the order of the rows and what is held out", 0, 2**32 - 1)


def add_options(parser: argparse.ArgumentParser) -> None:
    for entry in fields(Config):
        flag, default = option_name(entry.name), "none" if entry.default is None else shown(entry.default)
        if entry.type is bool:
            parser.add_argument(flag, action="store_true", help=entry.metadata["help"])
        else:
            parser.add_argument(flag, metavar="X", help=f"{entry.metadata['help']}; default {default}")


def from_options(args: argparse.Namespace) -> Config:
    """Raises InputError for a value that is not of its option's kind."""
    given = {entry: getattr(args, entry.name) for entry in fields(Config)}
    return checked({entry.name: parsed(entry, text) for entry, text in given.items() if text not in (None, False)})


def from_python(options: dict[str, Any]) -> Config:
    """Options as Python writes them: `hidden` may be a list, `batch` a number. Raises InputError as the others do."""
    names = [entry.name for entry in fields(Config)]
    for name in options.keys() - set(names):
        raise InputError(f"unknown option {name}: expected one of {', '.join(names)}")
    given = {name: as_tuple(value) for name, value in options.items()}
    if "batch" in given:
        given["batch"] = str(given["batch"])
    return checked(given)


def given_options(args: argparse.Namespace) -> list[str]:
    return [option_name(e.name) for e in fields(Config) if getattr(args, e.name) not in (None, False)]


def from_json(entries: dict[str, Any], where: str) -> Config:
    """Raises InputError for an entry that is missing, unknown, or not of its kind."""
    names = [entry.name for entry in fields(Config)]
    for name in sorted(entries.keys() ^ set(names)):
        raise InputError(f"{where}: {name} is {'unknown' if name in entries else 'missing'}")
    entries = entries | {"hidden": as_tuple(entries["hidden"])}
    try:
        return checked(entries)
    except InputError as error:
        raise InputError(f"{where}: {error}") from error


def to_json(config: Config) -> dict[str, Any]:
    return asdict(config) | {"hidden": list(config.hidden)}


def parsed(entry: Field, text: Any) -> Any:
    if isinstance(text, bool) or str in kinds(entry):
        return text
    try:
        return tuple(int(u) for u in text.split(",") if text) if entry.name == "hidden" else kinds(entry)[0](text)
    except ValueError as error:
        raise InputError(f"{option_name(entry.name)} must be {expected(entry)}, got {text!r}") from error


def checked(entries: dict[str, Any]) -> Config:
    values = {}
    for entry in fields(Config):
        if entry.name in entries:
            value = entries[entry.name]
            check(entry, value)
            values[entry.name] = float(value) if float in kinds(entry) and type(value) is int else value
    return Config(**values)


def check(entry: Field, value: Any) -> None:
    """Raises InputError for a value of another type than the option's, or out of its bounds."""
    least, most = entry.metadata["least"], entry.metadata["most"]
    is_kind = type(value) in kinds(entry) or (float in kinds(entry) and type(value) is int)
    if not is_kind or (isinstance(value, tuple) and not all(type(units) is int for units in value)):
        raise InputError(f"{option_name(entry.name)} must be {expected(entry)}, got {value!r}")
    if isinstance(value, tuple) and max(value, default=0) > LARGEST:
        raise InputError(f"{option_name(entry.name)} must be at most {LARGEST} units each, got {max(value)}")
    if value is None or isinstance(value, bool) or not isinstance(value, int | float):
        return
    if isinstance(value, int) and value > LARGEST and most is None:
        raise InputError(f"{option_name(entry.name)} must be at most {LARGEST}, got {value}")
    if value != value or (least is not None and value < least) or (most is not None and value > most):
        bounds = "a number" if least is None else f"at least {least}" if most is None else f"from {least} to {most}"
        raise InputError(f"{option_name(entry.name)} must be {bounds}, got {value}")


def kinds(entry: Field) -> tuple[Any, ...]:
    """The types of an option's values, the one that is parsed first."""
    if entry.name == "hidden":
        return (tuple,)
    of_union: Any = getattr(entry.type, "__args__", (entry.type,))
    return of_union


def expected(entry: Field) -> str:
    names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false", tuple: "as 64,32"}
    return " or ".join(names[kind] for kind in kinds(entry) if kind in names)


def option_name(name: str) -> str:
    return "--" + name.replace("_", "-")


def shown(default: Any) -> str:
    return ",".join(map(str, default)) if isinstance(default, tuple) else str(default)


def as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
