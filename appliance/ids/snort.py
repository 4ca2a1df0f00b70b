"""`glovebox ids-config`: what Snort 2.9 reads when it starts, and the wait until it has started."""

from __future__ import annotations

import argparse
import contextlib
import errno
import logging
import pwd
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from appliance import config, service
from appliance.config import Config, Network
from appliance.errors import ConfigError, DiskFullError, InputError, PrivilegeError
from appliance.ids import marker, owner_rules, rules, sniffers
from appliance.ids.owner_rules import Checker

log = logging.getLogger(__name__)

USER = "glovebox-ids"
# The same path within Snort's root and outside of it.
DIRECTORY = Path("/run/glovebox-ids")
SPOOL = DIRECTORY / "spool"
ENGINE_ROOT = Path("/usr/lib/glovebox/engine")
TEMPLATES = Path("/usr/share/glovebox/snort")
OWNER_RULES = (Path("/boot/firmware/rules"), Path("/var/lib/glovebox/rules.d"))
DEADLINE_S = 100.0

# Where Snort looks for HTTP and for TLS, as in the configuration of its package.
HTTP_PORTS = (
    *(80, 81, 311, 383, 591, 593, 901, 1220, 1414, 1741, 1830, 2301, 2381, 2809, 3037, 3128, 3702),
    *(4343, 4848, 5250, 6988, 7000, 7001, 7144, 7145, 7510, 7777, 7779, 8000, 8008, 8014, 8028),
    *(8080, 8085, 8088, 8090, 8118, 8123, 8180, 8181, 8243, 8280, 8300, 8800, 8888, 8899, 9000),
    *(9060, 9080, 9090, 9091, 9443, 9999, 11371, 34443, 34444, 41080, 50002, 55555),
)
TLS_PORTS = (443, 465, 563, 636, 989, 992, 993, 994, 995, 7801, 7802, *range(7900, 7921))

DESCRIPTION = """\
Write Snort's configuration and rules for the settings in force; or, with --wait-listening, wait
until Snort takes the frames of the sniffing interface."""
EPILOG = """\
exit status: 0 done; 2 bad usage or a template that cannot be read; 3 nothing listens in time;
4 the files may not be written; 7 no space for them; 78 a setting that Snort cannot have."""

_INTERFACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,14}")
_PLACEHOLDER = re.compile(r"@([A-Z_]+)@")


def main(argv: Sequence[str]) -> int:
    """Render the configuration, or wait until Snort listens; `--help` tells the exit statuses."""
    arguments = _parser().parse_args(argv)
    service.log_to_journal("ids-config")
    settings, errors = config.load()
    if arguments.wait_listening:
        deadline = time.monotonic() + arguments.seconds
        interface = interface_of(settings)
        sniffers.wait_until_listening(interface, _uid(arguments.user), deadline)
        return 0
    for error in errors:
        log.warning("%s", error)
    files = configuration(
        settings, arguments.templates, arguments.root, arguments.owner_rules or OWNER_RULES
    )
    _write_all(arguments.directory, files)
    return 0


def configuration(
    settings: Config, templates: Path, root: Path, owner_directories: Sequence[Path]
) -> dict[str, str]:
    """Return the files that Snort starts with, by name: snort.conf comes last, its rules before.

    What the owner's rules cannot keep is logged; plain.conf is for the case that Snort refuses the
    rest. Raises ConfigError, InputError.
    """
    template = _read(templates / "snort.conf")
    shipped = {name: _read(templates / name) for name in ("local.rules", "preprocessor.rules")}
    accepted = _owner_lines(template, list(shipped.values()), root, owner_directories)
    return {
        **{f"rules/{name}": text for name, text in shipped.items()},
        "rules/owner.rules": "".join(f"{line}\n" for line in accepted),
        "plain.conf": render(template, settings, with_owner_rules=False),
        "start": fill(_read(templates / "start.sh"), {"INTERFACE": interface_of(settings)}),
        "listening": fill(_read(templates / "listening.sh"), {"INTERFACE": interface_of(settings)}),
        "snort.conf": render(template, settings, with_owner_rules=bool(accepted)),
    }


def render(template: str, settings: Config, with_owner_rules: bool) -> str:
    """Return snort.conf for these settings."""
    include = f"include {DIRECTORY}/rules/owner.rules"
    return fill(
        template,
        {
            "HOME_NETWORKS": home_networks(settings.ids.home_networks),
            "HTTP_PORTS": ",".join(map(str, HTTP_PORTS)),
            "HTTP_PORT_LIST": " ".join(map(str, HTTP_PORTS)),
            "TLS_PORT_LIST": " ".join(map(str, TLS_PORTS)),
            "OWNER_RULES": include if with_owner_rules else "",
        },
    )


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put values in the place of @NAMES@. Raises KeyError for a name without value."""
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def home_networks(networks: Sequence[Network]) -> str:
    """Return the value of HOME_NET: a list, or `any` where no network is named."""
    return f"[{','.join(map(str, networks))}]" if networks else "any"


def interface_of(settings: Config) -> str:
    """Return the sniffing interface. Raises ConfigError for a name that no interface can have."""
    name = settings.capture.interface
    if not _INTERFACE.fullmatch(name):
        raise ConfigError(f"[capture] interface = {name!r}: expected a name like tzsp0")
    return name


def _owner_lines(
    template: str, shipped: Sequence[str], root: Path, directories: Sequence[Path]
) -> list[str]:
    found = owner_rules.files(directories)
    if not found:
        return []
    packaged = [_read(file) for file in sorted((root / "etc/snort/rules").glob("*.rules"))]
    classes = rules.classifications(_read(root / "etc/snort/classification.config"))
    checker = Checker(
        config=template,
        classifications=[name for name, _ in classes],
        taken={key for text in (*shipped, *packaged) for key in rules.messages(text)},
    )
    accepted, problems = owner_rules.collect(found, checker)
    for problem in problems:
        log.error("%s", problem)
    return accepted


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox ids-config",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--directory", type=Path, default=DIRECTORY, help="where to write (%(default)s)")
    add("--templates", type=Path, default=TEMPLATES, help="what to fill in (%(default)s)")
    add("--root", type=Path, default=ENGINE_ROOT, help="the engine's root (%(default)s)")
    add("--owner-rules", type=Path, action="append", metavar="DIR",
        help=f"with *.rules files; may be given again ({', '.join(map(str, OWNER_RULES))})",
    )  # fmt: skip
    add("--wait-listening", action="store_true", help="write nothing, wait for Snort")
    add("--user", default=USER, help="whose process must listen, by name or number (%(default)s)")
    add("--seconds", type=float, default=DEADLINE_S, help="wait at most so long (%(default)s)")
    return parser


def _uid(user: str) -> int:
    try:
        return int(user) if user.isdigit() else pwd.getpwnam(user).pw_uid
    except KeyError:
        raise InputError(f"--user {user}: there is no such user") from None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from error


def _write_all(directory: Path, files: Mapping[str, str]) -> None:
    with _explained(directory):
        (directory / "rules").mkdir(parents=True, exist_ok=True)
        secret = marker.secret_of_this_boot(directory / marker.SECRET_FILE.name)
        _write(directory / "rules" / "marker.rules", marker.rule(secret) + "\n", mode=0o640)
        for name, text in files.items():
            _write(directory / name, text)


def _write(file: Path, text: str, mode: int = 0o644) -> None:
    temporary = file.with_name(f".{file.name}.new")
    temporary.write_text(text, encoding="utf-8")
    temporary.chmod(mode)
    temporary.replace(file)


@contextlib.contextmanager
def _explained(directory: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise PrivilegeError(f"{error.filename}: may not be written; be {USER}") from error
    except OSError as error:
        kind = DiskFullError if error.errno == errno.ENOSPC else InputError
        raise kind(f"{error.filename or directory}: {error.strerror}") from error
