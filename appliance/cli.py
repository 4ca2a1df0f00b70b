# SPDX-License-Identifier: MIT
"""The `glovebox` command: find the subcommand, run it, turn errors into one line and a status."""

from __future__ import annotations

import errno
import importlib
import io
import os
import sys
from collections.abc import Sequence

from appliance import __version__, areas
from appliance.errors import DiskFullError, GloveboxError

# By name, in the order of the table.
COMMANDS = {command.name: command for command in areas.commands()}
# Old names, which people may have in scripts.
ALIASES = {alias: command.name for command in areas.commands() for alias in command.aliases}


def usage() -> str:
    """Return the overview that `glovebox --help` prints."""
    width = max(map(len, COMMANDS))
    lines = [f"  {each.name:<{width}}  {each.help}" for each in COMMANDS.values()]
    return "\n".join(
        [
            "usage: glovebox COMMAND [OPTION…]",
            "       glovebox --version",
            "",
            *lines,
            "",
            "glovebox COMMAND --help tells more.",
        ]
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit status (see appliance.errors for the statuses)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _open_standard_streams()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows no "…" gets a "?", not a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage())
        return 0 if arguments else 2
    if arguments[0] == "--version":
        print(f"glovebox {__version__}")
        return 0
    command = ALIASES.get(arguments[0], arguments[0])
    if command not in COMMANDS:
        print(f"glovebox: no command '{command}'\n{usage()}", file=sys.stderr)
        return 2
    return _run(command, arguments[1:])


def _open_standard_streams() -> None:
    """Put /dev/null where we were started without stdin, stdout or stderr.

    Otherwise the next file or socket would get that number, and take what is printed.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # Opened gets the lowest number that is free: this one.
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)


def _run(command: str, arguments: list[str]) -> int:
    module = importlib.import_module(COMMANDS[command].module)
    try:
        return int(module.main(arguments))
    except GloveboxError as error:
        print(f"glovebox {command}: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output went away: not an error, but Python would complain at exit.
        _give_stdout_up()
        return 141
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print(f"glovebox {command}: {error.strerror}", file=sys.stderr)
        _give_stdout_up()
        return DiskFullError.exit_status


def _give_stdout_up() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    raise SystemExit(main())
