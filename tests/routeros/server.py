# SPDX-License-Identifier: MIT
"""The API of a router that is not there, over TCP or TLS, one thread a connection."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from appliance.errors import DecodeError
from appliance.formats import sentences
from appliance.formats.sentences import Splitter
from tests.routeros import console, terminal
from tests.routeros.machine import Machine, Row
from tests.routeros.schema import Trap, number


class ApiServer:
    """Serves `machine`; `transcript` holds what went over each connection, as (who, words)."""

    def __init__(
        self, machine: Machine, certificate: Path | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.machine, self.slow_s, self.most_sessions = machine, 0.0, 20
        #: After so many sentences sent, the connection ends in the middle of the next.
        self.cut_after: int | None = None
        self.transcript: list[tuple[str, tuple[str, ...]]] = []
        #: RouterOS before 6.43: the password's MD5 with a challenge.
        self.old_login = False
        #: Never answers: a router that hangs.
        self.silent = False
        #: What becomes of an export before it is told.
        self.spoil: Callable[[str], str] = str
        self._context = _context(certificate)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self.port: int = self._listener.getsockname()[1]
        self._sessions: set[_Session] = set()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        machine.at_reboot.append(self.cut)

    def __enter__(self) -> ApiServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closed only when its thread has ended: another socket may get the number.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._listener.close()
        self.cut()

    @property
    def sessions(self) -> int:
        return len(self._sessions)

    def cut(self) -> None:
        """End all connections."""
        for session in list(self._sessions):
            session.end()

    def _accept(self) -> None:
        while True:
            try:
                opened, _ = self._listener.accept()
            except OSError:
                return
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(opened,), daemon=True).start()

    def _serve(self, opened: socket.socket) -> None:
        transport = opened
        try:
            if self._context:
                transport = self._context.wrap_socket(opened, server_side=True)
        except OSError:
            opened.close()
            return
        session = _Session(self, transport)
        self._sessions.add(session)
        try:
            session.serve()
        finally:
            self._sessions.discard(session)
            session.end()
            transport.close()


class _Session:
    def __init__(self, server: ApiServer, transport: socket.socket) -> None:
        self.server, self.machine, self.transport = server, server.machine, transport
        self.user = ""
        #: By tag: the table, and the fields that are told of it.
        self.listening: dict[str, tuple[str, frozenset[str]]] = {}
        self._free_at = 0.0
        self._sending = threading.Lock()
        self._sent = 0

    def end(self) -> None:
        """Let the thread that serves end: it closes the socket, whose number others may get."""
        with contextlib.suppress(ValueError):
            self.machine.watchers.remove(self._changed)
        with contextlib.suppress(OSError):
            self.transport.shutdown(socket.SHUT_RDWR)

    def serve(self) -> None:
        splitter = Splitter()
        with contextlib.suppress(OSError, DecodeError):
            while content := self.transport.recv(65536):
                if self.server.silent:
                    continue
                self._free_at = max(self._free_at, time.monotonic())
                for words in splitter.feed(content):
                    self.server.transcript.append(("client", words))
                    self._answer(words)

    def _answer(self, words: tuple[str, ...]) -> None:
        path, _, command = words[0].rpartition("/")
        values = dict(w[1:].partition("=")[::2] for w in words if w.startswith("="))
        tag = next((word for word in words if word.startswith(".tag=")), "")
        try:
            self._run(path, command, values, [w for w in words if w.startswith("?")], tag)
        except Trap as trap:
            self._send("!trap", f"=category={trap.category}", f"=message={trap.message}", tag=tag)
            self._send("!done", tag=tag)

    def _run(self, path: str, command: str, values: Row, queries: list[str], tag: str) -> None:
        if (path, command) == ("", "login"):
            self._login(values, tag)
        elif not self.user:
            self._fatal("not logged in")
        elif (path, command) == ("", "quit"):
            self._fatal("session terminated on request")
        elif (path, command) == ("", "cancel"):
            self._cancel(values.get("tag", ""), tag)
        elif (path, command) == ("", "execute"):
            self._execute(values, tag)
        elif command == "listen":
            self._listen(path, values, tag)
        else:
            if command in ("add", "remove", "set"):
                self._take_time()
            rows, ret = self.machine.run(self.user, path, command, values, queries)
            self._rows(rows, ret, command, tag)

    def _take_time(self) -> None:
        """Take `slow_s` in all, with what the playing itself costs, one command after another."""
        self._free_at += self.server.slow_s
        time.sleep(max(self._free_at - time.monotonic(), 0.0))

    def _rows(self, rows: list[Row], ret: str, command: str, tag: str) -> None:
        for row in rows:
            self._send("!re", *(f"={key}={value}" for key, value in row.items()), tag=tag)
        if command == "print" and not rows and number(self.machine.version) >= (7, 18):
            self._send("!empty", tag=tag)
        self._send("!done", *([f"=ret={ret}"] if ret else []), tag=tag)

    def _login(self, values: Row, tag: str) -> None:
        name = values.get("name", "")
        known = self.machine.users.get(name)
        if self.server.old_login and "response" not in values:
            self._send("!done", f"=ret={'5a' * 16}", tag=tag)
            return
        if self.server.old_login:
            right = hashlib.md5(b"\0" + (known or "").encode() + b"Z" * 16).hexdigest()
            fits = known is not None and values["response"] == f"00{right}"
        else:
            fits = known is not None and values.get("password") == known
        self.machine.logins += 1
        self.machine.say(
            "system,info,account",
            f"user {name} logged in from 127.0.0.1 via api"
            if fits
            else f"login failure for user {name} from 127.0.0.1 via api",
        )
        if not fits:
            raise Trap("invalid user name or password (6)", 4)
        if not self._may_enter(name):
            self._fatal("cannot log in")
            return
        self.user = name
        self._send("!done", tag=tag)

    def _may_enter(self, name: str) -> bool:
        if self.server.sessions > self.server.most_sessions:
            return False
        return "api" in self.machine.policies(name)

    def _listen(self, path: str, values: Row, tag: str) -> None:
        if "read" not in self.machine.policies(self.user):
            raise Trap("not enough permissions (9)")
        self.machine.schema.command(path, "print")
        fields = frozenset(filter(None, values.get(".proplist", "").split(",")))
        self.listening[tag] = path, fields
        if self._changed not in self.machine.watchers:
            self.machine.watchers.append(self._changed)

    def _changed(self, path: str, row: Row) -> None:
        for tag, (table, fields) in list(self.listening.items()):
            if table != path:
                continue
            told = {k: v for k, v in row.items() if not fields or k in fields | {".dead"}}
            with contextlib.suppress(OSError):
                self._send("!re", *(f"={key}={value}" for key, value in told.items()), tag=tag)

    def _cancel(self, wanted: str, tag: str) -> None:
        found = f".tag={wanted}"
        if self.listening.pop(found, None) is None:
            raise Trap("unknown tag", 5)
        self._send("!trap", "=category=2", "=message=interrupted", tag=found)
        self._send("!done", tag=found)
        self._send("!done", tag=tag)

    def _execute(self, values: Row, tag: str) -> None:
        """Run `:put [:parse "…"]` or a command as text; output comes back with as-string."""
        script = values.get("script", "")
        if "write" not in self.machine.policies(self.user):
            raise Trap("not enough permissions (9)")
        body = script.removeprefix(":put [:parse ")
        if body != script:
            line = console.unquoted(body.removesuffix("]"))
            self._send("!done", f"=ret={console.parsed(line, self.machine.schema)}", tag=tag)
            return
        if script.startswith(":put [:resolve "):
            name = script.removeprefix(":put [:resolve ").removesuffix("]")
            told = self.machine.names.get(name, "failure: dns name does not exist")
            self._send("!done", f"=ret={told}", tag=tag)
            return
        if script == "/export terse":
            self._send("!done", f"=ret={self.server.spoil(terminal.export(self.machine))}", tag=tag)
            return
        self._send("!done", f"=ret={terminal.output(self.machine, script, self.user)}", tag=tag)

    def _fatal(self, reason: str) -> None:
        self._send("!fatal", reason)
        self.end()

    def _send(self, *words: str, tag: str = "") -> None:
        whole = (*words, tag) if tag else words
        self.server.transcript.append(("router", whole))
        content = sentences.encode(whole)
        with self._sending:
            self._sent += 1
            if self.server.cut_after is not None and self._sent > self.server.cut_after:
                self.transport.sendall(content[: len(content) // 2])
                self.end()
                raise OSError("cut")
            self.transport.sendall(content)


def certificate(folder: Path, name: str = "router") -> Path:
    """Make a self-signed certificate with its key in one file, and return it."""
    file, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", key, "-out", file, "-days", "30", "-subj", f"/CN={name}"],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_text(file.read_text() + key.read_text())
    return file


def pin(file: Path) -> str:
    """Return the SHA-256 of a certificate as a pin has it."""
    body = file.read_text().partition("-----BEGIN PRIVATE")[0]
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(body)).hexdigest()


def _context(file: Path | None) -> ssl.SSLContext | None:
    if file is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # A router's key may be as short as its owner once chose.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.load_cert_chain(file)
    return context


@contextlib.contextmanager
def serving(machine: Machine, certificate: Path | None = None) -> Iterator[ApiServer]:
    """Serve a router's API on a port of loopback."""
    with ApiServer(machine, certificate) as server:
        yield server
