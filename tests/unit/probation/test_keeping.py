# SPDX-License-Identifier: MIT
from __future__ import annotations

from pathlib import Path

import pytest

from appliance.probation import keeping
from appliance.probation.keeping import OnTrial
from appliance.probation.policy import KeptNetwork, NewNetwork, TrialProgress
from appliance.reports.probation import TrialEnd

WIRED = {"wired": {"addresses": ["192.168.88.5/24"], "gateways": ["192.168.88.1"]}}
WIFI = {"wifi": {"networks": [{"ssid": "One", "password": "a secret of the air"}]}}


RECORDS = [
    KeptNetwork(),
    KeptNetwork(WIRED),
    KeptNetwork(WIFI, NewNetwork("0badcafe", WIRED | WIFI, "digest")),
]


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_comes_back_as_it_was(record: KeptNetwork, tmp_path: Path) -> None:
    file = tmp_path / "record"
    file.write_bytes(keeping.record_to_json(record))
    assert keeping.read_record(file) == record


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b'{"good": {}}', b'{"good": [], "attempt": null}',
        b'{"good": {"wired": {"addresses": ["nonsense"]}}, "attempt": null}',
        b'{"good": {}, "attempt": {"name": "a", "tables": {"nothing": {}}, "text": ""}}',
        b'{"good": {}, "attempt": 7}', b"\xff\xfe",
    ],
)  # fmt: skip
def test_a_record_that_cannot_be_used_is_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "record").write_bytes(content)
    assert keeping.read_record(tmp_path / "record") is None
    assert keeping.read_record(tmp_path / "nothing") is None


def test_progress_and_trial_come_back_as_they_were(tmp_path: Path) -> None:
    progress = TrialProgress("0badcafe", 61.5, TrialEnd.FAILED)
    keeping.write_progress(progress, tmp_path / "progress")
    assert keeping.read_progress(tmp_path / "progress") == progress
    # Whoever reads it is of the folder's group, and not of the writer's.
    assert (tmp_path / "progress").stat().st_mode & 0o777 == 0o644
    trial = OnTrial("0badcafe", ("192.168.88.1",), True, False)
    keeping.write_on_trial(trial, tmp_path / "trial")
    assert keeping.read_on_trial(tmp_path / "trial") == trial
    (tmp_path / "trial").write_text('{"attempt": "a"}')
    assert keeping.read_on_trial(tmp_path / "trial") is None


def test_who_watches_learns_no_secret() -> None:
    found = keeping.on_trial(NewNetwork("0badcafe", WIRED | WIFI), WIRED)
    assert found == OnTrial("0badcafe", (), wired=False, wifi=True)
    found = keeping.on_trial(NewNetwork("0badcafe", WIRED | WIFI), {})
    assert found == OnTrial("0badcafe", ("192.168.88.1",), wired=True, wifi=True)
    assert "secret" not in repr(NewNetwork("0badcafe", WIFI)) + repr(KeptNetwork(WIFI))
