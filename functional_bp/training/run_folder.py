"""What a run leaves behind: config.json (how to do it again), metrics.jsonl (each report), params.npz (the result)."""

import json
from pathlib import Path
from typing import Any

from functional_bp.errors import InputError
from functional_bp.training.archive import load_tree, one_line, save_tree, write_atomically

FORMAT = 1


class RunFolder:
    """A folder of one run; each of its files is whole at every moment."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.config, self.metrics, self.params = (self.path / f for f in ("config.json", "metrics.jsonl", "params.npz"))

    def create(self, config: dict[str, Any]) -> None:
        """Makes the folder. Raises InputError if it cannot be written or has anything in it."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            taken = any(self.path.iterdir())
        except OSError as error:
            raise InputError(f"cannot write the run folder {self.path}: {error.strerror}") from error
        if taken:
            raise InputError(f"the run folder {self.path} is not empty: choose another with --out")
        write_json(self.config, {"format": FORMAT} | config)

    def add_report(self, report: dict[str, int | float]) -> None:
        try:
            with open(self.metrics, "a", encoding="utf-8") as file:
                file.write(json.dumps(report) + "\n")
        except OSError as error:
            raise InputError(f"cannot write {self.metrics}: {error.strerror}") from error

    def save_params(self, params: Any) -> None:
        save_tree(self.params, params)

    def load_params(self, like: Any) -> Any:
        if not self.params.exists():
            raise InputError(f"{self.path}: params.npz is missing: the run did not finish")
        return load_tree(self.params, like)

    def load_config(self, kinds: dict[str, type | tuple[type, ...]]) -> dict[str, Any]:
        """config.json, with the entries that `kinds` names and of these types. Raises InputError otherwise."""
        if not self.path.is_dir():
            raise InputError(f"{self.path} is no run folder: there is no such folder")
        config = read_json(self.config)
        if not isinstance(config, dict) or config.get("format") != FORMAT:
            raise InputError(f"{self.config}: expected an object with format {FORMAT}")
        for name, kind in kinds.items():
            if not isinstance(config.get(name), kind) or isinstance(config[name], bool):
                raise InputError(f"{self.config}: {name} must be of type {type_name(kind)}, got {config.get(name)!r}")
        return config


def write_json(path: Path, content: Any) -> None:
    text = json.dumps(content, indent=2) + "\n"
    write_atomically(path, lambda file: file.write(text.encode()))


def read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist") from error
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read: {one_line(error)}") from error


def type_name(kind: type | tuple[type, ...]) -> str:
    return " or ".join(k.__name__ for k in (kind if isinstance(kind, tuple) else (kind,)))
