# SPDX-License-Identifier: MIT
"""The one word for how Glovebox is: the supervisor says it, the LEDs and the page show it."""

from __future__ import annotations

import enum


class State(enum.StrEnum):
    """How Glovebox is; the value is the word in the status file `supervisor`."""

    BOOTING = "booting"
    WAITING = "waiting"
    SEEING = "seeing"
    CAPTURING = "capturing"
    LOSING = "losing"
    ENGINE_DOWN = "engine_down"
    ALERT = "alert"
    CONFIG_ERROR = "config_error"
    OTHER_DHCP = "other_dhcp"
    TROUBLE = "trouble"
    SAFE_TO_UNPLUG = "safe_to_unplug"
    # Never published: what a reader makes of a status that is old, missing or not understood.
    SILENT = "silent"

    @property
    def words(self) -> str:
        """The state in a few words of the owner's."""
        return WORDS[self]

    @property
    def heading(self) -> str:
        """The state in a word or two, where it stands first."""
        return HEADINGS[self]

    @property
    def is_seeing(self) -> bool:
        """Whether frames arrive and go where they should."""
        return self in (State.SEEING, State.CAPTURING)

    @property
    def is_fault(self) -> bool:
        """Whether something must be put right."""
        return self in FAULTS


WORDS = {
    State.BOOTING: "starting",
    State.WAITING: "ready, but no router sends a stream",
    State.SEEING: "traffic arrives and is inspected",
    State.CAPTURING: "traffic arrives; captures only, without an engine",
    State.LOSING: "packets are lost on the way",
    State.ENGINE_DOWN: "the detection engine does not run",
    State.ALERT: "a new alert of high priority",
    State.CONFIG_ERROR: "a setting cannot be used",
    State.OTHER_DHCP: "another DHCP server answers, so this one is silent",
    State.TROUBLE: "something else is wrong; the page says what",
    State.SAFE_TO_UNPLUG: "safe to unplug",
    State.SILENT: "the supervisor says nothing",
}
HEADINGS = {
    State.BOOTING: "Starting",
    State.WAITING: "Waiting",
    State.SEEING: "Watching",
    State.CAPTURING: "Capturing",
    State.LOSING: "Losing packets",
    State.ENGINE_DOWN: "Not watching",
    State.ALERT: "Alert",
    State.CONFIG_ERROR: "Wrong setting",
    State.OTHER_DHCP: "Another DHCP server",
    State.TROUBLE: "Trouble",
    State.SAFE_TO_UNPLUG: "Safe to unplug",
    State.SILENT: "Unsure",
}
FAULTS = frozenset(
    (State.LOSING, State.ENGINE_DOWN, State.CONFIG_ERROR, State.TROUBLE, State.SILENT)
)
