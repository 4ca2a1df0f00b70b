# SPDX-License-Identifier: MIT
"""`glovebox films-config`: what minidlna reads when it starts (minidlna.conf(5))."""

from __future__ import annotations

import argparse
import errno
import uuid
from collections.abc import Sequence
from pathlib import Path

from appliance import files, service
from appliance.errors import DiskFullError, InputError, PrivilegeError
from appliance.films import watch
from appliance.films.links import DIRECTORY, FILMS
from appliance.host import links
from appliance.service import Running
from appliance.settings.sections.media import MediaConfig

USER = "glovebox-films"
DATABASE = DIRECTORY / "database"
PORT = 8200
# Players find the server when they start; this is for those that sleep through its first word.
ANNOUNCE_S = 120
# What the firewall lets in, of one host and of all. Beyond what minidlna takes, its main process
# sends films itself and answers nobody meanwhile; and it takes idle connections without end.
MOST_BY_HOST, MOST_IN_ALL = 12, 60
MOST_CONNECTIONS = 64
LETTERS = {"video": "V", "audio": "A", "pictures": "P"}
NAMESPACE = uuid.UUID("6b1f2f0e-8a0c-4a57-9d5e-6a1d0c0ffee8")
SERIAL = Path("/proc/device-tree/serial-number")

DESCRIPTION = """\
Write minidlna's configuration for the settings in force; where they switch films off, remove it:
without it, the server does not start."""
EPILOG = """\
exit status: 0 done; 2 bad usage or no such folder; 4 the file may not be written; 7 no space."""


def render(settings: MediaConfig, identity: uuid.UUID, directory: Path = DIRECTORY) -> str:
    """Return minidlna.conf; `identity` is what players know this machine by."""
    kinds = "".join(LETTERS[kind] for kind in settings.kinds)
    lines = {
        "port": PORT,
        "friendly_name": settings.name,
        "uuid": identity,
        "media_dir": f"{kinds},{directory / FILMS.name}",
        "db_dir": directory / DATABASE.name,
        "log_dir": directory / DATABASE.name,
        "root_container": "B" if settings.folders else ".",
        "notify_interval": ANNOUNCE_S,
        "max_connections": MOST_CONNECTIONS,
        "inotify": "yes",
        # The links of FILMS lead out of it. What is plugged in is mounted with nosymfollow, so that
        # no link of a stick leads anywhere.
        "wide_links": "yes",
        "strict_dlna": "no",
        "enable_tivo": "no",
    }
    return "".join(f"{key}={value}\n" for key, value in lines.items())


def identity(serial: Path = SERIAL, interfaces: Path = links.INTERFACES) -> uuid.UUID:
    """Return what stays the same over reboots: of a Pi its serial number, else the first MAC.

    minidlna itself would take the MAC of any interface, even one that is made anew at each boot.
    """
    try:
        return uuid.uuid5(NAMESPACE, serial.read_text(encoding="ascii").strip("\0\n"))
    except (OSError, UnicodeDecodeError):
        known = (links.mac_address(card, interfaces) for card in links.cards(interfaces))
        return uuid.uuid5(NAMESPACE, next(filter(None, known), b"").hex(":") or "no card")


def main(argv: Sequence[str]) -> int:
    """Write the configuration; `--help` tells the exit statuses."""
    parser = argparse.ArgumentParser(
        prog="glovebox films-config", description=DESCRIPTION, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument(
        "--directory", type=Path, default=DIRECTORY, help="where to write (%(default)s)"
    )
    return service.run("films-config", parser, argv, _configure, once=True)


def _configure(running: Running) -> int:
    settings = running.settings.media
    file = running.arguments.directory / watch.CONFIGURATION
    if settings.enabled:
        _write(file, render(settings, identity()))
    else:
        file.unlink(missing_ok=True)
    return 0


def _write(file: Path, text: str) -> None:
    try:
        files.write_whole(file, text, 0o644)
    except PermissionError as error:
        raise PrivilegeError(f"{file}: may not be written; be {USER}") from error
    except OSError as error:
        kind = DiskFullError if error.errno == errno.ENOSPC else InputError
        raise kind(f"{file}: {error.strerror}") from error
