# SPDX-License-Identifier: MIT
"""Whether a router is set up as it should be, with words for its owner. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from appliance import words
from appliance.reports.levels import Level
from appliance.router import plan
from appliance.router.api import Fields
from appliance.router.picture import Picture, is_yes
from appliance.router.plan import FAMILIES, NAME, RULE_IN, RULE_OUT, Step, Wanted
from appliance.router.refusals import Refusal, plain

# What a clock may be wrong by: nobody orders lines of logs by less.
CLOCK_S = 300.0
# Of each group of ours.
RIGHTS = {NAME: plan.POLICY, plan.READER: plan.READ_POLICY}


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that was looked at: how it is, and what to do."""

    level: Level
    text: str
    advice: str = ""


def points(wanted: Wanted, picture: Picture) -> tuple[Point, ...]:
    """Return what was found, the worst first; without any fault or warning, one that says so."""
    steps = plan.steps(wanted)
    found = [
        *_version(picture),
        *_clock(picture),
        *_unread(picture),
        *_steps(steps, picture),
        *_lists(wanted, picture),
        *_order(picture),
        *_rights(picture),
        *_capture(wanted, picture),
        *_adlist(wanted, picture),
    ]
    found.sort(key=lambda point: -point.level.severity)
    return tuple(found) or (Point(Level.OK, "The router is set up."),)


def _version(picture: Picture) -> list[Point]:
    if picture.old:
        version = ".".join(map(str, picture.version))
        return [Point(Level.FAIL, f"RouterOS {version} is too old: 7.9 or newer is needed.",
                      "Update the router: System, Packages, Check For Updates.")]  # fmt: skip
    if picture.flagged:
        return [Point(Level.WARN, "The router suspects its own configuration (flagged).",
                      "Somebody else may have changed it: look through its users, scripts and "
                      "scheduler. Nothing was changed by Glovebox.")]  # fmt: skip
    return []


def _clock(picture: Picture) -> list[Point]:
    ahead = picture.clock_ahead
    if ahead is None or abs(ahead) < CLOCK_S:
        return []
    length = words.duration(abs(ahead))
    return [Point(Level.WARN, f"The router's clock is {length} {'fast' if ahead > 0 else 'slow'}, "
                  "by this machine's.",
                  "Set it there: System, NTP Client. Blocking does not need it, but its log and "
                  "what was changed when do.")]  # fmt: skip


def _unread(picture: Picture) -> list[Point]:
    # Older versions have no device-mode, and some no IPv6: that is no fault.
    names = [menu for menu, why in picture.refused.items() if why is Refusal.RIGHTS]
    if not names:
        return []
    return [
        Point(
            Level.FAIL,
            f"Glovebox's user may not read {', '.join(names[:3])}.",
            f"Give its group the rights {plan.POLICY}, or paste the block again.",
        )
    ]


def _steps(steps: tuple[Step, ...], picture: Picture) -> list[Point]:
    return [
        Point(Level.FAIL if step.needed else Level.WARN, f"Not there: {step.title}.",
              "Paste the block into a terminal of it.")
        for step in plan.missing(steps, picture)
    ]  # fmt: skip


def _lists(wanted: Wanted, picture: Picture) -> list[Point]:
    names = dict.fromkeys((wanted.router.inside, wanted.router.outside))
    return [
        Point(Level.FAIL, f"The router has no interface list {name} with members: rules that name "
              "it match nothing.",
              "Name the lists of your router as `inside` and `outside` under [router].")
        for name in names
        if not picture.has_list(name)
    ]  # fmt: skip


def _order(picture: Picture) -> list[Point]:
    found = []
    for family in FAMILIES:
        rows = picture.rows(f"/{family}/firewall/raw")
        for name in (RULE_IN, RULE_OUT):
            place = next((n for n, row in enumerate(rows) if row.get("comment") == name), None)
            if place is not None:
                found += _rule(name, rows[place], rows[:place])
    return found


def _rule(name: str, rule: Fields, before: tuple[Fields, ...]) -> list[Point]:
    if is_yes(rule.get("disabled", "")):
        return [Point(Level.FAIL, f"The rule {name} is switched off.", "Switch it on again.")]
    if is_yes(rule.get("invalid", "")):
        return [Point(Level.FAIL, f"The router calls the rule {name} invalid.",
                      "Look at it under IP, Firewall, Raw.")]  # fmt: skip
    accepts = [row for row in before if _accepts(row)]
    if accepts:
        shown = plain(accepts[0].get("comment", "") or "without a comment", 40)
        return [Point(Level.WARN, f"A rule that accepts stands before {name} ({shown}): what it "
                      "takes is never blocked.", "Move Glovebox's rules to the top.")]  # fmt: skip
    return []


def _accepts(row: Fields) -> bool:
    same = row.get("chain") == "prerouting" and row.get("action", "accept") == "accept"
    return same and not is_yes(row.get("disabled", ""))


def _rights(picture: Picture) -> list[Point]:
    return [
        Point(Level.WARN, f"Glovebox's user {name} may do more than it needs: "
              f"{plain(', '.join(more), 100)}.",
              f"Set the policy of the group {name} to {policy}.")
        for name, policy in RIGHTS.items()
        if (more := _too_many(picture, name, policy))
    ]  # fmt: skip


def _too_many(picture: Picture, name: str, policy: str) -> list[str]:
    group = next((row for row in picture.rows("/user/group") if row.get("name") == name), None)
    has = group.get("policy", "").split(",") if group else []
    return sorted({word for word in has if word and word[0] != "!"} - set(policy.split(",")))


def _capture(wanted: Wanted, picture: Picture) -> list[Point]:
    how = plan.capture(wanted.router, picture)
    rules = [row for family in FAMILIES for row in picture.rows(f"/{family}/firewall/mangle")
             if row.get("comment", "").startswith(f"{NAME}:tzsp")]  # fmt: skip
    if plan.sniffs(picture) and rules:
        return [Point(Level.WARN, "The stream comes twice, from the sniffer and from rules.",
                      "Stop the sniffer with `/tool sniffer stop`, and remove its entry of the "
                      "scheduler.")]  # fmt: skip
    if how == "sniffer" and not picture.allows("sniffer"):
        return [Point(Level.FAIL, "The router's device-mode forbids the sniffer.",
                      'Set capture = "mangle". Or run `/system/device-mode/update sniffer=yes '
                      "scheduler=yes` there and press the router's button within five minutes; "
                      "it restarts.")]  # fmt: skip
    if how == "mangle" and picture.fasttracks:
        return [Point(Level.WARN, "FastTrack is on: of most connections only the beginning is "
                      "seen.",
                      'That finds most attacks. To see everything, set capture = "sniffer", or '
                      "switch the rule `fasttrack` off; both cost CPU.")]  # fmt: skip
    return []


def _adlist(wanted: Wanted, picture: Picture) -> list[Point]:
    if not wanted.router.adlist:
        return []
    if plan.without_adlist(picture):
        return [Point(Level.WARN, "This RouterOS has no adlist: 7.15 or newer is needed.",
                      "Update the router, or take adlist = true away.")]  # fmt: skip
    row = next((row for row in picture.rows("/ip/dns/adlist")
                if row.get("comment") == f"{NAME}:adlist"), {})  # fmt: skip
    if row.get("name-count") == "0":
        return [Point(Level.WARN, "The router's adlist has no names yet.",
                      "Without lists in force there are none. Else its log says why: mostly "
                      "cache-size of /ip dns is too small.")]  # fmt: skip
    if row and not is_yes(picture.single("/ip/dns").get("allow-remote-requests", "yes")):
        return [Point(Level.WARN, "The router answers no questions for names of its network, so "
                      "its adlist has no effect.",
                      "Set allow-remote-requests=yes under /ip dns there, and have your devices "
                      "ask the router.")]  # fmt: skip
    return []
