# SPDX-License-Identifier: MIT
"""The machine's own certificate for HTTPS: made once, by openssl(1), and recognised by its print.

No authority stands behind it, so browsers warn once. Who compares the fingerprint that the browser
shows with the one on the page, once, is told when somebody sits in between later.
"""

from __future__ import annotations

import hashlib
import logging
import socket
import ssl
import subprocess
from pathlib import Path

from appliance import files

log = logging.getLogger(__name__)

NAME = "https.pem"
DAYS = 3650
PATIENCE_S = 60.0
_MAKE = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", str(DAYS), "-keyout", "-", "-out", "-")  # fmt: skip


def context(directory: Path) -> tuple[ssl.SSLContext, str] | None:
    """Return what encrypts connections, and the certificate's fingerprint; None without openssl.

    The certificate and its key are made at the first call, and kept in `directory`.
    """
    file = directory / NAME
    try:
        if not file.exists():
            files.create_durable(file, _made(), 0o600)
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        made.options |= ssl.OP_NO_RENEGOTIATION
        made.load_cert_chain(file)
        return made, fingerprint(file.read_text(encoding="ascii"))
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        log.error("no HTTPS: %s", type(error).__name__ if isinstance(error, ValueError) else error)
        return None


def fingerprint(pem: str) -> str:
    """Return the SHA-256 of the certificate in `pem`, as browsers show it: AB:CD:…"""
    start, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    inner = pem.partition(start)[2].partition(end)[0]
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(start + inner + end)).digest()
    return digest.hex(":").upper()


def _made() -> bytes:
    name = socket.gethostname().partition(".")[0][:63] or "glovebox"
    names = f"subjectAltName=DNS:{name}.local,DNS:{name},DNS:{name}.lan"
    argv = [*_MAKE, "-subj", f"/CN={name}.local", "-addext", names]
    done = subprocess.run(argv, capture_output=True, check=True, timeout=PATIENCE_S)
    return done.stdout
