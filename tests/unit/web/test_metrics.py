# SPDX-License-Identifier: MIT
"""What Prometheus is told, as its own parser reads it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from appliance import __version__
from appliance.alerts.metrics import MOST_SIGNATURES
from appliance.alerts.store import AlertStore
from appliance.reports.receiver import ReceiverReport
from appliance.reports.states import State
from tests.conftest import PROJECT
from tests.web.alerts import add, an_alert
from tests.web.reports import a_loss

DOCUMENT = (PROJECT / "docs/developer/api.md").read_text()


def families(client: FlaskClient) -> dict[str, Metric]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def value(found: dict[str, Metric], name: str, **labels: str) -> float:
    (sample,) = (sample for sample in found[name].samples if sample.labels == labels)
    return sample.value


def test_metrics_hold_every_counter(client: FlaskClient, fresh: ReceiverReport) -> None:
    found, counted = families(client), fresh.tally.as_json()
    for name, key in (
        ("datagrams_received", "datagrams_received"),
        ("received_bytes", "bytes_received"),
        ("frames_sent", "frames_sent"),
        ("sent_bytes", "bytes_sent"),
        ("keepalives", "keepalives"),
    ):
        assert value(found, f"glovebox_{name}") == counted[key]
    assert value(found, "glovebox_socket_overflow") == fresh.socket_overflow
    assert value(found, "glovebox_reassembly_failures") == fresh.reassembly_failures
    assert value(found, "glovebox_udp_errors") == fresh.udp_errors
    for reason, count in fresh.tally.dropped.items():
        assert value(found, "glovebox_datagrams_dropped", reason=reason) == count
    assert value(found, "glovebox_source_frames_sent", source="192.0.2.1") == fresh.tally.sent
    assert value(found, "glovebox_source_datagrams_dropped", source="192.0.2.1") == 3


@pytest.mark.usefixtures("supervised")
def test_metrics_hold_what_the_supervisor_found(client: FlaskClient, tmp_path: Path) -> None:
    a_loss(time.time()).publish(tmp_path)
    found = families(client)
    assert value(found, "glovebox_supervised") == 1
    assert value(found, "glovebox_state", state="losing") == 1
    assert sum(sample.value for sample in found["glovebox_state"].samples) == 1
    assert len(found["glovebox_state"].samples) == len(State)
    assert value(found, "glovebox_check_level", check="media") == 3
    assert value(found, "glovebox_check_level", check="engine") == 0
    assert value(found, "glovebox_ledger_lost_packets", stage="socket") == 70_112
    assert value(found, "glovebox_engine_packets") == 9_245_908
    assert value(found, "glovebox_engine_lost_packets") == 1204
    assert {sample.labels["stage"] for sample in found["glovebox_ledger_packets"].samples} == {
        *("reassembly", "socket", "decapsulation", "interface", "engine")
    }
    assert value(found, "glovebox_selftest_passed") == 1
    assert value(found, "glovebox_selftest_duration_seconds", station="stored") == 0.412


def test_metrics_hold_alerts_by_priority_and_signature(
    client: FlaskClient, store: AlertStore
) -> None:
    add(store, [an_alert(sid=sid, message=f'"{sid}"\n\\') for sid in range(MOST_SIGNATURES + 5)])
    add(store, [an_alert(priority=1, message="often")] * 7)
    found = families(client)
    assert value(found, "glovebox_alerts_stored") == MOST_SIGNATURES + 12
    assert value(found, "glovebox_alerts_stored_by_priority", priority="1") == 7
    assert value(found, "glovebox_alerts_stored_by_priority", priority="2") == MOST_SIGNATURES + 5
    samples = found["glovebox_alerts_stored_by_signature"].samples
    assert len(samples) == MOST_SIGNATURES
    assert (samples[0].labels["message"], samples[0].value) == ("often", 7)


def test_metrics_leave_out_what_is_not_known(client: FlaskClient) -> None:
    found = families(client)
    assert value(found, "glovebox_watching") == 0
    assert value(found, "glovebox_supervised") == 0
    for name in ("datagrams_received", "alerts_stored", "state", "selftest_passed"):
        assert f"glovebox_{name}" not in found


def test_metrics_name_the_version(client: FlaskClient) -> None:
    assert value(families(client), "glovebox_build_info", version=__version__) == 1


@pytest.mark.slow
def test_metrics_leave_out_old_figures(
    client: FlaskClient, tmp_path: Path, fresh: ReceiverReport
) -> None:
    replace(fresh, updated=fresh.updated - 60).publish(tmp_path)
    assert "glovebox_datagrams_received" not in families(client)


@pytest.mark.usefixtures("supervised")
def test_metrics_are_all_documented(client: FlaskClient, store: AlertStore) -> None:
    add(store, [an_alert()])
    for name, family in families(client).items():
        shown = f"{name}_total" if family.type == "counter" else name
        assert f"`{shown}`" in DOCUMENT
        assert family.documentation.endswith((".", "fail"))
        labels = {label for sample in family.samples for label in sample.labels}
        row = next(line for line in DOCUMENT.splitlines() if f"`{shown}`" in line)
        assert all(f"`{label}`" in row for label in labels)
