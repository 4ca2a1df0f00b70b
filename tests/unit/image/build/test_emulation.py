# SPDX-License-Identifier: MIT
"""Programs of another architecture: what the kernel is told of their interpreter."""

from __future__ import annotations

from pathlib import Path

from image.build.emulation import registered, registration

REGISTERED = """\
enabled
interpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P
flags: {flags}
offset 0
magic 7f454c460201010000000000000000000200b700
mask ffffffffffffff00fffffffffffffffffeffffff
"""


def test_registration_is_what_binfmt_misc_reads() -> None:
    line = registration("arm64", Path("/tools/qemu-aarch64")).decode()
    _, name, kind, offset, magic, mask, program, flags = line.split(":")
    assert (name, kind, offset) == ("glovebox-arm64", "M", "")
    assert program == "/tools/qemu-aarch64"
    assert flags == "F"
    assert magic.startswith(r"\x7f\x45\x4c\x46") and magic.count("\\") == mask.count("\\") == 20


def test_registered_finds_an_interpreter_that_works_in_any_root(tmp_path: Path) -> None:
    (tmp_path / "status").write_text("enabled\n")
    assert not registered("arm64", tmp_path)
    (tmp_path / "qemu-aarch64").write_text(REGISTERED.format(flags="POCF"))
    assert registered("arm64", tmp_path)


def test_registered_passes_over_one_that_is_off_or_bound_to_the_host_root(tmp_path: Path) -> None:
    (tmp_path / "off").write_text(REGISTERED.format(flags="F").replace("enabled", "disabled"))
    (tmp_path / "bound").write_text(REGISTERED.format(flags="OC"))
    (tmp_path / "other").write_text(REGISTERED.format(flags="F").replace("b700", "2800"))
    assert not registered("arm64", tmp_path)
