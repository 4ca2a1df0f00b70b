# SPDX-License-Identifier: MIT
"""One command on a router over SSH, by OpenSSH's client: the host key is pinned, nobody asks twice.

RouterOS answers with text and the exit status 0 whatever became of a command (manual, SSH): what
the text means is for the caller to see. Source of the options: ssh_config(5), ssh-keyscan(1).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import selectors
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from appliance.router.refusals import Refusal, RefusedError, RouterError, plain

PORT = 22
# By what name ssh knows whatever router it is: in its file of host keys, and in its question.
ALIAS = "router"
LONGEST, LONGEST_TROUBLE = 1 << 20, 4000
CONNECT_S, SCAN_S = 10, 10.0
# The best first: one is pinned, and no other is taken then.
KINDS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa")
_KEY = re.compile(r"(ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa) ([A-Za-z0-9+/]{20,1500}={0,2})")
# What ssh says, and what it means for the owner.
_SAYS = (
    ("Host key verification failed", "the router shows another SSH host key than before; nothing "
     "was sent to it"),
    ("Connection refused", "refuses the connection; is its service ssh switched on?"),
    ("timed out", "does not answer over SSH"),
    ("No route to host", "no way leads there"),
    ("Network is unreachable", "no way leads there"),
    ("Unable to negotiate", "it and OpenSSH have no method in common"),
    ("kex_exchange_identification", "what answers there speaks no SSH, or takes no more sessions"),
    ("Invalid SSH identification", "what answers there speaks no SSH"),
    ("Connection reset", "the router ended the connection"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShellAddress:
    """Where a router takes SSH; `key` is its host key as `kind base64`, empty where not known."""

    address: str
    port: int = PORT
    key: str = ""


def host_key(text: str) -> str:
    """Return a host key as `kind base64`. Raises ValueError for what is none."""
    found = _KEY.fullmatch(text.strip())
    if found is None:
        raise ValueError("no host key of a kind that is known")
    return f"{found[1]} {found[2]}"


def fingerprint(key: str) -> str:
    """Return `SHA256:…` of a host key, as OpenSSH writes it. Raises ValueError."""
    try:
        octets = base64.b64decode(key.partition(" ")[2], validate=True)
    except binascii.Error as error:
        raise ValueError("no host key") from error
    return "SHA256:" + base64.b64encode(hashlib.sha256(octets).digest()).decode().rstrip("=")


def shown(place: ShellAddress) -> str:
    """Return the host key that a router shows, without logging in. Raises RouterError."""
    argv = ["ssh-keyscan", "-T", str(int(SCAN_S)), "-p", str(place.port),
            "-t", "ed25519,ecdsa,rsa", "--", place.address]  # fmt: skip
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False,
                              timeout=SCAN_S * 3, errors="replace")  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RouterError(f"{place.address}, port {place.port}: no answer over SSH") from error
    keys = {}
    for line in done.stdout[:20_000].splitlines():
        found = _KEY.search(line)
        if found:
            keys[found[1]] = f"{found[1]} {found[2]}"
    best = next((keys[kind] for kind in KINDS if kind in keys), "")
    if not best:
        raise RouterError(f"{place.address}, port {place.port}: shows no SSH host key")
    return best


def run(place: ShellAddress, user: str, password: str, command: str, seconds: float) -> str:
    """Run a command and return what the router prints, at most LONGEST bytes of it.

    Raises RefusedError (Refusal.LOGIN: do not try again), RouterError.
    """
    if not place.key:
        raise RouterError("no SSH host key of this router is known yet; nothing was sent to it")
    with tempfile.TemporaryDirectory() as folder:
        known = Path(folder, "known_hosts")
        known.write_text(f"{ALIAS} {host_key(place.key)}\n")
        argv = [*options(place, known), "-T", "-o", "PreferredAuthentications=password",
                "-o", "PubkeyAuthentication=no", "-l", user, "--", place.address,
                command]  # fmt: skip
        return _output(argv, _asked(user, password), place, seconds)


def options(place: ShellAddress, known: Path) -> list[str]:
    """Return ssh and its options: one try, the key of `router` in `known`, nothing forwarded."""
    wanted = {
        "UserKnownHostsFile": str(known), "GlobalKnownHostsFile": "/dev/null",
        "HostKeyAlias": ALIAS, "CheckHostIP": "no", "UpdateHostKeys": "no",
        "StrictHostKeyChecking": "yes", "NumberOfPasswordPrompts": "1", "LogLevel": "ERROR",
        "ConnectTimeout": str(CONNECT_S), "ServerAliveInterval": "15",
        "ClearAllForwardings": "yes", "IdentitiesOnly": "yes", "IdentityFile": "/dev/null",
    }  # fmt: skip
    if place.key:
        wanted["HostKeyAlgorithms"] = _algorithms(place.key)
    pairs = [word for key, value in wanted.items() for word in ("-o", f"{key}={value}")]
    return ["ssh", "-F", "none", "-p", str(place.port), *pairs]


def _algorithms(key: str) -> str:
    kind = key.partition(" ")[0]
    return "rsa-sha2-512,rsa-sha2-256,ssh-rsa" if kind == "ssh-rsa" else kind


def _asked(user: str, password: str) -> dict[str, str]:
    """Return an environment from which ssh gets the password, as no argument shows it.

    ssh runs SSH_ASKPASS with its question, and printenv prints what the variable of that name
    holds. Only this user may read the environment of a process of its own.
    """
    question = f"{user[:30]}@{ALIAS}'s password: "
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": "/nonexistent",
        "LC_ALL": "C", "SSH_ASKPASS": "/usr/bin/printenv", "SSH_ASKPASS_REQUIRE": "force",
        question: password,
    }  # fmt: skip


def _output(
    argv: list[str], environment: dict[str, str], place: ShellAddress, seconds: float
) -> str:
    try:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=environment)  # fmt: skip
    except OSError as error:
        raise RouterError(f"ssh cannot be run: {error.strerror}") from error
    with process:
        try:
            out, trouble = _both(process, time.monotonic() + seconds)
        finally:
            process.kill()
    if process.returncode == 255:
        raise _failed(place, trouble)
    return out


def _both(process: subprocess.Popen[bytes], deadline: float) -> tuple[str, str]:
    """Return what came on both channels, bounded. Raises RouterError where it lasts too long."""
    assert process.stdout is not None and process.stderr is not None
    kept = {process.stdout: (bytearray(), LONGEST), process.stderr: (bytearray(), LONGEST_TROUBLE)}
    with selectors.DefaultSelector() as selector:
        for stream in kept:
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            left = deadline - time.monotonic()
            found = selector.select(left) if left > 0 else []
            if not found:
                raise RouterError("the router did not answer in time")
            for key, _ in found:
                content = os.read(key.fd, 65536)
                octets, most = kept[key.fileobj]  # type: ignore[index]
                octets += content[: most - len(octets)]
                if not content:
                    selector.unregister(key.fileobj)
    # It has ended, or closed both and ends now.
    try:
        process.wait(max(deadline - time.monotonic(), 1.0))
    except subprocess.TimeoutExpired as error:
        raise RouterError("the router did not answer in time") from error
    out, trouble = (octets.decode("utf-8", "replace") for octets, _ in kept.values())
    return out, trouble


def _failed(place: ShellAddress, trouble: str) -> RouterError:
    where = f"{place.address}, port {place.port}"
    if "Permission denied" in trouble:
        return RefusedError("over SSH", Refusal.LOGIN)
    why = next((words for said, words in _SAYS if said in trouble), plain(trouble) or "SSH ended")
    return RouterError(f"{where}: {why}")
