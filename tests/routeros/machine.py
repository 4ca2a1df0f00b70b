# SPDX-License-Identifier: MIT
"""The state of a router: tables, rights, device-mode, time-outs, counters, reboots.

What it refuses, and in which words, is from ../shared/data/routeros (recorded) and the reference
beside it. Where RouterOS' behaviour is not known, it refuses.
"""

from __future__ import annotations

import heapq
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from tests.routeros import schema
from tests.routeros.schema import Schema, Trap

Row = dict[str, str]
LISTS = ("/ip/firewall/address-list", "/ipv6/firewall/address-list")
HOME_FORBIDS = {"sniffer", "scheduler", "fetch"}
ALL = (
    "local,telnet,ssh,ftp,reboot,read,write,policy,test,winbox,password,web,sniff,sensitive,api,"
    "rest-api"
)
UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
#: Fields that count or tell a state: no row of theirs is on flash.
SINGLE = {"/system/resource", "/system/identity", "/system/device-mode", "/system/routerboard"}
# What the log calls what a command did.
DONE = {"add": "added", "set": "changed", "remove": "removed"}
# Names of arguments that say where, not what.
PLACES = ("place-before", "copy-from")


def seconds(text: str) -> float:
    """Return a time of RouterOS, `1d2h3m4s` or `00:05:00`. Raises Trap."""
    if clock := re.fullmatch(r"(\d+):(\d\d):(\d\d)", text):
        return int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3])
    found = re.findall(r"(\d+)([wdhms])", text)
    if not found or "".join(a + b for a, b in found) != text:
        raise Trap("invalid value of timeout", 1)
    return sum(int(count) * UNITS[unit] for count, unit in found)


def spelled(length: float) -> str:
    """Write a time as RouterOS does: `59m59s`."""
    left, text = int(length), ""
    for unit, size in UNITS.items():
        if left >= size:
            text, left = f"{text}{left // size}{unit}", left % size
    return text or "0s"


class Machine:
    """One router. `clock` are its seconds; `lock` is held by whoever runs a command."""

    def __init__(
        self,
        version: str = "7.22.1",
        *,
        mode: str = "advanced",
        board: str = "RB5009UG+S+",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.schema: Schema = schema.schema(version)
        self.version, self.mode, self.board, self.clock = version, mode, board, clock
        self.lock = threading.RLock()
        self.tables: dict[str, list[Row]] = {}
        self.single: dict[str, Row] = {}
        self.users: dict[str, str] = {"admin": "secret"}
        self.log: list[str] = []
        #: Tables of a real router, which are told instead of its own, and what it refuses to tell.
        self.recorded: dict[str, list[Row]] = {}
        self.refuses: dict[str, str] = {}
        #: By how many seconds its clock is wrong.
        self.clock_wrong = 0.0
        #: What its name server knows.
        self.names: dict[str, str] = {}
        self.logins = 0
        self.flash_writes = 0
        self.booted = clock()
        #: Called with path and row whenever a table changes.
        self.watchers: list[Callable[[str, Row], None]] = []
        #: Called at a reboot: connections end.
        self.at_reboot: list[Callable[[], None]] = []
        #: Says done to `add` and has no row.
        self.lies = False
        self._number = 0
        self._ends: dict[str, float] = {}
        # The same, as a heap: a long list is not walked for each command.
        self._soonest: list[tuple[float, str, str]] = []
        self._keys: dict[tuple[str, str, str], Row] = {}
        self._ids: dict[tuple[str, str], Row] = {}
        self._factory()

    def _factory(self) -> None:
        for path, values in schema.defaults()["defaults"].items():
            if path in schema.defaults()["menu_kind"]["settings"]:
                known = self.schema.tree["menus"].get(path, {}).get("commands", {})
                names = known.get("set", {}).get("args", {})
                self.single[path] = {
                    key: (value or "").lstrip("?")
                    for key, value in values.items()
                    if key in names and self.schema.since(path, "set", [key])
                }
        self.single["/system/identity"] = {"name": "MikroTik"}
        self.single["/tool/sniffer"]["running"] = "no"
        for name, port in schema.defaults()["service_ports"].items():
            self._put("/ip/service", {"name": name, "port": str(port), "certificate": "none",
                                      "disabled": "no", "address": ""})  # fmt: skip
        for group, policy in (("full", ALL), ("read", "read,api,ssh"), ("write", "read,write,api")):
            self._put("/user/group", {"name": group, "policy": policy})
        self._put("/user", {"name": "admin", "group": "full", "address": "", "disabled": "no"})

    # What tests do to the router.

    def reboot(self) -> None:
        """Lose what is in memory only, and start again; nobody is told."""
        for end in self.at_reboot:
            end()
        with self.lock:
            for path, rows in self.tables.items():
                for row in [row for row in reversed(rows) if row.get("dynamic") == "true"]:
                    self._drop(path, row)
            self.single["/tool/sniffer"]["running"] = "no"
            self.booted = self.clock()
            for job in self.tables.get("/system/scheduler", []):
                starts = job.get("start-time") == "startup" and "sniffer start" in job["on-event"]
                if starts and not self.forbidden("scheduler"):
                    self.single["/tool/sniffer"]["running"] = "yes"

    def connection(self, source: str, destination: str, version: int = 4) -> Row:
        """Open a connection through the router, as its table shows it."""
        path = "/ip/firewall/connection" if version == 4 else "/ipv6/firewall/connection"
        return self._put(path, {"src-address": source, "dst-address": destination,
                                "protocol": "tcp", "dynamic": "true"})  # fmt: skip

    def packet(self, source: str, size: int = 60) -> bool:
        """Send a packet from outside; tell whether a rule dropped it, which counts it."""
        address = ip_network(source)
        family = "/ip" if address.version == 4 else "/ipv6"
        with self.lock:
            self.expire()
            for rule in self.tables.get(f"{family}/firewall/raw", []):
                named = rule.get("src-address-list")
                blocked = rule.get("disabled") != "true" and any(
                    row["list"] == named and _within(address, row["address"])
                    for row in self.tables.get(f"{family}/firewall/address-list", [])
                )
                if blocked and rule.get("action") == "drop":
                    rule["packets"] = str(int(rule.get("packets", "0")) + 1)
                    rule["bytes"] = str(int(rule.get("bytes", "0")) + size)
                    return True
        return False

    def forbidden(self, feature: str) -> bool:
        return self.mode == "home" and feature in HOME_FORBIDS

    # What commands do.

    def run(
        self, user: str, path: str, command: str, values: Mapping[str, str], queries: list[str]
    ) -> tuple[list[Row], str]:
        """Run a command of the API; return its rows and `ret`. Raises Trap."""
        with self.lock:
            self.expire()
            self.schema.check(path, command, values)
            self._check_rights(user, path, command)
            if command in ("print", "getall"):
                return self._print(path, values, queries), ""
            ret = self._change(path, command, dict(values))
            if command in DONE:
                self.say("system,info", f"item {DONE[command]} by {user}")
            return [], ret

    def say(self, topics: str, message: str) -> None:
        """Write a line into the log."""
        self.log.append(message)
        self._tell("/log", {"topics": topics, "message": message})

    def expire(self) -> None:
        """Remove what has run out."""
        now = self.clock()
        while self._soonest and self._soonest[0][0] <= now:
            end, path, id = heapq.heappop(self._soonest)
            if self._ends.get(id) == end:
                self._drop(path, self._ids[path, id])

    def end(self, path: str, id: str, at: float) -> None:
        """Have a row run out at a time of `clock`."""
        self._ends[id] = at
        heapq.heappush(self._soonest, (at, path, id))

    def policies(self, user: str) -> set[str]:
        row = next((row for row in self.tables["/user"] if row["name"] == user), None)
        group = next(
            (each for each in self.tables["/user/group"] if row and each["name"] == row["group"]),
            None,
        )
        return set(group["policy"].split(",")) if group else set()

    def _check_rights(self, user: str, path: str, command: str) -> None:
        has = self.policies(user)
        need = {"read"} if command in ("print", "getall", "listen") else {"write"}
        if path.startswith("/user") and command not in ("print", "getall"):
            need |= {"policy"}
        if path == "/tool/sniffer" and command in ("start", "stop"):
            need = {"sniff"}
        if not need <= has:
            raise Trap("not enough permissions (9)")

    def _change(self, path: str, command: str, values: Row) -> str:
        if path == "/tool/sniffer" and command in ("start", "stop"):
            if command == "start" and self.forbidden("sniffer"):
                raise Trap("failure: not allowed by device-mode")
            self.single[path]["running"] = "yes" if command == "start" else "no"
            return ""
        if path == "/system/scheduler" and command == "add" and self.forbidden("scheduler"):
            raise Trap("failure: not allowed by device-mode")
        if command == "sign":
            return ""
        if command == "add":
            return self._add(path, values)
        if command in ("set", "remove", "enable", "disable"):
            self._edit(path, command, values)
            return ""
        if (path, command) == ("/log", "info"):
            self.log.append(values.get("message", ""))
            return ""
        raise Trap("no such command")

    def _add(self, path: str, values: Row) -> str:
        if path in LISTS:
            self._listed(path, values)
        for key in schema.defaults()["keys"].get(path, [])[:1]:
            taken = any(row.get(key) == values.get(key) for row in self.tables.get(path, []))
            if path not in LISTS and taken:
                raise Trap(f"failure: already have such {key}")
        if path == "/system/logging/action" and not re.fullmatch("[A-Za-z0-9]+", values["name"]):
            raise Trap("failure: action name can contain only letters and numbers")
        if self.lies:
            return f"*{self._number + 1:X}"
        before = values.pop("place-before", "")
        password = values.pop("password", None)
        row = self._put(path, values, before)
        if path == "/user":
            self.users[values["name"]] = password or ""
        if row.get("dynamic") != "true":
            self.flash_writes += 1
        return row[".id"]

    def _listed(self, path: str, values: Row) -> None:
        """Check an entry of an address list as RouterOS does. Raises Trap."""
        text = values.get("address", "")
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            return
        if (network.version == 4) != (path == LISTS[0]):
            raise Trap(f"failure: {text} is not a valid dns name")
        values["address"] = _shown(network)
        if (path, values["list"], values["address"]) in self._keys:
            raise Trap("failure: already have such entry")
        if "timeout" in values:
            seconds(values["timeout"])
            values["dynamic"] = "true"

    def _edit(self, path: str, command: str, values: Row) -> None:
        ids = values.pop(".id", values.pop("numbers", ""))
        if path in self.single:
            if command != "set":
                raise Trap("no such command")
            self.single[path].update(values)
            self.flash_writes += 1
            return
        rows = [self._row(path, each) for each in ids.split(",")] if ids else []
        if not rows:
            raise Trap("no such item")
        for row in rows:
            self._edit_row(path, command, row, values)

    def _edit_row(self, path: str, command: str, row: Row, values: Row) -> None:
        dynamic = row.get("dynamic") == "true"
        if command == "remove":
            self._drop(path, row)
        elif command == "set":
            row.update({key: value for key, value in values.items() if key != "timeout"})
            if "timeout" in values:
                self.end(path, row[".id"], self.clock() + seconds(values["timeout"]))
            self._tell(path, row)
        else:
            row["disabled"] = "true" if command == "disable" else "false"
            self._tell(path, row)
        if not dynamic:
            self.flash_writes += 1

    def _put(self, path: str, values: Mapping[str, str], before: str = "") -> Row:
        self._number += 1
        row: Row = {".id": f"*{self._number:X}", **values}
        rows = self.tables.setdefault(path, [])
        if before:
            rows.insert(rows.index(self._row(path, before)), row)
        else:
            rows.append(row)
        self._ids[path, row[".id"]] = row
        if path in LISTS:
            self._keys[path, row.get("list", ""), row.get("address", "")] = row
            if "timeout" in row:
                self.end(path, row[".id"], self.clock() + seconds(row.pop("timeout")))
        self._tell(path, row)
        return row

    def _drop(self, path: str, row: Row) -> None:
        rows = self.tables[path]
        # From the end, where a restart looks first.
        del rows[next(at for at in range(len(rows) - 1, -1, -1) if rows[at] is row)]
        self._ids.pop((path, row[".id"]), None)
        self._keys.pop((path, row.get("list", ""), row.get("address", "")), None)
        self._ends.pop(row[".id"], None)
        if path == "/user":
            self.users.pop(row["name"], None)
        self._tell(path, {".id": row[".id"], ".dead": "true"})

    def _tell(self, path: str, row: Row) -> None:
        for watcher in list(self.watchers):
            watcher(path, dict(row))

    def _row(self, path: str, id: str) -> Row:
        found = self._ids.get((path, id))
        if found is None:
            found = next((row for row in self.tables.get(path, []) if row.get("name") == id), None)
        if found is None:
            raise Trap("no such item")
        return found

    def _print(self, path: str, values: Mapping[str, str], queries: list[str]) -> list[Row]:
        rows = [self._seen(row) for row in self.rows(path)]
        for query in queries:
            rows = [row for row in rows if _fits(row, query)]
        wanted = values.get(".proplist", "")
        if not wanted:
            return rows
        return [{k: row[k] for k in wanted.split(",") if k in row} for row in rows]

    def rows(self, path: str) -> list[Row]:
        """Return the rows of a table, or the one of a menu of settings. Raises Trap."""
        if path in self.refuses:
            raise Trap(self.refuses[path])
        if path in self.recorded:
            return self.recorded[path]
        if path == "/system/resource":
            return [self._resource()]
        if path == "/system/device-mode":
            return [self._device_mode()]
        if path == "/system/clock":
            return [self._clock()]
        if path in self.single:
            return [self.single[path]]
        return self.tables.get(path, [])

    def _seen(self, row: Row) -> Row:
        end = self._ends.get(row.get(".id", ""))
        return {**row, "timeout": spelled(max(end - self.clock(), 0))} if end else dict(row)

    def _resource(self) -> Row:
        return {
            "version": f"{self.version} (stable)",
            "board-name": self.board,
            "architecture-name": "arm64",
            "uptime": spelled(self.clock() - self.booted),
            "cpu-load": "7",
            "total-memory": "1073741824",
            "write-sect-since-reboot": str(self.flash_writes),
        }

    def _clock(self) -> Row:
        now = datetime.fromtimestamp(time.time() + self.clock_wrong, timezone(timedelta(hours=2)))
        new = schema.number(self.version) >= (7, 10)
        day = now.strftime("%Y-%m-%d" if new else "%b/%d/%Y").lower()
        return {"date": day, "time": now.strftime("%H:%M:%S"), "gmt-offset": "+02:00"}

    def _device_mode(self) -> Row:
        if schema.number(self.version) < (7, 17):
            return {"mode": "enterprise"}
        names = ("sniffer", "scheduler", "fetch")
        return {"mode": self.mode, "flagged": "false"} | {
            name: "false" if self.forbidden(name) else "true" for name in names
        }


def _shown(network: IPv4Network | IPv6Network) -> str:
    whole = network.version == 4 and network.prefixlen == 32
    return str(network.network_address) if whole else str(network)


def _within(address: IPv4Network | IPv6Network, text: str) -> bool:
    try:
        return address.subnet_of(ip_network(text))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False


def _fits(row: Mapping[str, Any], query: str) -> bool:
    """Tell whether a row fits one query word: `?key=value`, `?=key=value`, `?key`, `?-key`."""
    body = query[1:].lstrip("=")
    if body.startswith("-"):
        return body[1:] not in row
    key, sign, value = body.partition("=")
    return row.get(key) == value if sign else key in row


def matching(rows: list[Row], where: list[tuple[str, str, str]]) -> Iterator[Row]:
    """Yield the rows that fit the conditions of a [find …]."""
    for row in rows:
        if all(
            re.search(value, row.get(key, "")) if sign == "~" else row.get(key) == value
            for key, sign, value in where
        ):
            yield row
