# SPDX-License-Identifier: MIT
"""Whatever any service publishes, and whatever is asked for, comes out of the page as text.

Every report there is gets hostile text in every place that takes text; every route is asked.
"""

from __future__ import annotations

import dataclasses
import enum
import importlib
import pkgutil
import re
import time
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance import reports, shape
from appliance.alerts.store import AlertStore
from appliance.reports import statusfile
from appliance.reports.outcomes import OUTCOMES, Tally
from appliance.reports.statusfile import StatusFile
from tests.web.alerts import add, an_alert

# It breaks out of text, of attributes in either quotes, of a textarea, a title and a script.
HOSTILE = "\"'></textarea></title></script><img src=x onerror=h()><svg onload=h()>{{7*7}}"
RAW = ("<img src=x", "<svg onload", ">49<", "</textarea></title>")
# Files of which there are several are named by what they are about.
SEVERAL = {"dhcp": "dhcp-eth0", "films-drive": "films-drive-sda1"}
PARAMETERS = ("text", "q", "address", "tab", "sid", "after", "before", "v", "name", "x", "back")
HARMLESS_TYPES = ("text/plain", "text/csv", "application/json", "application/vnd.tcpdump.pcap")


def kinds() -> dict[str, type[StatusFile]]:
    """Return every report that there is, by its name."""
    for module in pkgutil.iter_modules(reports.__path__):
        importlib.import_module(f"{reports.__name__}.{module.name}")
    return {kind.NAME: kind for kind in StatusFile.__subclasses__()}


def hostile(kind: Any) -> Any:
    """Return a value of some type as JSON, with hostile text wherever it may hold text."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return hostile(inner[0])
    if origin is tuple:
        return [hostile(inner[0])]
    if origin is not None:
        return {HOSTILE: hostile(inner[1])}
    if kind is Tally:
        return shape.to_json(Tally([1] * OUTCOMES))
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return {part.name: hostile(hints[part.name]) for part in dataclasses.fields(kind)}
    if issubclass(kind, enum.Enum):
        return next(iter(kind)).value
    return {str: HOSTILE, float: time.time(), int: 1, bool: True}[kind]


@pytest.fixture
def told(tmp_path: Path, store: AlertStore) -> None:
    """Have every service tell it, and the engine."""
    for name, kind in kinds().items():
        file = SEVERAL.get(name, name)
        statusfile.publish(file, hostile(kind), tmp_path)
        assert kind.require_named(file, tmp_path)
    statusfile.publish("settings", {"problems": [HOSTILE], "notes": [HOSTILE]}, tmp_path)
    texts = dict.fromkeys(("message", "classification", "protocol", "engine"), HOSTILE)
    add(store, [an_alert(**texts, source=HOSTILE, destination=HOSTILE), an_alert(**texts)])


def addresses(app: Flask) -> Iterator[str]:
    """Yield what can be asked for: as it is meant, and with hostile text in each place."""
    query = "&".join(f"{name}={quote(HOSTILE)}" for name in PARAMETERS)
    for rule in app.url_map.iter_rules():
        # It never ends; what it says is what /live says.
        if "GET" not in (rule.methods or ()) or rule.rule == "/stream":
            continue
        for value in (quote(HOSTILE, safe=""), "192.0.2.1", "1") if rule.arguments else ("",):
            path = re.sub("<[^>]*>", value, rule.rule)
            yield path
            yield f"{path}?{query}"


def body_of(client: FlaskClient, address: str) -> str:
    """Return what a browser would take for markup: of parts in JSON, what the page puts in."""
    answer = client.get(address)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy and "script" not in policy
    if answer.is_json and isinstance(answer.json, dict) and "parts" in answer.json:
        return "".join(answer.json["parts"].values())
    return "" if answer.mimetype in HARMLESS_TYPES else answer.get_data(as_text=True)


@pytest.mark.slow
@pytest.mark.usefixtures("told")
def test_no_report_and_no_question_comes_out_as_markup(app: Flask, client: FlaskClient) -> None:
    shown = set()
    for address in addresses(app):
        body = body_of(client, address)
        assert not [each for each in RAW if each in body], address
        if "onerror" in body:
            shown.add(address.partition("?")[0])
    # Those that show most of what others say; were they empty, this would show nothing.
    assert {"/", "/alerts", "/devices", "/system", "/live"} <= shown, sorted(shown)
