# SPDX-License-Identifier: MIT
from __future__ import annotations

from pathlib import Path

from appliance.supervisor.restarted import Comebacks


def invoke(links: Path, unit: str, invocation: str) -> None:
    link = links / f"invocation:{unit}"
    link.unlink(missing_ok=True)
    link.symlink_to(invocation)


def test_look_counts_from_the_second_invocation_on(tmp_path: Path) -> None:
    subject = Comebacks(["a.service", "b.service"], links=tmp_path)
    assert subject.look() == {"a.service": 0, "b.service": 0}
    invoke(tmp_path, "a.service", "1")
    assert subject.look()["a.service"] == 0
    for invocation, expected in (("1", 0), ("2", 1), ("2", 1), ("3", 2)):
        invoke(tmp_path, "a.service", invocation)
        assert subject.look() == {"a.service": expected, "b.service": 0}


def test_look_remembers_a_unit_that_is_down(tmp_path: Path) -> None:
    subject = Comebacks(["a.service"], links=tmp_path)
    for invocation in ("1", "2"):
        invoke(tmp_path, "a.service", invocation)
        subject.look()
    (tmp_path / "invocation:a.service").unlink()
    assert subject.look() == {"a.service": 1}
    invoke(tmp_path, "a.service", "3")
    assert subject.look() == {"a.service": 2}


def test_look_counts_on_from_what_was_before(tmp_path: Path) -> None:
    assert Comebacks(["a.service"], ["a.service"], tmp_path).look() == {"a.service": 1}
