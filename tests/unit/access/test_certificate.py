# SPDX-License-Identifier: MIT
"""The machine's own certificate."""

from __future__ import annotations

import hashlib
import socket
import ssl
import stat
import subprocess
import threading
from pathlib import Path

import pytest

from appliance.access import certificate


def test_it_is_made_once_and_for_the_page_alone(tmp_path: Path) -> None:
    first = certificate.context(tmp_path)
    again = certificate.context(tmp_path)
    assert first is not None and again is not None
    assert first[1] == again[1]
    assert stat.S_IMODE((tmp_path / certificate.NAME).stat().st_mode) == 0o600


def test_the_fingerprint_is_what_clients_see(tmp_path: Path) -> None:
    found = certificate.context(tmp_path)
    assert found is not None
    ours, theirs = socket.socketpair()
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE

    def serve() -> None:
        with found[0].wrap_socket(ours, server_side=True) as secure:
            secure.recv(1)

    thread = threading.Thread(target=serve)
    thread.start()
    with trusting.wrap_socket(theirs) as secure:
        shown = secure.getpeercert(binary_form=True)
        assert secure.version() == "TLSv1.3"
        secure.sendall(b"x")
    thread.join()
    assert shown is not None
    assert hashlib.sha256(shown).digest().hex(":").upper() == found[1]


def test_it_bears_the_names_of_the_machine(tmp_path: Path) -> None:
    certificate.context(tmp_path)
    argv = ["openssl", "x509", "-in", str(tmp_path / certificate.NAME), "-noout", "-text"]
    text = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert f"DNS:{socket.gethostname().partition('.')[0]}.local" in text
    assert "prime256v1" in text


@pytest.mark.parametrize("content", ["", "rubbish", "-----BEGIN CERTIFICATE-----\nAA\n"])
def test_a_damaged_one_is_told_and_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    (tmp_path / certificate.NAME).write_text(content)
    assert certificate.context(tmp_path) is None
    assert "no HTTPS" in caplog.text


def test_without_openssl_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert certificate.context(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
