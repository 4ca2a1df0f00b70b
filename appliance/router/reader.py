# SPDX-License-Identifier: MIT
"""Asks a router as the user who only reads: the router itself lets it change nothing."""

from __future__ import annotations

from appliance.errors import InputError
from appliance.router import plan, secure_shell
from appliance.router.keeping import Keeping
from appliance.router.many import TIMEOUT_S
from appliance.router.refusals import RouterError
from appliance.router.secure_shell import ShellAddress
from appliance.settings.sections.router import RouterEntry


def run(entry: RouterEntry, keeping: Keeping, command: str) -> str:
    """Return what a router prints. Raises RouterError; without a known host key nothing is sent."""
    place = ShellAddress(str(entry.address), entry.ssh_port, keeping.host_key())
    if not place.key:
        shown = secure_shell.fingerprint(secure_shell.shown(place))
        raise RouterError(
            "its SSH host key is not trusted yet; where it is its own, run: "
            f"glovebox router check {entry.name} --trust-ssh {shown}"
        )
    password = plan.reader_password(keeping.made_secret().password)
    return secure_shell.run(place, plan.READER, password, command, TIMEOUT_S)


def trust(entry: RouterEntry, keeping: Keeping, fingerprint: str) -> None:
    """Keep the host key that a router shows, where it has this fingerprint.

    Raises InputError, RouterError.
    """
    key = secure_shell.shown(ShellAddress(str(entry.address), entry.ssh_port))
    shown = secure_shell.fingerprint(key)
    if shown != fingerprint:
        raise InputError(f"the router shows another SSH host key: {shown}")
    keeping.set_host_key(key)
