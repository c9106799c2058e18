"""The command line: `functional-bp COMMAND …`. Each command is a module of `functional_bp.commands`.

A command module has HELP, add_arguments(parser) and run(args); it imports JAX or SymPy only inside `run`, so that
`functional-bp --help` answers at once.
"""

import argparse
import logging
import os
import signal
import sys
import threading
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, NoReturn

import functional_bp.commands
from functional_bp import terminal
from functional_bp.errors import InputError

TRACEBACK = "FUNCTIONAL_BP_TRACEBACK"
FAULT = 1
SHELLS = ("bash", "zsh", "fish")
NO_MEMORY = ("RESOURCE_EXHAUSTED", "out of memory", "can't start new thread", "failed to map segment")


def main(arguments: list[str] | None = None) -> int:
    """Runs one command. Exit code 0, what the command gives, or 2 with one line for input that cannot be used."""
    terminal.prepare()
    args = parser().parse_args(arguments)
    name = f"functional-bp {args.command}"
    with_ctrl_c_as_an_exception()
    with warnings_in_a_line(name):
        try:
            code = args.run(args)
            sys.stdout.flush()
            return code
        except InputError as error:
            return refuse(f"{name}: {error}")
        except KeyboardInterrupt:
            return 130
        except BrokenPipeError:  # the reader (head, less) has seen enough
            silence()
            return 0
        except OSError as error:  # a full disk, mostly
            code = refuse(f"{name}: {error}")
            silence()
            return code
        except Exception as error:
            return failed(name, error)


def with_ctrl_c_as_an_exception() -> None:
    """As Python has it, unless it is ignored: what a command has begun, it ends."""
    if threading.current_thread() is threading.main_thread() and callable(signal.getsignal(signal.SIGINT)):
        signal.signal(signal.SIGINT, signal.default_int_handler)


def refuse(message: str, code: int = 2) -> int:
    terminal.say(message)
    return code


def failed(name: str, error: Exception) -> int:
    """Memory that is not there, in a line; so is a fault of our own, unless its traceback is asked for."""
    text = str(error) or type(error).__name__
    if isinstance(error, MemoryError) or any(words in text for words in NO_MEMORY):
        return refuse(f"{name}: there is not enough memory: {text.splitlines()[0]}")
    if os.environ.get(TRACEBACK):
        raise error
    what = f"{type(error).__name__}: {text}"
    return refuse(f"{name}: this should not happen; {TRACEBACK}=1 shows where it did: {what}", FAULT)


class warnings_in_a_line(logging.Handler):
    """A context in which what the library logs is said as errors are."""

    def __init__(self, name: str) -> None:
        super().__init__(logging.WARNING)
        self.command, self.logger = name, logging.getLogger("functional_bp")

    def __enter__(self) -> None:
        self.logger.addHandler(self)

    def __exit__(self, *error: object) -> None:
        self.logger.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        terminal.say(f"{self.command}: {record.getMessage()}")


def silence() -> None:
    """What could not be written is not tried again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Completion(argparse.Action):
    """Prints what makes a shell complete the command: `functional-bp --print-completion bash >> ~/.bash_completion`."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option: str | None = None) -> None:
        try:
            import shtab
        except ImportError:
            parser.error("--print-completion needs shtab: pip install 'functional-bp[completion]'")
        for command in parsers(parser):
            for action in command._actions:
                if action.type is Path:
                    action.complete = shtab.FILE  # pyright: ignore[reportAttributeAccessIssue]
        print(shtab.complete(parser, values))
        parser.exit()


def parsers(top: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """The parser and those of its commands."""
    found = (action.choices for action in top._actions if isinstance(action, argparse._SubParsersAction))
    return [top, *(parser for choices in found for parser in choices.values())]


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line, as the commands do."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, terminal.one_line(f"{self.prog}: {message}") + "\n")


def parser() -> argparse.ArgumentParser:
    top = Parser(prog="functional-bp", description="Backpropagation as a chain of explicit Jacobians.")
    top.add_argument("--version", action="version", version=f"functional-bp {functional_bp.__version__}")
    top.add_argument("--print-completion", action=Completion, choices=SHELLS, help="print what a shell completes by")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for found in iter_modules(functional_bp.commands.__path__):
        module = import_module(f"functional_bp.commands.{found.name}")
        command = commands.add_parser(found.name, help=module.HELP, description=module.HELP)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return top


if __name__ == "__main__":
    sys.exit(main())
