# SPDX-License-Identifier: MIT
"""glovebox-https.txt: by what the owner knows the page's certificate, on BOOT, for any editor."""

from __future__ import annotations

import logging
from pathlib import Path

from appliance import requests

NAME = "glovebox-https.txt"
OUTBOX = Path("/run/glovebox-web/outbox")

log = logging.getLogger(__name__)

LINES = (
    "Glovebox and https://",
    "",
    "The page answers https:// with a certificate that this machine made for itself, so browsers",
    "warn. Look at the certificate that yours shows: if its SHA-256 fingerprint is this one,",
    "nobody sits in between.",
    "",
    "{fingerprint}",
    "",
    "The page says it too, under System.",
    "",
)


def text(fingerprint: str) -> bytes:
    """Return the file; empty without a certificate: then there is none."""
    return "\r\n".join(LINES).format(fingerprint=fingerprint).encode() if fingerprint else b""


def lay_out(fingerprint: str, outbox: Path = OUTBOX, boot: Path = requests.BOOT) -> None:
    """Leave in the outbox what BOOT should say, if it says something else. Raises nothing."""
    if not outbox.is_dir():  # A development machine.
        return
    try:
        requests.for_boot(NAME, text(fingerprint), outbox, boot)
    except OSError as error:
        log.error("%s cannot be written: %s", NAME, error.strerror)
