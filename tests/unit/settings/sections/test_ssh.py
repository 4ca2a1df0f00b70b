# SPDX-License-Identifier: MIT
"""[ssh]: each wrong value is refused with what was expected."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from appliance.settings.sections.ssh import LEAST_RSA_BITS, objection
from tests.conftest import PROJECT
from tests.refusal import refusal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[ssh]\nkeys = ["ssh-dss AAAA"]\n', ["keys", "public keys"]),
    ],
)
def test_refuses_and_says_what_was_expected(text: str, words: list[str]) -> None:
    said = refusal(text)
    assert said.startswith("file: ")
    assert all(word in said for word in words), said


def test_a_second_key_in_a_text_is_told() -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJCoaqsSxDVpS7fxoVnYoyuCOGpNGgZcDpBUSjsz2vSw"
    assert objection(f"{key} ann@pc") is None
    for second in (key, f"ann@pc {key} bob"):
        assert "more than one key in a text" in (objection(f"{key} {second}") or "")


@pytest.mark.slow
@pytest.mark.parametrize(("bits", "taken"), [(1024, False), (2047, False), (2048, True)])
def test_an_rsa_key_has_2048_bits_at_least(bits: int, taken: bool, tmp_path: Path) -> None:
    argv = ["ssh-keygen", "-q", "-t", "rsa", "-b", str(bits), "-N", "", "-C", "owner"]
    subprocess.run([*argv, "-f", str(tmp_path / "id")], check=True)
    key = (tmp_path / "id.pub").read_text().strip()
    said = objection(key)
    assert (said is None) == taken
    if said:
        assert f"{bits} bits" in said and key.split()[1] not in said


def test_sshd_wants_as_many_bits() -> None:
    text = (PROJECT / "config/ssh/sshd_config").read_text()
    assert f"\nRequiredRSASize {LEAST_RSA_BITS}\n" in text
