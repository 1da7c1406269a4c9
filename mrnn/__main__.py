"""The command line: python -m mrnn train|evaluate|generate|sweep|runs|bench."""

import argparse
from collections.abc import Sequence
from typing import NoReturn

from mrnn.commands import bench, runs, sweep, train, use


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # One line, without the usage: what is wrong should not drown in it.
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; bad arguments end with one line and exit status 2."""
    parser = command_parser()
    asked = parser.parse_args(arguments)
    try:
        asked.run(asked)
    except (ValueError, FloatingPointError, OSError) as error:
        message = " ".join(str(error).split())
    except (MemoryError, RuntimeError) as error:
        # torch has no type of its own for memory that the processor's side refuses.
        if isinstance(error, RuntimeError) and "memory" not in str(error):
            raise
        message = f"the memory of this machine does not suffice: {' '.join(str(error).split())[:200]}"
    else:
        return
    parser.exit(2, f"{parser.prog} {asked.command}: {message}\n")


def command_parser() -> argparse.ArgumentParser:
    """What understands the command line."""
    parser = _Parser(prog="python -m mrnn", description="Markov recurrent neural networks")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in train, sweep, runs, use, bench:
        command.add(commands)
    return parser


if __name__ == "__main__":
    main()
