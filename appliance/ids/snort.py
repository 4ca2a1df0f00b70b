# SPDX-License-Identifier: MIT
"""Snort 2.9: what it reads when it starts, and how its alerts and its own figures are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from appliance.ids import perfmonitor, rules
from appliance.ids.engine import DIRECTORY, Complaints, EngineCount, TestRun
from appliance.ids.handover import Handover
from appliance.ids.naming import Naming
from appliance.ids.rules import Key, Standing
from appliance.ids.templates import fill, home_networks, interface_of, read
from appliance.ids.unified2_spool import Unified2Spool
from appliance.ruleset import filters, owner_rules
from appliance.ruleset.filters import FilterLine, Forms
from appliance.ruleset.owner_rules import Checker, Entry, Gathered, Language
from appliance.settings.config import Config

TITLE = "Snort"
# Of the package, in the engine's root.
CLASSES = "etc/snort/classification.config"

# Where Snort looks for HTTP and for TLS, as in the configuration of its package.
HTTP_PORTS = (
    *(80, 81, 311, 383, 591, 593, 901, 1220, 1414, 1741, 1830, 2301, 2381, 2809, 3037, 3128, 3702),
    *(4343, 4848, 5250, 6988, 7000, 7001, 7144, 7145, 7510, 7777, 7779, 8000, 8008, 8014, 8028),
    *(8080, 8085, 8088, 8090, 8118, 8123, 8180, 8181, 8243, 8280, 8300, 8800, 8888, 8899, 9000),
    *(9060, 9080, 9090, 9091, 9443, 9999, 11371, 34443, 34444, 41080, 50002, 55555),
)
TLS_PORTS = (443, 465, 563, 636, 989, 992, 993, 994, 995, 7801, 7802, *range(7900, 7921))

# Options of Snort 2.9 and of the preprocessors that our snort.conf loads (Snort manual, chapter 3).
OPTIONS = """
    msg reference gid sid rev classtype priority metadata content protected_content hash length
    nocase rawbytes depth offset distance within http_client_body http_cookie http_raw_cookie
    http_header http_raw_header http_method http_uri http_raw_uri http_stat_code http_stat_msg
    http_encode fast_pattern uricontent urilen isdataat pcre pkt_data file_data base64_decode
    base64_data byte_test byte_jump byte_extract byte_math ftpbounce asn1 cvs dce_iface dce_opnum
    dce_stub_data ssl_version ssl_state fragoffset ttl tos id ipopts fragbits dsize flags flow
    flowbits seq ack window itype icode icmp_id icmp_seq rpc ip_proto sameip stream_reassemble
    stream_size logto session resp react tag replace detection_filter threshold
"""
FORMS = Forms(
    suppress=("by_src", "by_dst"),
    event_filter=("by_src", "by_dst"),
    rate_filter=("by_src", "by_dst", "by_rule"),
    excludes=True,
    unlimited=True,
    applies=True,
)
LANGUAGE = Language(
    name="Snort 2.9",
    largest=4 << 20,
    forms=FORMS,
    actions=frozenset(("alert", "log", "pass", "drop", "reject", "sdrop")),
    protocols=frozenset(("tcp", "udp", "icmp", "ip")),
    options=frozenset(OPTIONS.split()),
    blanks=False,
    own_classes=False,
)
VARIABLE = re.compile(r"^(?:ip|port)?var\s+(\w+)", re.MULTILINE)
TEST_RUN = TestRun("snort", ("-T", "-q", "-c", "@/snort.conf"), names_all=False)

# Numbers of ours that are free, for what silences machines.
SILENCING = range(1_000_010, 1_000_100)
_PASS = 'pass ip {} any -> {} any (msg:"silenced by you"; sid:{{}}; rev:1;)'
_REFUSED = re.compile(
    r"ERROR: (?:\S*/)?rules/owner\.rules(?:\((\d+)\)|:(\d+):?| Line (\d+))[ \t]*(?:=>)?(.*?)"
    r"(?:Fatal Error|\Z)",
    re.DOTALL,
)
_HINTS = (
    (
        re.compile("!any is not allowed"),
        "; $HOME_NET is any until you name your networks ([ids] home_networks)",
    ),
)


def configuration(
    settings: Config,
    folder: Path,
    given: Gathered,
    tried: bool = False,
    ignore_checksums: bool = False,
    sets: Sequence[str] = (),
) -> dict[str, str]:
    """Return the files that Snort starts with, by name: snort.conf comes after its rules.

    plain.conf is for the case that Snort refuses the owner's rules. Raises ConfigError, InputError.
    """
    template = read(folder / "snort.conf")
    local = filters.without(read(folder / "local.rules"), given.limits)
    guard = filters.guard(given.filters)
    values = {"INTERFACE": interface_of(settings), "TRIED": "yes" if tried else "no"}
    return {
        "rules/preprocessor.rules": read(folder / "preprocessor.rules"),
        "rules/local.rules": local,
        "rules/owner.rules": owner_rules.text(entries(given), given.lines) + "\n".join(guard),
        "plain.conf": render(template, settings, False, ignore_checksums),
        "snort.conf": render(template, settings, bool(given.lines), ignore_checksums, sets),
        "start": fill(read(folder / "start.sh"), values),
    }


def render(
    template: str,
    settings: Config,
    with_owner_rules: bool,
    ignore_checksums: bool = False,
    sets: Sequence[str] = (),
) -> str:
    """Return snort.conf for these settings."""
    include = f"include {DIRECTORY}/rules/owner.rules"
    return fill(
        template,
        {
            "HOME_NETWORKS": home_networks(settings.ids.home_networks),
            "CHECKSUM_MODE": "none" if ignore_checksums else "all",
            "HTTP_PORTS": ",".join(map(str, HTTP_PORTS)),
            "HTTP_PORT_LIST": " ".join(map(str, HTTP_PORTS)),
            "TLS_PORT_LIST": " ".join(map(str, TLS_PORTS)),
            "OWNER_RULES": include if with_owner_rules else "",
            "RULE_SETS": "\n".join(f"include {name}" for name in sets),
        },
    )


def checker(folder: Path, root: Path | None) -> Checker:
    """Return what judges the owner's lines for Snort. Raises InputError."""
    classes = rules.classifications(read(root / CLASSES)) if root is not None else []
    return Checker(
        language=LANGUAGE if root else replace(LANGUAGE, own_classes=True),
        variables=VARIABLE.findall(read(folder / "snort.conf")),
        classifications=[name for name, _ in classes],
        standing=lambda: _standing(folder, root),
    )


def _standing(folder: Path, root: Path | None) -> dict[Key, Standing]:
    """Return our rules and those of the package."""
    packaged = sorted((root / "etc/snort/rules").glob("*.rules")) if root is not None else []
    files = (folder / "local.rules", folder / "preprocessor.rules", *packaged)
    return {key: rule for file in files for key, rule in rules.standing(read(file)).items()}


def entries(given: Gathered) -> list[Entry]:
    """Return what is written into owner.rules: rules and filters."""
    found, wanted = owner_rules.written(given.lines, FORMS)
    silenced = list(_silenced(given))[: len(SILENCING)]
    instead = {place for place, _ in silenced}
    return [
        *found,
        *(
            (place, text.format(sid))
            for (place, text), sid in zip(silenced, SILENCING, strict=False)
        ),
        *(entry for entry in wanted if entry[0] not in instead),
    ]


def _silenced(given: Gathered) -> Iterator[Entry]:
    """Yield a pass rule, without its sid, for each machine that is silenced for all rules.

    Snort has room for one suppress for all rules, and for none beside an event_filter for all.
    """
    for place, line in enumerate(given.lines):
        if isinstance(line.given, FilterLine) and _silences(line.given):
            addresses, track = line.given.values["ip"], line.given.values["track"]
            if track in ("by_src", "by_either"):
                yield place, _PASS.format(addresses, "any")
            if track in ("by_dst", "by_either"):
                yield place, _PASS.format("any", addresses)


def _silences(line: FilterLine) -> bool:
    return line.kind == filters.SUPPRESS and line.key == (1, 0)


def changed(line: FilterLine) -> str | None:
    """Say how a filter reaches Snort in another form than it was written."""
    if _silences(line):
        return "for all rules: became a pass rule, for Snort takes only one such suppress"
    if line.values.get("track") == "by_either":
        return "by_either, which Snort lacks, became by_src and by_dst"
    return None


def complaints(said: str) -> Complaints:
    """Understand the one error with which Snort ends."""
    found = _REFUSED.search(said)
    if found is None:
        error = re.search(r"ERROR: (.*?)(?:Fatal Error|\Z)", said, re.DOTALL)
        return Complaints(rest=error[1].strip() if error else said.strip()[-200:])
    reason = found[4].strip(" :\n\t")
    reason += "".join(hint for pattern, hint in _HINTS if pattern.search(reason))
    number = int(next(filter(None, found.group(1, 2, 3))))
    return Complaints({number: reason})


def handover(spool: Path, directory: Path, root: Path) -> Handover:
    """Return Snort's alerts, named after the rules in `directory` and `root`."""
    return Unified2Spool(spool, Naming(directory, root))


def count(spool: Path) -> EngineCount | None:
    """Return what Snort's perfmonitor wrote last; see there. Raises OSError, ValueError."""
    return perfmonitor.parse(
        (spool / "statistics.csv").read_text(encoding="ascii", errors="replace")
    )
