# SPDX-License-Identifier: MIT
"""Lists that others hand out by HTTPS: what the owner may choose by name, and on which terms."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from appliance.errors import DecodeError

LONGEST_URL = 500
# It comes in pages, not as a file.
OTX = "otx"
# Settings of [intel] that hold what a server wants to see.
OTX_KEY, ABUSECH_KEY = "otx_key", "abusech_key"
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}")


@dataclass(frozen=True, slots=True)
class ListSource:
    """A list to be fetched: `name` is that of its file, `terms` where it is told who may use it.

    `key` is the setting of the secret that its server wants.
    """

    name: str
    url: str
    title: str
    terms: str = ""
    key: str = ""


# As their makers publish them; none is fetched unless the owner names it.
KNOWN = {
    source.name: source
    for source in (
        ListSource(
            "spamhaus-drop", "https://www.spamhaus.org/drop/drop_v4.json",
            "Spamhaus DROP, networks of criminals", "https://www.spamhaus.org/drop/terms/",
        ),
        ListSource(
            "spamhaus-drop-v6", "https://www.spamhaus.org/drop/drop_v6.json",
            "Spamhaus DROP for IPv6", "https://www.spamhaus.org/drop/terms/",
        ),
        ListSource(
            "urlhaus-hosts", "https://urlhaus.abuse.ch/downloads/hostfile/",
            "URLhaus of abuse.ch, hosts of malware", "https://urlhaus.abuse.ch/api/",
        ),
        ListSource(
            "urlhaus", "https://urlhaus-api.abuse.ch/files/exports/recent.csv",
            "URLhaus of abuse.ch, addresses of malware", "https://urlhaus.abuse.ch/api/",
            ABUSECH_KEY,
        ),
        ListSource(
            "threatfox", "https://threatfox.abuse.ch/export/csv/recent/",
            "ThreatFox of abuse.ch, servers of malware", "https://threatfox.abuse.ch/faq/",
        ),
        ListSource(
            OTX, "https://otx.alienvault.com/api/v1/pulses/subscribed",
            "OTX, the pulses that you subscribed to", "https://otx.alienvault.com/", OTX_KEY,
        ),
        ListSource(
            "feodo-tracker", "https://feodotracker.abuse.ch/downloads/ipblocklist.txt",
            "Feodo Tracker of abuse.ch, servers of botnets",
            "https://feodotracker.abuse.ch/blocklist/",
        ),
        ListSource(
            "et-compromised", "https://rules.emergingthreats.net/blockrules/compromised-ips.txt",
            "Emerging Threats, compromised hosts", "https://rules.emergingthreats.net/",
        ),
    )
}  # fmt: skip


def source_of(text: str) -> ListSource:
    """Return the source that a setting names, by a name of KNOWN or an address of HTTPS.

    Raises DecodeError for others.
    """
    if text in KNOWN:
        return KNOWN[text]
    return named_source(text, KNOWN, "A list that you named")


def named_source(url: str, known: Iterable[str], title: str) -> ListSource:
    """Return the source at an address of HTTPS. Raises DecodeError, which tells what is `known`."""
    if not is_https(url):
        names = ", ".join(known)
        raise DecodeError(f"a name of {names}, or an address that begins with https://")
    return ListSource(_name_of(url), url, title)


def shown(text: str) -> str:
    """Return a source as it may be shown: of an address the host alone, since a key may follow.

    The sum behind it tells two of one host apart.
    """
    if re.fullmatch(r"[a-z0-9-]{1,40}", text):
        return text
    host = re.match(r"https?://[A-Za-z0-9.-]{1,60}(?=[:/?#]|$)", text)
    if host and text in (host[0], f"{host[0]}/"):
        return text
    return f"{host[0] if host else ''}/… ({_sum_of(text)})"


def is_https(url: str) -> bool:
    """Tell whether something can be fetched there, without a user's name in it."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= LONGEST_URL
    known = parts.scheme == "https" and parts.username is None and port != 0
    return plain and known and bool(_HOST.fullmatch(host) or ":" in host)


def _name_of(url: str) -> str:
    host = re.sub(r"[^a-z0-9.-]", "-", (urlsplit(url).hostname or "").lower())[:40]
    return f"{host}-{_sum_of(url)}"


def _sum_of(text: str) -> str:
    # Every service reads the settings, and hardly one meets an address: OpenSSL would take 0.5 MB.
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]
