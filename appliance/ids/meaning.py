# SPDX-License-Identifier: MIT
"""What an alert means in plain words, and what to do: by the class of its rule. Pure.

Engines tell classes by their names or by their descriptions (classification.config of Snort and of
Suricata); both are known here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a rule of this kind sees, and what an owner does about it."""

    words: str
    advice: str


MALWARE = Meaning(
    "A machine speaks the way malware does.",
    "Look at the machine on your side of the connection: what is it, and did somebody just install"
    " something there? Take it off the network if you cannot explain it, then examine it. One such"
    " alert may be wrong; several of different rules seldom are.",
)
TAKEOVER = Meaning(
    "Somebody tried to take over a program or a machine.",
    "Attempts from outside come every day, and fail where the machine they aim at is up to date or"
    " has no such program. See what the target is, whether it may be reached from outside at all,"
    " and whether it has its updates.",
)
BREAK_IN = Meaning(
    "A machine answered as one does that was taken over.",
    "Do not wait: take the machine that answered off the network, then find out what it sent and"
    " to whom. Rules of this kind look at answers, not at attempts.",
)
SCAN = Meaning(
    "Somebody looks around: which machines and services are there, and what they tell.",
    "From outside this is everyday noise; keep closed what need not be open. From a machine of"
    " yours it is worth a look: either you look around yourself, or something on it does.",
)
LEAK = Meaning(
    "A machine was asked for what it should not tell, or told it.",
    "See whether the target answers such questions from outside, and close it there if so. Many of"
    " these are harmless tools that look after machines.",
)
FLOOD = Meaning(
    "Somebody tries to make a machine or a line useless by too much.",
    "See whether the target still works. Against a flood from outside your provider helps; a"
    " machine of yours that floods others should be examined.",
)
WEB = Meaning(
    "Somebody asked a web server for something that harms it.",
    "If you have no web server at that address, nothing happens. If you have one, keep it up to"
    " date, and look into its log for what it answered.",
)
LOGIN = Meaning(
    "Somebody tries to log in, or did, where only few should.",
    "Was it you? If not, see whether that way in must be open to others, and choose a password that"
    " is used nowhere else.",
)
POLICY = Meaning(
    "Nothing that harms, but perhaps nothing that you want here.",
    "Decide whether it may be. If it may, quieten the rule for that machine.",
)
PROTOCOL = Meaning(
    "Something was said in a way that the protocol does not provide for.",
    "Mostly careless programs, or frames that the mirror lost. Only worth a look where one address"
    " makes many of them; otherwise quieten it.",
)
UNKNOWN = Meaning(
    "The rule does not say of which kind it is.",
    "Read the rule's message and its references, and look at the machines at both ends.",
)

_BY_CLASS: dict[str, Meaning] = {
    **dict.fromkeys(
        ("trojan-activity", "a network trojan was detected", "command-and-control", "domain-c2",
         "malware command and control activity detected", "domain observed used for c2 detected",
         "malware-cnc", "known malware command and control traffic", "coin-mining", "pup-activity",
         "crypto currency mining activity detected", "possibly unwanted program detected",
         "exploit-kit", "exploit kit activity detected", "credential-theft",
         "successful credential theft detected", "targeted-activity",
         "targeted malicious activity was detected"), MALWARE),
    **dict.fromkeys(
        ("attempted-admin", "attempted administrator privilege gain", "attempted-user",
         "attempted user privilege gain", "shellcode-detect", "executable code was detected",
         "unsuccessful-user", "unsuccessful user privilege gain", "client-side-exploit",
         "known client side exploit attempt", "file-format",
         "known malicious file or file based exploit", "misc-attack", "misc attack"), TAKEOVER),
    **dict.fromkeys(
        ("successful-admin", "successful administrator privilege gain", "successful-user",
         "successful user privilege gain"), BREAK_IN),
    **dict.fromkeys(
        ("attempted-recon", "attempted information leak", "network-scan",
         "detection of a network scan", "icmp-event", "generic icmp event"), SCAN),
    **dict.fromkeys(
        ("successful-recon-limited", "successful-recon-largescale",
         "large scale information leak", "information leak",
         "rpc-portmap-decode", "decode of an rpc query", "sdf",
         "senstive data", "sensitive data was transmitted across the network"), LEAK),
    **dict.fromkeys(
        ("attempted-dos", "attempted denial of service", "denial-of-service",
         "detection of a denial of service attack", "successful-dos", "denial of service"), FLOOD),
    **dict.fromkeys(
        ("web-application-attack", "web application attack", "web-application-activity",
         "access to a potentially vulnerable web application"), WEB),
    **dict.fromkeys(
        ("suspicious-login", "an attempted login using a suspicious username was detected",
         "default-login-attempt", "attempt to login by a default username and password"), LOGIN),
    **dict.fromkeys(
        ("policy-violation", "potential corporate privacy violation", "inappropriate-content",
         "inappropriate content was detected", "kickass-porn", "score! get the lotion!",
         "misc-activity", "misc activity", "not-suspicious", "not suspicious traffic",
         "tcp-connection", "a tcp connection was detected", "social-engineering",
         "possible social engineering attempted", "external-ip-check",
         "device retrieving external ip address detected"), POLICY),
    **dict.fromkeys(
        ("protocol-command-decode", "generic protocol command decode", "bad-unknown",
         "potentially bad traffic", "non-standard-protocol",
         "detection of a non-standard protocol or event", "unusual-client-port-connection",
         "a client was using an unusual port", "string-detect",
         "a suspicious string was detected", "suspicious-filename-detect",
         "a suspicious filename was detected", "unknown", "unknown traffic", "system-call-detect",
         "a system call was detected"), PROTOCOL),
}  # fmt: skip
# Scans are known by their generator; ours by what they look for.
_BY_GENERATOR = {122: SCAN, 116: PROTOCOL, 119: PROTOCOL, 120: PROTOCOL, 129: PROTOCOL}
_SPECIAL = {
    (1, 1000100): Meaning(
        "The EICAR test file was sent: harmless, and made to try whether alerts come.",
        "Nothing, if it was you who tried it out.",
    ),
    (1, 1000101): Meaning(
        "The name glovebox-alert-test.example was asked for: it leads nowhere, and is made to try"
        " whether alerts come.",
        "Nothing, if it was you who tried it out.",
    ),
    (1, 1000120): Meaning(
        "Somebody reads the list of users of a MikroTik router, with a hole closed in 2018.",
        "See that the router at that address has RouterOS 6.42.1 or newer, that Winbox (port 8291)"
        " cannot be reached from outside, and change its passwords if it was older.",
    ),
    (1, 1000131): Meaning(
        "A machine looks for many telnet servers, as worms on cameras and recorders do.",
        "Find the device by its address, cut its power, which ends most such worms, and give it a"
        " password of its own and its updates before it gets back on the network.",
    ),
    (1, 1000132): Meaning(
        "A machine joins others that compute a crypto-currency.",
        "If you do not do that on purpose, somebody else uses your electricity: examine"
        " the machine.",
    ),
    **dict.fromkeys(
        ((1, 1000140), (1, 1000141)),
        Meaning(
            "Somebody tries one password after the other.",
            "From outside: see whether that port must be open; with keys or a long password of its"
            " own it is noise. From a machine of yours: examine it.",
        ),
    ),
    (1, 1000160): Meaning(
        "One machine opens more than a thousand connections in ten seconds: a scanner, a program"
        " that shares files, or somebody who invents them, to fill the room that the engine has.",
        "If the machine is yours, examine it. While there is no room, health says so in the check"
        " 'the engine follows every connection', and how many were given up.",
    ),
}  # fmt: skip


def of(gid: int, sid: int, classification: str | None) -> Meaning:
    """Return what is known best: of the rule itself, of its generator, of its class."""
    if found := _SPECIAL.get((gid, sid)):
        return found
    by_class = _BY_CLASS.get((classification or "").strip().lower().removesuffix("."))
    return by_class or _BY_GENERATOR.get(gid, UNKNOWN)
