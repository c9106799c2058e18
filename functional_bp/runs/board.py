"""The reports of a run, and its pictures, as TensorBoard shows them: `tensorboard --logdir RUN`."""

import struct
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from functional_bp.errors import InputError

Report = dict[str, int | float]
FILES = "events.out.tfevents.*"


class Board:
    """A folder with one event file, a context. It is new at every start, with the reports before it, so that nothing is
    there twice when it comes again after an interruption. Raises InputError where it cannot be written."""

    def __init__(self, folder: Path, reports: Sequence[Report] = ()) -> None:
        files, self.summary, self.event = modules()
        try:
            for old in folder.glob(FILES):
                old.unlink()
            self.file = files.EventFileWriter(str(folder))
        except OSError as error:
            raise InputError(f"cannot write {folder}: {error.strerror}") from error
        for report in reports:
            self.report(report)

    def __enter__(self) -> "Board":
        return self

    def __exit__(self, *error: Any) -> None:
        self.file.close()

    def report(self, report: Report) -> None:
        """Each number of it under its name, at its step."""
        step = int(report["step"])
        self.add(step, [{"tag": tag(name), "simple_value": value} for name, value in report.items() if name != "step"])

    def picture(self, name: str, png: bytes, step: int) -> None:
        width, height = struct.unpack(">II", png[16:24])
        image = self.summary.Summary.Image(encoded_image_string=png, width=width, height=height)
        self.add(step, [{"tag": name, "image": image}])

    def add(self, step: int, values: list[dict[str, Any]]) -> None:
        summary = self.summary.Summary(value=[self.summary.Summary.Value(**value) for value in values])
        try:
            self.file.add_event(self.event.Event(wall_time=time.time(), step=step, summary=summary))
            self.file.flush()
        except OSError as error:
            raise InputError(f"cannot write {self.file.get_logdir()}: {error.strerror}") from error


def modules() -> tuple[ModuleType, ModuleType, ModuleType]:
    """Those of TensorBoard that write. Raises InputError where it is not installed."""
    try:
        from tensorboard.compat.proto import event_pb2, summary_pb2
        from tensorboard.summary.writer import event_file_writer
    except ImportError as error:
        raise InputError("--tensorboard needs TensorBoard: pip install 'functional-bp[tensorboard]'") from error
    return event_file_writer, summary_pb2, event_pb2


def tag(name: str) -> str:
    """TensorBoard shows those that are alike before a slash together, as the norms of all layers."""
    return name.replace(" ", "/", 1)
