# SPDX-License-Identifier: MIT
"""KVM is tried once in each run of the host."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from image.build.tools import Tools
from image.machine import accelerator
from image.machine.accelerator import EMULATION, KVM, Accelerator, choose


@pytest.mark.parametrize(("works", "words"), [(True, KVM), (False, EMULATION)])
def test_choose_tries_once_and_remembers(
    works: bool, words: Accelerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Path] = []

    def kvm_works(tools: Tools, kernel: Path) -> bool:
        tried.append(kernel)
        return works

    monkeypatch.setattr(accelerator, "kvm_works", kvm_works)
    for _ in range(2):
        assert choose(Tools(tmp_path), Path("kernel"), tmp_path / "memory") == words
    assert tried == [Path("kernel")]


def test_choose_tries_again_after_the_host_restarted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "memory").write_text("another-boot kvm\n")
    monkeypatch.setattr(accelerator, "kvm_works", lambda tools, kernel: False)
    assert choose(Tools(tmp_path), Path("kernel"), tmp_path / "memory") == EMULATION


@pytest.mark.parametrize(
    ("body", "works"),
    [("echo 'Kernel panic: Unable to mount root fs on'", True), ("echo KVM internal error", False)],
)
def test_kvm_works_only_where_the_kernel_comes_to_its_own_panic(
    body: str, works: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "run" / "qemu-system-x86_64"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    monkeypatch.setattr(os, "access", lambda path, mode: True)
    assert accelerator.kvm_works(Tools(tmp_path), Path("kernel")) is works


def test_only_an_emulated_kernel_is_told_of_its_timer() -> None:
    assert accelerator.KVM.command_line == ""
    words = set(accelerator.EMULATION.command_line.split())
    assert words == {"nohz=off", "highres=off", accelerator.PATIENT}
