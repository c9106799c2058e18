"""What a run leaves behind: config.json (how to do it again), metrics.jsonl (each report), params (the result)."""

import csv
import io
import json
import math
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from functional_bp.errors import InputError
from functional_bp.runs.config import Config, from_json, to_json
from functional_bp.runs.facts import Facts
from functional_bp.runs.facts import from_json as facts_from_json
from functional_bp.runs.facts import to_json as facts_to_json
from functional_bp.runs.lock import Lock, is_unused
from functional_bp.training.regular import open_regular, read_text
from functional_bp.training.saving.archive import one_line, remove_partials, write_atomically
from functional_bp.training.saving.reports import Report, checked_report
from functional_bp.training.saving.stores import Store

FORMAT = 1
RESULT = ("stopped", "steps", "seconds", "run")
LONGEST_JSON = 64 << 20
LONGEST_LINE = 1 << 20


class RunFolder:
    """A folder of one run; each of its files is whole at every moment.

    Of many processes that run together one alone has `writes`; in the others what would write does nothing.
    """

    def __init__(self, path: str | Path, writes: bool = True) -> None:
        self.path, self.writes = Path(path), writes
        self.config, self.metrics, self.result, self.checkpoints, self.board = (
            self.path / name for name in ("config.json", "metrics.jsonl", "result.json", "checkpoints", "tensorboard")
        )

    @contextmanager
    def created(self) -> Iterator[None]:
        """A context in which the folder is made and ours. Raises InputError if it cannot be written or has anything in
        it but what a killed process leaves there."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with self.owned():
                if not is_unused(self.path):
                    raise InputError(f"the run folder {self.path} is not empty: choose another with --out")
                self.tidy()
                yield
        except OSError as error:
            raise InputError(f"cannot write the run folder {self.path}: {error.strerror}") from error

    def is_read_only(self) -> bool:
        return not os.access(self.path, os.W_OK)

    def owned(self) -> Lock:
        """A context in which no other process writes into the folder."""
        return Lock(self.path)

    def tidy(self) -> None:
        """Removes what a killed process has left half written. To be called by the owner."""
        for folder in (self.path, self.checkpoints, self.board):
            remove_partials(folder)

    def save_config(self, config: Config, facts: Facts) -> None:
        if self.writes:
            write_json(self.config, {"format": FORMAT, "facts": facts_to_json(facts)} | to_json(config))

    def begin_metrics(self, reports: list[Report]) -> None:
        """metrics.jsonl with these reports and no others: what came after them will come again."""
        if not self.writes:
            return
        text = "".join(json.dumps(report) + "\n" for report in reports)
        write_atomically(self.metrics, lambda file: file.write(text.encode()))

    def add_report(self, report: Report) -> None:
        if not self.writes:
            return
        try:
            with open(self.metrics, "a", encoding="utf-8") as file:
                file.write(json.dumps(report) + "\n")
        except OSError as error:
            raise InputError(f"cannot write {self.metrics}: {error.strerror}") from error

    def finish(self, params: Any, store: Store, result: dict[str, Any], reports: list[Report]) -> None:
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
            how = f"go on with: {self.how_to_go_on()}"
            raise InputError(f"{self.path}: {path.name} is missing: the run did not finish; {how}")
        return store.open(path).read(like)

    def how_to_go_on(self) -> str:
        return f"functional-bp train --resume {shlex.quote(str(self.path))}"

    def load_config(self) -> Config:
        """The options in config.json. Raises InputError where they are not those of a run."""
        config = self.read_config()
        del config["format"]
        config.pop("facts", None)
        return from_json(config, str(self.config))

    def read_config(self) -> dict[str, Any]:
        if not self.path.is_dir():
            raise InputError(f"{self.path} is no run folder: there is no such folder")
        if not self.config.exists() and is_unused(self.path):
            raise InputError(f"{self.config} does not exist: the run had not begun, start it again with --out")
        config = read_json(self.config)
        if not isinstance(config, dict) or config.get("format") != FORMAT:
            raise InputError(f"{self.config}: expected an object with format {FORMAT}")
        return config

    def load_facts(self) -> Facts:
        return facts_from_json(self.read_config().get("facts"), self.config)

    def check_content(self, content: str, data: str | None) -> None:
        """Raises InputError where the data is not that which the run began with."""
        began = self.load_facts().content
        if began != content:
            raise InputError(
                f"{self.path}: the data in {data or 'the library'} is not that of the run: "
                f"its checksum is {content[:12]} …, that of the run {began[:12]} …"
            )

    def load_reports(self) -> list[Report]:
        reports = []
        try:
            with open_regular(self.metrics) as file:
                while line := file.readline(LONGEST_LINE):
                    reports.append(checked_report(json.loads(line)))
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"{self.metrics} cannot be read: {one_line(error)}") from error
        if not reports:
            raise InputError(f"{self.metrics} cannot be read: it is empty")
        return reports

    def load_result(self) -> dict[str, Any] | None:
        """What `finish` wrote; None of a run that is not over."""
        if not self.result.exists():
            return None
        result, facts = read_json(self.result), self.load_facts()
        needed = (*RESULT, *facts.measured, *(["confusion"] if facts.classes else []))
        for name in needed:
            if not isinstance(result, dict) or name not in result:
                raise InputError(f"{self.result}: expected an object with {', '.join(needed)}; {name} is missing")
        check_result(result, facts, self.result)
        return result


def check_result(result: dict[str, Any], facts: Facts, path: Path) -> None:
    """Raises InputError for an entry of another kind than `finish` writes."""
    for name in ("steps", "seconds", *facts.measured):
        least = -math.inf if name.endswith("r2") else 0
        if type(result[name]) not in (int, float) or not least <= result[name] < 2**53:
            raise InputError(f"{path}: expected {name} to be a number, got {result[name]!r}")
    for name in ("stopped", "run"):
        if not isinstance(result[name], str):
            raise InputError(f"{path}: expected {name} to be a text, got {result[name]!r}")
    if facts.classes:
        check_confusion(result["confusion"], len(facts.classes), path)


def check_confusion(rows: Any, classes: int, path: Path) -> None:
    square = isinstance(rows, list) and all(isinstance(row, list) and len(row) == len(rows) for row in rows)
    counts = [count for row in rows for count in row] if square else []
    if not square or len(rows) != classes or not all(type(c) is int and 0 <= c < 2**53 for c in counts):
        raise InputError(f"{path}: expected confusion to be a square of counts")


def write_json(path: Path, content: Any) -> None:
    text = json.dumps(content, indent=2) + "\n"
    write_atomically(path, lambda file: file.write(text.encode()))


def read_json(path: Path) -> Any:
    try:
        return json.loads(read_text(path, LONGEST_JSON))
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist") from error
    except InputError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read: {one_line(error)}") from error
