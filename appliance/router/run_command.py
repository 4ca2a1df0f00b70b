# SPDX-License-Identifier: MIT
"""`glovebox router run`: the same command on many routers, one of them first where it changes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from appliance.errors import InputError
from appliance.router import many
from appliance.router.many import Opened, Ran, Said
from appliance.router.reading import only_reads
from appliance.settings.sections.router import RouterConfig, RouterEntry

Agrees = Callable[[str], bool]


def run(
    arguments: argparse.Namespace, routers: Sequence[RouterEntry], reads: Ran, opened: Opened,
    agrees: Agrees,
) -> int:  # fmt: skip
    """Run the command, by `reads` where it only reads; return 1 where a router refused or was away.

    Raises InputError.
    """
    command = " ".join(arguments.words)
    if only_reads(command):
        return _told(many.ask(routers, command, reads))
    if not arguments.change:
        raise InputError(
            "this may change something, for it is no plain print or export; with --change it is "
            "tried on one router first"
        )
    return _changed(routers, command, opened, agrees)


def chosen(settings: RouterConfig, names: str) -> list[RouterEntry]:
    """Return the routers of `a,b`, all of them for an empty text. Raises InputError."""
    found = []
    for name in filter(None, names.split(",")):
        router = settings.named(name)
        if router is None:
            raise InputError(f"-r {name}: no such router under [router]")
        found.append(router)
    found = found or list(settings.routers)
    if not found:
        raise InputError("there is no router under [router]")
    return found


def _changed(routers: Sequence[RouterEntry], command: str, opened: Opened, agrees: Agrees) -> int:
    """Have all read it, then one do it, then the others."""
    wrong = many.wrong(routers, command, opened)
    if wrong:
        print("Nothing was run, for not all of them understand it:")
        return _told(wrong)
    ran = many.over_api(opened)
    first, *others = routers
    if not agrees(f"Run it on {first.name}?"):
        return 1
    status = _told(many.ask([first], command, ran))
    if status or not others:
        return status
    names = ", ".join(router.name for router in others)
    return _told(many.ask(others, command, ran)) if agrees(f"And on {names}?") else 1


def _told(answers: Sequence[Said]) -> int:
    for names, said in many.together(answers):
        print(f"{', '.join(names)}{' failed' if said.failed else ''}:")
        sys.stdout.writelines(f"    {line}\n" for line in said.lines)
    return int(any(said.failed for said in answers))
