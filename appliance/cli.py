"""The `glovebox` command: find the subcommand, run it, turn errors into one line and a status."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Sequence

from appliance.errors import GloveboxError

# Imported on demand: `glovebox send` must not pay for Flask.
COMMANDS = {
    "receiver": ("appliance.receiver.service", "TZSP onto the sniffing interface (service)"),
    "replay": ("appliance.tools.replay", "capture files onto an interface"),
    "decap": ("appliance.tools.decap", "TZSP to pcap, on stdout or in files"),
    "send": ("appliance.tools.send", "play the router: wrap a capture in TZSP and send it"),
    "status": ("appliance.supervisor.status_command", "how the sensor is; --json"),
    "selftest": ("appliance.selftest", "send a marker through the whole sensor"),
    "config": ("appliance.settings.config", "check or show the configuration"),
    "settings": ("appliance.settings.apply", "hand on what the owner wrote on BOOT (service)"),
    "ids-config": ("appliance.ids.configure", "render the engine's configuration (service)"),
    "alerts": ("appliance.alerts.service", "store the engine's alerts (service)"),
    "supervisor": ("appliance.supervisor.service", "check, restart, report (service)"),
    "leds": ("appliance.leds.service", "show health on LEDs (service); --list, --demo"),
    "web": ("appliance.web.serve", "serve the status page (service)"),
    "firewall": ("appliance.firewall", "who may reach what on this machine; --load"),
    "dhcp": ("appliance.dhcp.service", "let dnsmasq serve where nobody else does (service)"),
    "clock": ("appliance.clock.service", "keep the time over power cuts (service)"),
    "clock-servers": ("appliance.clock.timeservers", "name the network's NTP servers (service)"),
    "films-config": ("appliance.films.minidlna", "render minidlna's configuration (service)"),
    "films-drive": ("appliance.films.links", "put a USB drive among the films (service)"),
    "films-partition": ("appliance.films.make_partition", "make the card's MEDIA (service)"),
    "films-check": ("appliance.films.check_partition", "is MEDIA whole? (service)"),
    "films-copying": ("appliance.films.copying", "let films be copied to the card (service)"),
    "access-point": ("appliance.router.access_point", "RouterOS script for the access point"),
}
# Old names, which people may have in scripts.
ALIASES = {
    "media-config": "films-config",
    "shelf": "films-drive",
    "media-partition": "films-partition",
    "media-check": "films-check",
    "copying": "films-copying",
    "time-servers": "clock-servers",
}


def usage() -> str:
    """Return the overview that `glovebox --help` prints."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {help_line}" for name, (_, help_line) in COMMANDS.items()]
    return "\n".join(
        ["usage: glovebox COMMAND [OPTION…]", "", *lines, "", "glovebox COMMAND --help tells more."]
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit status (see appliance.errors for the statuses)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows no "…" gets a "?", not a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage())
        return 0 if arguments else 2
    command = ALIASES.get(arguments[0], arguments[0])
    if command not in COMMANDS:
        print(f"glovebox: no command '{command}'\n{usage()}", file=sys.stderr)
        return 2
    return _run(command, arguments[1:])


def _run(command: str, arguments: list[str]) -> int:
    module = importlib.import_module(COMMANDS[command][0])
    try:
        return int(module.main(arguments))
    except GloveboxError as error:
        print(f"glovebox {command}: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output went away: not an error, but Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


if __name__ == "__main__":
    raise SystemExit(main())
