# SPDX-License-Identifier: MIT
"""Snort 2.9: what it reads when it starts, and how its alerts and its own figures are read."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from pathlib import Path

from appliance.ids import owner_rules, perfmonitor, rules
from appliance.ids.engine import DIRECTORY, EngineCount
from appliance.ids.handover import Handover
from appliance.ids.naming import Naming
from appliance.ids.owner_rules import Checker, Language
from appliance.ids.templates import fill, home_networks, interface_of, read
from appliance.ids.unified2_spool import Unified2Spool
from appliance.settings.config import Config

log = logging.getLogger(__name__)

TITLE = "Snort"

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
LANGUAGE = Language(
    name="Snort 2.9",
    largest=4 << 20,
    protocols=frozenset(("tcp", "udp", "icmp", "ip")),
    options=frozenset(OPTIONS.split()),
)
VARIABLE = re.compile(r"^(?:ip|port)?var\s+(\w+)", re.MULTILINE)


def configuration(
    settings: Config, folder: Path, root: Path, owner_directories: Sequence[Path]
) -> dict[str, str]:
    """Return the files that Snort starts with, by name: snort.conf comes after its rules.

    What the owner's rules cannot keep is logged; plain.conf is for the case that Snort refuses the
    rest. Raises ConfigError, InputError.
    """
    template = read(folder / "snort.conf")
    shipped = {name: read(folder / name) for name in ("local.rules", "preprocessor.rules")}
    accepted = _owner_lines(template, list(shipped.values()), root, owner_directories)
    return {
        **{f"rules/{name}": text for name, text in shipped.items()},
        "rules/owner.rules": "".join(f"{line}\n" for line in accepted),
        "plain.conf": render(template, settings, with_owner_rules=False),
        "snort.conf": render(template, settings, with_owner_rules=bool(accepted)),
        "start": fill(read(folder / "start.sh"), {"INTERFACE": interface_of(settings)}),
    }


def render(template: str, settings: Config, with_owner_rules: bool) -> str:
    """Return snort.conf for these settings."""
    include = f"include {DIRECTORY}/rules/owner.rules"
    return fill(
        template,
        {
            "HOME_NETWORKS": home_networks(settings.ids.home_networks),
            "HTTP_PORTS": ",".join(map(str, HTTP_PORTS)),
            "HTTP_PORT_LIST": " ".join(map(str, HTTP_PORTS)),
            "TLS_PORT_LIST": " ".join(map(str, TLS_PORTS)),
            "OWNER_RULES": include if with_owner_rules else "",
        },
    )


def _owner_lines(
    template: str, shipped: Sequence[str], root: Path, directories: Sequence[Path]
) -> list[str]:
    found = owner_rules.files(directories)
    if not found:
        return []
    packaged = [read(file) for file in sorted((root / "etc/snort/rules").glob("*.rules"))]
    classes = rules.classifications(read(root / "etc/snort/classification.config"))
    checker = Checker(
        language=LANGUAGE,
        variables=VARIABLE.findall(template),
        classifications=[name for name, _ in classes],
        taken={key for text in (*shipped, *packaged) for key in rules.messages(text)},
    )
    accepted, problems = owner_rules.collect(found, checker)
    for problem in problems:
        log.error("%s", problem)
    return accepted


def handover(spool: Path, directory: Path, root: Path) -> Handover:
    """Return Snort's alerts, named after the rules in `directory` and `root`."""
    return Unified2Spool(spool, Naming(directory, root))


def count(spool: Path) -> EngineCount | None:
    """Return what Snort's perfmonitor wrote last; see there. Raises OSError, ValueError."""
    return perfmonitor.parse(
        (spool / "statistics.csv").read_text(encoding="ascii", errors="replace")
    )
