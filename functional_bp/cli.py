"""The command line: `functional-bp COMMAND …`. Each command is a module of `functional_bp.commands`.

A command module has HELP, add_arguments(parser) and run(args); it imports JAX or SymPy only inside `run`, so that
`functional-bp --help` answers at once.
"""

import argparse
import os
import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import NoReturn

import functional_bp.commands
from functional_bp.errors import InputError
from functional_bp.terminal import spell_what_is_missing


def main(arguments: list[str] | None = None) -> int:
    """Runs one command. Exit code 0, what the command gives, or 2 with one line for input that cannot be used."""
    spell_what_is_missing()
    args = parser().parse_args(arguments)
    try:
        code = args.run(args)
        sys.stdout.flush()
        return code
    except InputError as error:
        print(f"functional-bp {args.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader (head, less) has seen enough
        silence()
        return 0
    except OSError as error:  # a full disk, mostly
        print(f"functional-bp {args.command}: {error}", file=sys.stderr)
        silence()
        return 2


def silence() -> None:
    """What could not be written is not tried again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line, as the commands do."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    top = Parser(prog="functional-bp", description="Backpropagation as a chain of explicit Jacobians.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for found in iter_modules(functional_bp.commands.__path__):
        module = import_module(f"functional_bp.commands.{found.name}")
        command = commands.add_parser(found.name, help=module.HELP, description=module.HELP)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return top


if __name__ == "__main__":
    sys.exit(main())
