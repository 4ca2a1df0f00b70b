# SPDX-License-Identifier: MIT
"""The builder's own key for updates: made at the first build, below `build/keys/`.

`update.key.pem` signs bundles and goes nowhere else. Every `*.cert.pem` beside it goes onto the
cards that are built, and into bundles: cards take updates that one of these keys signed. So a key
is replaced in two steps, and an old one revoked by leaving its certificate out
(docs/developer/updates.md).
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import InputError
from image.build.tools import Tools
from image.command import run

NAME = "keys"
KEY, CERTIFICATE = "update.key.pem", "update.cert.pem"
CERTIFICATES = "*.cert.pem"
# A sensor stands in homes for years, and a card that trusts no key any more must be written anew.
DAYS = 3650
SUBJECT = "/CN=Glovebox updates"


@dataclass(frozen=True)
class UpdateKeys:
    """What signs bundles, and whose bundles a card takes."""

    folder: Path

    @property
    def key(self) -> Path:
        return self.folder / KEY

    @property
    def certificate(self) -> Path:
        return self.folder / CERTIFICATE

    def keyring(self) -> bytes:
        """Return the certificates that a card trusts, in order of the names of their files."""
        return b"".join(file.read_bytes() for file in sorted(self.folder.glob(CERTIFICATES)))


def take_keys(tools: Tools, build: Path, log: Path) -> UpdateKeys:
    """Return the keys below the folder `build`; they are made where there are none.

    Raises InputError where others may read the key or where it is half there, and what run raises.
    """
    keys = UpdateKeys(build / NAME)
    if not keys.folder.exists():
        _make(tools, keys, log)
    for file in (keys.key, keys.certificate):
        if not file.is_file():
            raise InputError(f"{file} is missing: put it back, or remove {file.parent}")
    for file in (keys.folder, keys.key):
        if file.stat().st_mode & 0o077:
            raise InputError(f"{file} is open to others: chmod go= {file}")
    return keys


def _make(tools: Tools, keys: UpdateKeys, log: Path) -> None:
    made = keys.folder.with_name(f".{NAME}.partial")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(mode=0o700, parents=True)
    # Made by us, so that openssl finds it closed already.
    (made / KEY).touch(mode=0o600)
    run(
        [
            *tools.argv("openssl"), "req", "-x509", "-newkey", "ec",
            "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", str(DAYS),
            "-subj", SUBJECT, "-addext", "keyUsage=critical,digitalSignature",
            "-keyout", made / KEY, "-out", made / CERTIFICATE,
        ],
        log,
        {**tools.environment, "OPENSSL_CONF": str(tools.root / "etc/ssl/openssl.cnf")},
    )  # fmt: skip
    os.replace(made, keys.folder)
