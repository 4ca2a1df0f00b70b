# SPDX-License-Identifier: MIT
"""What is done on a router so that it works with Glovebox, step by step, and how to undo it. Pure.

No step touches a rule of the router's input, a user of the owner's, or a service that has what it
needs: nobody can be locked out. Everything made here bears the name glovebox, and is known by it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from appliance.router import orders
from appliance.router.api import Fields
from appliance.router.orders import Order, add, change, remove
from appliance.router.picture import Picture, is_yes
from appliance.settings.sections.fit import Address
from appliance.settings.sections.router import ADLIST_PATH, RouterEntry

NAME = "glovebox"
LIST = NAME
TZSP, FLOWS, LOG = 37008, 2055, 514
POLICY = "api,read,write"
#: Another user, who may only read: over SSH, where `print` and `export` need nothing more.
READER, READ_POLICY = f"{NAME}-read", "read,ssh"
RULE_IN, RULE_OUT = f"{NAME}:block-in", f"{NAME}:block-out"
FAMILIES = ("ip", "ipv6")
ADLIST_SINCE = (7, 15)
# What RouterOS has where nobody changed it (manual, Packet Sniffer and Traffic Flow).
USUAL_SNIFFER = {
    "streaming-enabled": "no", "streaming-server": "0.0.0.0:37008", "filter-stream": "no",
    "filter-interface": "", "memory-limit": "100KiB", "memory-scroll": "yes", "only-headers": "no",
}  # fmt: skip
USUAL_FLOW = {"enabled": "no", "interfaces": "all", "active-flow-timeout": "30m"}
# Settings that nobody can read back, or that only say where a row goes.
UNSEEN = frozenset(("password", "place-before", "key-usage", "days-valid", "copy-from"))


@dataclass(frozen=True, slots=True)
class Step:
    """Something done on a router: why, and what it costs there, both for the owner."""

    name: str
    title: str
    why: str
    cost: str
    do: tuple[Order, ...]
    undo: tuple[Order, ...]
    #: Whether blocking and the stream need it.
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a router is set up for: its settings, this machine's address, and the user's password.

    `picture` is None where the router could not be asked; then what is usual is taken to be there.
    """

    router: RouterEntry
    sensor: Address
    password: str
    picture: Picture | None = None


def reader_password(password: str) -> str:
    """Return the password of the user who only reads; it does not tell the other user's."""
    return hashlib.sha256(f"{READER} {password}".encode()).hexdigest()[:32]


def steps(wanted: Wanted) -> tuple[Step, ...]:
    """Return all steps, in the order in which they are done; undone is in the opposite order."""
    found = [_certificate(wanted), _user(wanted), _reader(wanted), *_capture(wanted)]
    if wanted.router.flows:
        found.append(_flows(wanted))
    if wanted.router.log:
        found.append(_log(wanted))
    if wanted.router.adlist and not without_adlist(wanted.picture):
        found.append(_adlist(wanted))
    return (*found, *(_block(wanted, family) for family in FAMILIES))


def capture(router: RouterEntry, picture: Picture | None) -> str:
    """Return how the stream is made: "sniffer", "mangle" or "none".

    By itself it is mangle, which costs less, needs nothing that a device-mode forbids, and survives
    a restart; but where the sniffer streams already, that stays. The sniffer also sees what the
    firewall drops, and traffic that stays within a bridge.
    """
    if router.capture != "auto":
        return router.capture
    return "sniffer" if picture is not None and sniffs(picture) else "mangle"


def sniffs(picture: Picture) -> bool:
    """Tell whether the router's sniffer runs and streams to somebody."""
    found = picture.single("/tool/sniffer")
    return is_yes(found.get("running", "")) and is_yes(found.get("streaming-enabled", ""))


def without_adlist(picture: Picture | None) -> bool:
    """Tell whether a router is known to be too old for lists of names."""
    return picture is not None and bool(picture.version) and picture.version < ADLIST_SINCE


def script(plan: tuple[Step, ...]) -> str:
    """Return the block that the owner pastes into a terminal of the router, as often as he likes.

    Of rules there would be one more each time; what has a name is refused the second time.
    """
    return "".join(f"# {step.title}\n{orders.text(_once(step.do))}" for step in plan)


def _once(made: tuple[Order, ...]) -> list[Order]:
    found = []
    for order in made:
        if order.verb == "add" and not any(key == "name" for key, _ in order.values):
            found.append(remove(order))
        found.append(order)
    return found


def undo_orders(plan: tuple[Step, ...]) -> tuple[Order, ...]:
    """Return what undoes the steps, the last one first; what was blocked goes with it."""
    lists = tuple(
        Order(f"/{family}/firewall/address-list", "remove", (), (("list", LIST),))
        for family in FAMILIES
    )
    return (*(order for step in reversed(plan) for order in step.undo), *lists)


def undo_script(plan: tuple[Step, ...]) -> str:
    """Return the block that undoes the other one."""
    return orders.text(undo_orders(plan))


def in_place(order: Order, picture: Picture) -> bool:
    """Tell whether what an order makes is there already. Rows that start something always are."""
    if order.verb == "add":
        return any(
            _fits(order.identity, row) and _fits(order.values, row)
            for row in picture.rows(order.menu)
        )
    if order.verb == "set":
        rows = [row for row in picture.rows(order.menu) if _fits(order.where, row)]
        return bool(rows) and all(_fits(order.values, row) for row in rows)
    if (order.menu, order.verb) == ("/tool/sniffer", "start"):
        return is_yes(picture.single("/tool/sniffer").get("running", ""))
    return True


def missing(plan: tuple[Step, ...], picture: Picture) -> tuple[Step, ...]:
    """Return the steps that are not done, wholly or in part."""
    return tuple(step for step in plan if not all(in_place(order, picture) for order in step.do))


def _fits(pairs: orders.Pairs, row: Fields) -> bool:
    return all(key in UNSEEN or _same(key, value, row.get(key, "")) for key, value in pairs)


def _same(key: str, wanted: str, found: str) -> bool:
    if wanted in ("yes", "no"):
        return is_yes(wanted) == is_yes(found)
    if key == "policy":
        # RouterOS also lists what a group may not: !ftp.
        given = {word for word in found.split(",") if word and word[0] != "!"}
        return given == set(wanted.split(","))
    if key == "streaming-server":
        return found in (wanted, wanted.partition(":")[0])
    return wanted == found


def _certificate(wanted: Wanted) -> Step:
    nothing: Fields = {}
    api = next(
        (row for row in _rows(wanted, "/ip/service") if row.get("name") == "api-ssl"), nothing
    )
    before = api.get("certificate", "none")
    if before not in ("none", "", NAME):
        # The owner's own: it stays, and is the one that is pinned.
        return Step("certificate", "an encrypted way in", "It has one already.", "nothing", (), ())
    made = add("/certificate", name=NAME, common_name=NAME, key_usage="tls-server",
               days_valid="3650")  # fmt: skip
    service = {"name": "api-ssl"}
    disabled = "yes" if is_yes(api.get("disabled", "no")) else "no"
    return Step(
        "certificate",
        "an encrypted way in",
        "Glovebox asks and tells the router over TLS only, and knows it again by its certificate.",
        "one certificate on the router; its service api-ssl is on",
        (
            made,
            Order("/certificate", "sign", (), made.identity),
            change("/ip/service", service, certificate=NAME, disabled="no"),
        ),
        (
            change("/ip/service", service, certificate="none", disabled=disabled),
            remove(made),
        ),
    )


def _user(wanted: Wanted) -> Step:
    group = add("/user/group", name=NAME, policy=POLICY, comment=f"{NAME}:user")
    user = add("/user", name=NAME, group=NAME, password=wanted.password,
               address=_host(wanted.sensor), comment=f"{NAME}:user")  # fmt: skip
    return Step(
        "user",
        "a user with few rights, only from this machine",
        "It may read, and write lists and rules; no users, no passwords, no files.",
        "nothing",
        (group, user),
        (remove(user), remove(group)),
    )


def _reader(wanted: Wanted) -> Step:
    group = add("/user/group", name=READER, policy=READ_POLICY, comment=f"{NAME}:reader")
    user = add("/user", name=READER, group=READER, password=reader_password(wanted.password),
               address=_host(wanted.sensor), comment=f"{NAME}:reader")  # fmt: skip
    return Step(
        "reader",
        "a user who only reads, only from this machine",
        "It asks what you ask of many routers; the router itself lets it change nothing.",
        "nothing",
        (group, user),
        (remove(user), remove(group)),
        needed=False,
    )


def _capture(wanted: Wanted) -> tuple[Step, ...]:
    how = capture(wanted.router, wanted.picture)
    if how == "none":
        return ()
    if how == "sniffer":
        return (_sniffer(wanted),)
    return tuple(_mangle(wanted, family) for family in FAMILIES)


def _sniffer(wanted: Wanted) -> Step:
    before = _before(wanted, "/tool/sniffer", USUAL_SNIFFER)
    target = f"{_bracketed(wanted.sensor)}:{TZSP}"
    job = add("/system/scheduler", name=f"{NAME}-sniffer", start_time="startup",
              on_event=":delay 30s; /tool sniffer start", policy="read,write,test,sniff",
              comment=f"{NAME}:sniffer")  # fmt: skip
    return Step(
        "sniffer",
        "the stream, by the packet sniffer",
        "It copies what passes the router, also what its firewall drops.",
        "FastTrack is off while it runs: the router's CPU has more to do, on small routers much",
        (
            change("/tool/sniffer", None, streaming_enabled="yes", streaming_server=target,
                   filter_stream="yes", memory_limit="10KiB", memory_scroll="yes",
                   only_headers="no"),
            job,
            Order("/tool/sniffer", "start"),
        ),
        (
            Order("/tool/sniffer", "stop"),
            remove(job),
            Order("/tool/sniffer", "set", tuple(
                (key, before[key]) for key in before if key != "filter-interface"
            )),
        ),
    )  # fmt: skip


def _mangle(wanted: Wanted, family: str) -> Step:
    same = (family == "ip") == (wanted.sensor.version == 4)
    # What goes to this machine is left out: the stream itself would be copied without end.
    sensor = {"dst_address": f"!{wanted.sensor}"} if same else {}
    rule = add(f"/{family}/firewall/mangle", chain="prerouting", action="sniff-tzsp",
               sniff_target=str(wanted.sensor), sniff_target_port=str(TZSP),
               in_interface_list=wanted.router.inside, **sensor,
               comment=f"{NAME}:tzsp-in")  # fmt: skip
    back = add(f"/{family}/firewall/mangle", chain="prerouting", action="sniff-tzsp",
               sniff_target=str(wanted.sensor), sniff_target_port=str(TZSP),
               in_interface_list=wanted.router.outside,
               comment=f"{NAME}:tzsp-out")  # fmt: skip
    version = "IPv4" if family == "ip" else "IPv6"
    return Step(
        f"mangle-{family}",
        f"the stream of {version}, by rules of the firewall",
        "They copy what passes the router; they stay over a restart.",
        "Connections that FastTrack takes are seen only at their beginning",
        (rule, back),
        (remove(back), remove(rule)),
    )


def _flows(wanted: Wanted) -> Step:
    before = _before(wanted, "/ip/traffic-flow", USUAL_FLOW)
    # From the address by which it is known here: else it may send from 0.0.0.0, or another one.
    own = wanted.router.address
    fits = own.version == wanted.sensor.version and not own.is_link_local
    source = {"src_address": str(own)} if fits else {}
    target = add("/ip/traffic-flow/target", dst_address=str(wanted.sensor), port=str(FLOWS),
                 **source, version="9", v9_template_timeout="1m")  # fmt: skip
    return Step(
        "flows",
        "who talked to whom, by traffic flow",
        "It tells the size of each connection, also of those that FastTrack takes.",
        "a little of the router's CPU and memory",
        (change("/ip/traffic-flow", None, enabled="yes", active_flow_timeout="1m"), target),
        (remove(target), Order("/ip/traffic-flow", "set", tuple(
            (key, before[key]) for key in ("enabled", "active-flow-timeout")
        ))),
    )  # fmt: skip


def _log(wanted: Wanted) -> Step:
    action = add("/system/logging/action", name=NAME, target="remote",
                 remote=str(wanted.sensor), remote_port=str(LOG))  # fmt: skip
    rules = tuple(
        add("/system/logging", topics=topic, action=NAME) for topic in ("system", "firewall")
    )
    return Step(
        "log",
        "the router's log",
        "Who logged in, what was changed, what its firewall notes.",
        "nothing",
        (action, *rules),
        (Order("/system/logging", "remove", (), (("action", NAME),)), remove(action)),
    )


def _adlist(wanted: Wanted) -> Step:
    # Names are no secret, and the certificate of this machine is nobody's that a router knows.
    made = add("/ip/dns/adlist", url=f"http://{_bracketed(wanted.sensor)}{ADLIST_PATH}",
               ssl_verify="no", comment=f"{NAME}:adlist")  # fmt: skip
    return Step(
        "adlist",
        "the adlist of listed names",
        "Devices that ask the router for a name of the lists in force learn no address of it.",
        "about 75 bytes of its DNS cache a name, and a copy in its flash, fetched every four hours",
        (made,),
        (remove(made),),
        needed=False,
    )


def _block(wanted: Wanted, family: str) -> Step:
    menu = f"/{family}/firewall/raw"
    common = {"chain": "prerouting", "action": "drop"}
    come = add(menu, **common, src_address_list=LIST,
               in_interface_list=wanted.router.outside, comment=RULE_IN)  # fmt: skip
    go = add(menu, **common, dst_address_list=LIST,
             in_interface_list=wanted.router.inside, comment=RULE_OUT)  # fmt: skip
    version = "IPv4" if family == "ip" else "IPv6"
    return Step(
        f"block-{family}",
        f"rules that drop what is blocked, {version}",
        "They do nothing as long as nothing is blocked, and cannot cut this network from the "
        "router.",
        "nothing that can be measured",
        (come, go),
        (remove(go), remove(come)),
    )


def _before(wanted: Wanted, menu: str, usual: dict[str, str]) -> dict[str, str]:
    """Return the values that an undo gives back: those of before, where they are known."""
    found = wanted.picture.single(menu) if wanted.picture else {}
    before = {key: found.get(key, value) for key, value in usual.items()}
    ours = _bracketed(wanted.sensor) in before.get("streaming-server", "")
    return dict(usual) if ours else before


def _rows(wanted: Wanted, menu: str) -> tuple[Fields, ...]:
    return wanted.picture.rows(menu) if wanted.picture else ()


def _host(address: Address) -> str:
    return f"{address}/{address.max_prefixlen}"


def _bracketed(address: Address) -> str:
    return str(address) if address.version == 4 else f"[{address}]"
