"""The owner's own rules: every line that can stand is taken, the others are named with the reason.

This check is about what people get wrong: a rule for another engine, a sid that is taken, a slip of
the pen. What it cannot know, Snort says when it starts (start.sh).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.ids import rules
from appliance.ids.rules import Key, Rule, RuleError

# More would be too much for a machine of 1 GB.
LARGEST_TOTAL = 4 << 20
RESERVED = range(1_000_000, 1_001_000)

ACTIONS = ("alert", "log", "pass", "drop", "reject", "sdrop")
PROTOCOLS = ("tcp", "udp", "icmp", "ip")
DIRECTIONS = ("->", "<>")
# Options of Snort 2.9 and of the preprocessors that our snort.conf loads (Snort manual, chapter 3).
OPTIONS = frozenset(
    re.findall(
        r"\w+",
        """
    msg reference gid sid rev classtype priority metadata content protected_content hash length
    nocase rawbytes depth offset distance within http_client_body http_cookie http_raw_cookie
    http_header http_raw_header http_method http_uri http_raw_uri http_stat_code http_stat_msg
    http_encode fast_pattern uricontent urilen isdataat pcre pkt_data file_data base64_decode
    base64_data byte_test byte_jump byte_extract byte_math ftpbounce asn1 cvs dce_iface dce_opnum
    dce_stub_data ssl_version ssl_state fragoffset ttl tos id ipopts fragbits dsize flags flow
    flowbits seq ack window itype icode icmp_id icmp_seq rpc ip_proto sameip stream_reassemble
    stream_size logto session resp react tag replace detection_filter threshold
    """,
    )
)
_FILTER = re.compile(
    r"suppress\s+gen_id\s+\d+\s*,\s*sig_id\s+\d+(\s*,\s*track\s+by_(src|dst)\s*,\s*ip\s+\S+)?"
    r"|event_filter\s+gen_id\s+\d+\s*,\s*sig_id\s+\d+\s*,\s*type\s+(limit|threshold|both)\s*,"
    r"\s*track\s+by_(src|dst)\s*,\s*count\s+\d+\s*,\s*seconds\s+\d+"
)
_VARIABLE = re.compile(r"\$\(?(\w+)")
_DEFINITION = re.compile(r"^(?:ip|port)?var\s+(\w+)", re.MULTILINE)
_CONTENT = re.compile(r'!?\s*"(?:[^"\\|]|\\.|\|[0-9A-Fa-f\s]*\|)+"(\s*,.*)?')


@dataclass(frozen=True)
class Problem:
    """A line that was left out, or (line 0) a whole file."""

    file: Path
    line: int
    reason: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{where}: {self.reason}; left out"


class Checker:
    """Takes in one rule after the other. `taken` are the keys of rules that are there already."""

    def __init__(self, config: str, classifications: Iterable[str], taken: Iterable[Key]) -> None:
        self._variables = frozenset(_DEFINITION.findall(config))
        self._classifications = frozenset(classifications)
        self._taken = set(taken)

    def check(self, line: str) -> None:
        """Accept a rule or a filter line. Raises RuleError with the reason why not."""
        if _FILTER.fullmatch(line):
            return
        rule = rules.parse(line)
        _check_header(rule.header)
        self._check_words(rule)
        key = rule.key
        if key[0] == 1 and key[1] in RESERVED:
            raise RuleError(f"sid {key[1]}: {RESERVED[0]} to {RESERVED[-1]} are Glovebox's own")
        if key in self._taken:
            raise RuleError(f"sid {key[1]} is taken by another rule")
        self._taken.add(key)

    def _check_words(self, rule: Rule) -> None:
        for name in _VARIABLE.findall(" ".join(rule.header)):
            if name not in self._variables:
                raise RuleError(f"no variable ${name}; there are {_list(self._variables)}")
        for keyword, value in rule.options:
            if keyword not in OPTIONS:
                raise RuleError(f"'{keyword}' is no option of Snort 2.9")
            if keyword in ("content", "uricontent") and not _CONTENT.fullmatch(value):
                raise RuleError(f"{keyword}:{value}: quotes or |hex bytes| are not right")
        classtype = rule.option("classtype")
        if classtype is not None and classtype not in self._classifications:
            raise RuleError(f"no classtype '{classtype}'")


def files(directories: Sequence[Path]) -> list[Path]:
    """Return the *.rules files, directory by directory, each in the order of their names."""
    found = []
    for directory in directories:
        if directory.is_dir():
            # Other systems leave files like ._my.rules beside the real ones, and write .RULES.
            found += sorted(
                file
                for file in directory.iterdir()
                if file.suffix.lower() == ".rules" and not file.name.startswith(".")
            )
    return found


def collect(found: Iterable[Path], checker: Checker) -> tuple[list[str], list[Problem]]:
    """Return the accepted lines, each after a comment that tells whence it came, and the problems.

    A file that cannot be read is a problem like any other.
    """
    accepted, problems, room = list[str](), list[Problem](), LARGEST_TOTAL
    for file in found:
        try:
            text = file.read_bytes()[: room + 1].decode("utf-8-sig", errors="replace")
        except OSError as error:
            problems.append(Problem(file, 0, error.strerror or str(error)))
            continue
        room -= len(text)
        if room < 0:
            problems.append(Problem(file, 0, f"more than {LARGEST_TOTAL >> 20} MB of rules"))
            break
        for number, line in rules.logical_lines(text):
            try:
                checker.check(line)
            except RuleError as error:
                problems.append(Problem(file, number, str(error)))
            else:
                accepted += [f"# {file.name}:{number}", line]
    return accepted, problems


def _check_header(header: Sequence[str]) -> None:
    if len(header) != 7:
        raise RuleError("expected: action protocol source port direction destination port (…)")
    action, protocol, direction = header[0], header[1], header[4]
    if action not in ACTIONS:
        raise RuleError(f"action '{action}': expected {_list(ACTIONS)}")
    if protocol not in PROTOCOLS:
        raise RuleError(f"protocol '{protocol}': expected {_list(PROTOCOLS)}")
    if direction not in DIRECTIONS:
        raise RuleError(f"direction '{direction}': expected -> or <>")


def _list(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
