# SPDX-License-Identifier: MIT
"""Which rule sets are fetched from the Internet: none, unless the owner names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance.errors import DecodeError
from appliance.formats import list_sources
from appliance.formats.list_sources import ListSource, named_source
from appliance.settings.sections.fit import expect

MOST_SETS = 8


@dataclass(frozen=True, slots=True)
class RuleSetSource:
    """A rule set that may be chosen by name: its address for each engine that it is made for.

    `licence` is what its makers, or the index of the OISF, say; `terms` is where that stands.
    """

    name: str
    title: str
    licence: str
    terms: str
    urls: Mapping[str, str]

    def for_engine(self, engine: str) -> ListSource | None:
        """Return what is fetched for an engine; None where there is nothing for it."""
        url = self.urls.get(engine)
        return ListSource(self.name, url, self.title, self.terms) if url else None


# As their makers publish them (index of rule sets of the OISF; snort.org).
RULE_SETS = {
    each.name: each
    for each in (
        RuleSetSource(
            "et-open", "Emerging Threats Open, many kinds of attacks and malware",
            "MIT licence", "https://rules.emergingthreats.net/",
            {
                "suricata":
                "https://rules.emergingthreats.net/open/suricata-7.0.3/emerging.rules.tar.gz",
                "snort": "https://rules.emergingthreats.net/open/snort-2.9.0/emerging.rules.tar.gz",
            },
        ),
        RuleSetSource(
            "snort-community", "Snort's community rules, attacks and malware",
            "GPL 2", "https://www.snort.org/license",
            {"snort": "https://www.snort.org/downloads/community/community-rules.tar.gz"},
        ),
        RuleSetSource(
            "sslbl", "SSLBL of abuse.ch, certificates of servers that command botnets",
            "CC0", "https://sslbl.abuse.ch/blacklist/",
            {"suricata": "https://sslbl.abuse.ch/blacklist/sslblacklist_tls_cert.tar.gz"},
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class RulesConfig:
    sources: tuple[str, ...] = field(default=(), metadata={"shown": list_sources.shown})

    def __post_init__(self) -> None:
        expect(len(self.sources) <= MOST_SETS, "sources", len(self.sources), f"at most {MOST_SETS}")
        for each in self.sources:
            known = f"{', '.join(RULE_SETS)}, or https://…"
            expect(is_rule_set(each), "sources", list_sources.shown(each), known)


def rule_set_of(text: str, engine: str) -> ListSource | None:
    """Return what is fetched of a rule set for an engine, by its name or its address.

    None where it is not made for this engine. Raises DecodeError for what is neither.
    """
    if text in RULE_SETS:
        return RULE_SETS[text].for_engine(engine)
    return named_source(text, RULE_SETS, "A rule set that you named")


def is_rule_set(text: str) -> bool:
    """Tell whether a rule set can be named so."""
    try:
        rule_set_of(text, "")
    except DecodeError:
        return False
    return True
