# SPDX-License-Identifier: MIT
"""Hands a batch of records to a collector, in its form and by its way."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from urllib.parse import SplitResult, quote, urlunsplit

from appliance.notify.channels.http_post import HttpAnswer, post
from appliance.notify.forward import collector_forms as forms
from appliance.notify.forward import line_socket
from appliance.notify.forward.collector_forms import Record
from appliance.notify.send_socket import SendAnswer
from appliance.settings.sections.forward import ForwardTarget

# An answer to a bulk has some 30 bytes for each record.
_LARGEST_ANSWER = 1 << 16
_NDJSON = {"Content-Type": "application/x-ndjson"}
_JSON = {"Content-Type": "application/json"}
_FILTER = "filter_path=errors,items.*.status"


def hand_over(target: ForwardTarget, lines: Sequence[str]) -> SendAnswer:
    """Hand over records, lines of EVE. Raises SendError, and ValueError for what is no record."""
    parts = target.address
    if parts is None:
        return SendAnswer(False, "that is no address")
    records = [json.loads(line) for line in lines]
    return _BY_WAY[target.way](target, parts, records, lines)


def _eve(
    target: ForwardTarget, parts: SplitResult, records: Sequence[Record], lines: Sequence[str]
) -> SendAnswer:
    pieces = [line.encode() + b"\n" for line in lines]
    line_socket.send(parts.scheme, parts.hostname or "", parts.port or 0, pieces)
    return SendAnswer(True, "taken")


def _syslog(
    target: ForwardTarget, parts: SplitResult, records: Sequence[Record], lines: Sequence[str]
) -> SendAnswer:
    pieces = [forms.syslog(record, line) for record, line in zip(records, lines, strict=True)]
    if parts.scheme != "udp":
        pieces = [forms.octet_counted(piece) for piece in pieces]
    line_socket.send(parts.scheme, parts.hostname or "", parts.port or 0, pieces)
    return SendAnswer(True, "sent" if parts.scheme == "udp" else "taken")


def _http(
    target: ForwardTarget, parts: SplitResult, records: Sequence[Record], lines: Sequence[str]
) -> SendAnswer:
    body = "".join(f"{line}\n" for line in lines).encode()
    return _said(post(target.to, body, {**_NDJSON, **_basic(target)}))


def _opensearch(
    target: ForwardTarget, parts: SplitResult, records: Sequence[Record], lines: Sequence[str]
) -> SendAnswer:
    url = urlunsplit((parts.scheme, parts.netloc, "/_bulk", _FILTER, ""))
    body = forms.bulk(records, parts.path.strip("/"))
    answer = post(url, body, {**_NDJSON, **_basic(target)}, _LARGEST_ANSWER)
    if not answer.is_good:
        return _said(answer)
    try:
        refused = forms.refused_in_bulk(answer.text)
    except (ValueError, KeyError, TypeError, AttributeError):
        return SendAnswer(False, "its answer is none to a bulk")
    return SendAnswer(not refused, f"{refused} records refused" if refused else "taken")


def _loki(
    target: ForwardTarget, parts: SplitResult, records: Sequence[Record], lines: Sequence[str]
) -> SendAnswer:
    path = parts.path.rstrip("/") or "/loki/api/v1/push"
    url = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
    return _said(post(url, forms.loki(records, lines), {**_JSON, **_basic(target)}))


def _clickhouse(
    target: ForwardTarget, parts: SplitResult, records: Sequence[Record], lines: Sequence[str]
) -> SendAnswer:
    query = quote(f"INSERT INTO {parts.path.strip('/')} FORMAT JSONEachRow")
    url = urlunsplit((parts.scheme, parts.netloc, "/", f"query={query}", ""))
    return _said(post(url, forms.rows(records), {**_NDJSON, **_basic(target)}))


_BY_WAY: dict[
    str, Callable[[ForwardTarget, SplitResult, Sequence[Record], Sequence[str]], SendAnswer]
] = {
    "eve": _eve,
    "syslog": _syslog,
    "http": _http,
    "opensearch": _opensearch,
    "loki": _loki,
    "clickhouse": _clickhouse,
}


def _basic(target: ForwardTarget) -> dict[str, str]:
    if not target.secret:
        return {}
    if not target.user:
        return {"Authorization": f"Bearer {target.secret}"}
    found = base64.b64encode(f"{target.user}:{target.secret}".encode()).decode()
    return {"Authorization": f"Basic {found}"}


def _said(answer: HttpAnswer) -> SendAnswer:
    return SendAnswer(answer.is_good, answer.words)
