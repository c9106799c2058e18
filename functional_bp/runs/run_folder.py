"""What a run leaves behind: config.json (how to do it again), metrics.jsonl (each report), params (the result)."""

import csv
import io
import json
from pathlib import Path
from typing import Any

from functional_bp.errors import InputError
from functional_bp.runs.config import Config, from_json, to_json
from functional_bp.training.saving.archive import one_line, write_atomically
from functional_bp.training.saving.stores import Store

FORMAT = 1
RESULT = ("stopped", "steps", "seconds", "confusion", "train_accuracy", "test_accuracy", "run")


class RunFolder:
    """A folder of one run; each of its files is whole at every moment.

    Of many processes that run together one alone has `writes`; in the others what would write does nothing.
    """

    def __init__(self, path: str | Path, writes: bool = True) -> None:
        self.path, self.writes = Path(path), writes
        self.config, self.metrics, self.result, self.checkpoints, self.board = (
            self.path / name for name in ("config.json", "metrics.jsonl", "result.json", "checkpoints", "tensorboard")
        )

    def create(self, config: Config) -> None:
        """Makes the folder. Raises InputError if it cannot be written or has anything in it."""
        if not self.writes:
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            taken = any(self.path.iterdir())
        except OSError as error:
            raise InputError(f"cannot write the run folder {self.path}: {error.strerror}") from error
        if taken:
            raise InputError(f"the run folder {self.path} is not empty: choose another with --out")
        self.save_config(config)

    def save_config(self, config: Config) -> None:
        if self.writes:
            write_json(self.config, {"format": FORMAT} | to_json(config))

    def begin_metrics(self, reports: list[dict[str, int | float]]) -> None:
        """metrics.jsonl with these reports and no others: what came after them will come again."""
        if not self.writes:
            return
        text = "".join(json.dumps(report) + "\n" for report in reports)
        write_atomically(self.metrics, lambda file: file.write(text.encode()))

    def add_report(self, report: dict[str, int | float]) -> None:
        if not self.writes:
            return
        try:
            with open(self.metrics, "a", encoding="utf-8") as file:
                file.write(json.dumps(report) + "\n")
        except OSError as error:
            raise InputError(f"cannot write {self.metrics}: {error.strerror}") from error

    def finish(self, params: Any, store: Store, result: dict[str, Any], reports: list[dict[str, int | float]]) -> None:
        """params as they are stored, metrics.csv and, as the last, result.json: where it is, the run is over."""
        store.save(self.params(store), params)
        store.wait()
        if not self.writes:
            return
        table = io.StringIO()
        writer = csv.DictWriter(table, reports[-1].keys())
        writer.writeheader()
        writer.writerows(reports)
        write_atomically(self.path / "metrics.csv", lambda file: file.write(table.getvalue().encode()))
        write_json(self.result, result)

    def params(self, store: Store) -> Path:
        return self.path / f"params{store.ending}"

    def load_params(self, like: Any, store: Store) -> Any:
        path = self.params(store)
        if not path.exists():
            raise InputError(f"{self.path}: {path.name} is missing: the run did not finish")
        return store.open(path).read(like)

    def load_config(self) -> Config:
        """The options in config.json. Raises InputError where they are not those of a run."""
        if not self.path.is_dir():
            raise InputError(f"{self.path} is no run folder: there is no such folder")
        config = read_json(self.config)
        if not isinstance(config, dict) or config.get("format") != FORMAT:
            raise InputError(f"{self.config}: expected an object with format {FORMAT}")
        del config["format"]
        return from_json(config, str(self.config))

    def load_reports(self) -> list[dict[str, int | float]]:
        try:
            return [json.loads(line) for line in self.metrics.read_text(encoding="utf-8").splitlines()]
        except (OSError, ValueError) as error:
            raise InputError(f"{self.metrics} cannot be read: {one_line(error)}") from error

    def load_result(self) -> dict[str, Any] | None:
        """What `finish` wrote; None of a run that is not over."""
        if not self.result.exists():
            return None
        result = read_json(self.result)
        for name in RESULT:
            if not isinstance(result, dict) or name not in result:
                raise InputError(f"{self.result}: expected an object with {', '.join(RESULT)}; {name} is missing")
        return result


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
