# SPDX-License-Identifier: MIT
"""What can be told while the supervisor is silent: since when, and the bare facts of one look.

Whoever shows the verdict makes that look, with the supervisor's own checks and without systemd.
"""

from __future__ import annotations

from appliance import words
from appliance.reports.levels import Level
from appliance.reports.selftest import SelfTestReport
from appliance.reports.states import State
from appliance.reports.supervisor import Health
from appliance.supervisor import checks, verdict
from appliance.supervisor.history import History
from appliance.supervisor.observations import Unknown
from appliance.supervisor.observe import Observer
from appliance.supervisor.published import finding

# They need no systemd, no earlier look, no right, and wait for nothing.
BARE = frozenset(
    (
        *("interface", "address", "network", "reports", "stream", "routers", "engine"),
        *("store-reports", "storing", "configuration", "clock", "memory", "disks"),
        *("temperature", "power", "dhcp", "selftest"),
    )
)
TABLE = tuple(check for check in checks.CHECKS if check.name in BARE)


def current(told: Health | None, observer: Observer, now: float) -> Health:
    """Return what the supervisor says; the bare facts where that is not of `now` (since 1970)."""
    return told if told is not None and told.is_fresh(now) else bare(told, observer, now)


def bare(told: Health | None, observer: Observer, now: float) -> Health:
    """Look, and return what that shows; `told` is the supervisor's last word."""
    look = observer.look(checks.needs(set(BARE), TABLE))
    results = checks.judge(History.begin(look), set(BARE), {}, TABLE)
    return Health(
        updated=now,
        state=State.SILENT,
        level=Level.FAIL,
        sentence=f"{_silence(told, now)} {verdict.judge(results).sentence}",
        checks=tuple(finding(name, result, None) for name, result in results.items()),
        selftest=None if isinstance(look.reports, Unknown) else look.report(SelfTestReport),
        actions=told.actions if told else (),
    )


def _silence(told: Health | None, now: float) -> str:
    if told is None:
        return "The supervisor has not reported (systemctl status glovebox-supervisor)."
    # From the future is no better: the clock was set and nothing came since.
    return f"The supervisor last reported {words.duration(abs(now - told.updated))} ago."
