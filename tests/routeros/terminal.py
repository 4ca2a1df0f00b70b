# SPDX-License-Identifier: MIT
"""Scripts on a router that is not there: a pasted block, an export in, an export out."""

from __future__ import annotations

from tests.routeros import console, schema
from tests.routeros.console import Line
from tests.routeros.machine import Machine, Row, matching
from tests.routeros.schema import Trap

# Never exported, whatever it is (RouterOS manual, export).
SECRET = {"password"}
STATE = {".id", "dynamic", "packets", "bytes", "running", "fingerprint", "invalid"}
LEFT_OUT = {
    "/system/resource", "/system/device-mode", "/system/clock", "/user/ssh-keys", "/certificate",
    "/ip/firewall/connection", "/ipv6/firewall/connection", "/system/routerboard",
}  # fmt: skip


def paste(machine: Machine, text: str, user: str = "admin") -> list[str]:
    """Run each line of a script, as a terminal does; return what was refused, and go on."""
    refused = []
    menu = ""
    for line in console.lines(text):
        try:
            found = console.parse(line, machine.schema, menu)
            if not found.command:
                menu = found.path
                continue
            run(machine, found, user)
        except Trap as trap:
            refused.append(f"{line}: {trap.message}")
    return refused


def output(machine: Machine, text: str, user: str) -> str:
    """Return what a script prints: the rows of a `print`, and what was refused."""
    found = []
    for line in console.lines(text):
        try:
            command = console.parse(line, machine.schema)
            if command.command != "print":
                run(machine, command, user)
                continue
            rows, _ = machine.run(user, command.path, "print", {}, [])
            found += [_line(str(at), "", row).strip() for at, row in enumerate(rows)]
        except Trap as trap:
            found.append(trap.message)
    return "\r\n".join(found)


def run(machine: Machine, line: Line, user: str) -> None:
    """Run one command. Raises Trap."""
    values = dict(line.values)
    if line.where is not None and line.command != "add":
        rows = list(matching(machine.rows(line.path), line.where))
        for row in rows:
            machine.run(user, line.path, line.command, {**values, ".id": row[".id"]}, [])
        if not rows:
            machine.schema.check(line.path, line.command, values)
        return
    if line.bare:
        values["numbers"] = line.bare[0]
    machine.run(user, line.path, line.command, values, [])


def export(machine: Machine) -> str:
    """Return `/export terse`: what stands on flash and is no default, without the date."""
    lines = [f"# by RouterOS {machine.version}"]
    for path in sorted({*machine.tables, *machine.single} - LEFT_OUT):
        if path in machine.single:
            lines += _settings(machine, path)
        else:
            lines += [_row(path, row) for row in machine.tables[path] if not _hidden(path, row)]
    return "\n".join(lines) + "\n"


def _settings(machine: Machine, path: str) -> list[str]:
    usual = schema.defaults()["defaults"].get(path, {})
    changed = {
        key: value
        for key, value in machine.single[path].items()
        if key not in STATE and value != (usual.get(key) or "").lstrip("?")
    }
    return [_line(path, "set", changed)] if changed else []


def _row(path: str, row: Row) -> str:
    shown = {key: value for key, value in row.items() if key not in STATE | SECRET}
    return _line(path, "add", shown)


def _line(path: str, command: str, values: Row) -> str:
    words = " ".join(f'{key}="{_escaped(value)}"' for key, value in sorted(values.items()))
    return f"{path.replace('/', ' ').replace(' ', '/', 1)} {command} {words}"


def _escaped(value: str) -> str:
    for sign, written in (("\\", "\\\\"), ('"', '\\"'), ("$", "\\$"), ("\r", "\\r"), ("\n", "\\n")):
        value = value.replace(sign, written)
    return value


def _hidden(path: str, row: Row) -> bool:
    return row.get("dynamic") == "true"
