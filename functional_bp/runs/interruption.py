"""Ctrl-C, SIGTERM and SIGHUP: the first lets a run finish its step and save, the second ends it at once.

A thread waits for signals, so that they are seen while Python itself waits for a compiler or a device.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
END = b"\0"
SAME = 0.3  # seconds: `timeout` signals a process, and then its group


class Interrupted(Exception):
    """A run that has stopped because it was told to, with all that it has done saved."""


class Interruption:
    """A context. Outside of `patiently` the first signal ends the process at once, with `message` and exit code
    128 + its number; inside, `number` tells that it came, and the second does so."""

    def __init__(self) -> None:
        self.number, self.since, self.patient, self.message = 0, 0.0, False, "nothing was made"
        self.before: dict[int, Any] = {}

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():  # signals can be had nowhere else
            self.reader, self.writer = os.pipe()
            os.set_blocking(self.writer, False)
            self.wakeup = signal.set_wakeup_fd(self.writer, warn_on_full_buffer=False)
            self.before = {number: signal.getsignal(number) for number in SIGNALS}
            self.renew()
            self.thread = threading.Thread(target=self.watch, name="signals", daemon=True)
            self.thread.start()
        return self

    def __exit__(self, *error: Any) -> None:
        if self.before:
            signal.set_wakeup_fd(self.wakeup)
            for number, handler in self.before.items():
                signal.signal(number, signal.SIG_DFL if handler is None else handler)
            os.write(self.writer, END)
            self.thread.join()
            os.close(self.reader)
            os.close(self.writer)

    def renew(self) -> None:
        """Again the one to whom signals come, after a library has taken them. Those that were ignored stay so."""
        for number, handler in self.before.items():
            if handler != signal.SIG_IGN:
                signal.signal(number, lambda number, frame: None)

    def watch(self) -> None:
        while (byte := os.read(self.reader, 1)) != END:
            if byte[0] in SIGNALS:
                self.came(byte[0])

    def came(self, number: int) -> None:
        now = time.monotonic()
        if self.number and now - self.since < SAME:
            return
        self.since = now
        if self.number or not self.patient:
            tell("stopped at once" if self.number else f"stopped; {self.message}")
            os._exit(128 + number)
        self.number = number
        tell("stopping after this step; once more to stop at once")

    @contextmanager
    def patiently(self) -> Iterator[None]:
        self.patient = True
        try:
            yield
        finally:
            self.patient = False


def tell(message: str) -> None:
    """Written as it is: Python's own streams may be in use."""
    with suppress(OSError):  # no one listens
        os.write(2, f"\nfunctional-bp train: {message}\n".encode(errors="backslashreplace"))
