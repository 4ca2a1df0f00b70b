# SPDX-License-Identifier: MIT
"""The table of areas: one row for each subject of the owner's manual, and what belongs to it.

The command line, the checks, the page, the firewall, the watched units, the metrics and the tests
over systemd/ read this table; a new area adds its row (CONTRIBUTING.md). Everything is a name, as
`module:attribute`, and loaded when it is wanted: `glovebox send` must not pay for Flask.
"""

from __future__ import annotations

from collections.abc import Iterator

from appliance.area import Area, Command, OpenPort, Watched

# The order is that in which checks are judged and shown: along the way of a frame, then the rest.
AREAS = (
    Area(
        "receiver",
        "the stream",
        sections=("capture",),
        commands=(
            Command(
                "receiver",
                "appliance.receiver.service",
                "a router's stream onto the sniffing interface (service)",
            ),
        ),
        watched=(
            Watched("systemd-networkd.service", ladder=("systemd-networkd.service",)),
            Watched(
                "glovebox-receiver.service",
                called="the receiver",
                ladder=("glovebox-receiver.service", "glovebox-receiver.socket"),
            ),
        ),
        reports=("appliance.reports.checksums:ChecksumsReport",),
        checks="appliance.supervisor.streamchecks:CHECKS",
        metrics="appliance.receiver.metrics:families",
    ),
    Area(
        "ids",
        "the detection engine",
        sections=("ids",),
        commands=(
            Command(
                "ids-config",
                "appliance.ids.configure",
                "write the engine's configuration (service)",
            ),
            Command(
                "rules",
                "appliance.ids.rules_command",
                "check rules of yours: which would be in force, and why not the others",
            ),
            Command(
                "quieten",
                "appliance.ids.quieten",
                "have rules say less, as the page wishes (service)",
            ),
        ),
        reports=(
            "appliance.reports.rules:RulesReport",
            "appliance.reports.checksums:EngineChecksumsReport",
        ),
        watched=(
            Watched("glovebox-ids-config.service"),
            Watched(
                "glovebox-ids.service",
                called="the detection engine",
                ladder=("glovebox-ids.service", "glovebox-ids-config.service"),
            ),
        ),
        checks="appliance.supervisor.enginechecks:CHECKS",
    ),
    Area(
        "alerts",
        "the alert store",
        sections=("alerts",),
        commands=(
            Command(
                "alert-store", "appliance.alerts.service", "store the engine's alerts (service)"
            ),
            Command(
                "alerts",
                "appliance.alerts.export.alerts_command",
                "list, follow or export the stored alerts; those that fit alone, if you like",
            ),
        ),
        watched=(
            Watched(
                "glovebox-alerts.service",
                called="the alert store",
                ladder=("glovebox-alerts.service",),
            ),
        ),
        checks="appliance.supervisor.storechecks:CHECKS",
        metrics="appliance.alerts.metrics:families",
    ),
    Area(
        "web",
        "the page",
        sections=("web",),
        commands=(Command("web", "appliance.web.serve", "serve the page (service)"),),
        watched=(
            Watched(
                "glovebox-web.service",
                called="the status page",
                ladder=("glovebox-web.service",),
                lively=True,
            ),
        ),
        ports=(
            OpenPort(80, "tcp", "the page", at_once=64, a_second=20),
            OpenPort(
                443, "tcp", "the page, encrypted", "web.is_encrypted", at_once=64, a_second=20
            ),
            OpenPort(5353, "udp", "its name on the network"),
        ),
        checks="appliance.supervisor.servicechecks:PAGE",
    ),
    Area(
        "leds",
        "LEDs",
        sections=("leds",),
        commands=(
            Command(
                "leds", "appliance.leds.service", "show health on LEDs (service); --list, --demo"
            ),
        ),
        watched=(
            Watched(
                "glovebox-leds.service",
                called="the LED service",
                ladder=("glovebox-leds.service",),
                lively=True,
            ),
        ),
        checks="appliance.supervisor.servicechecks:LEDS",
    ),
    Area(
        "supervisor",
        "is it well?",
        commands=(
            Command(
                "supervisor", "appliance.supervisor.service", "check, restart, report (service)"
            ),
            Command(
                "status", "appliance.supervisor.status_command", "show how the sensor is; --json"
            ),
        ),
        checks="appliance.supervisor.machinechecks:CHECKS",
        metrics="appliance.supervisor.metrics:families",
    ),
    Area(
        "settings",
        "settings and the machine",
        sections=("system", "wired", "wifi"),
        commands=(
            Command("config", "appliance.settings.command", "check or show the settings"),
            Command(
                "settings",
                "appliance.settings.apply",
                "hand on what the owner wrote on BOOT (service)",
            ),
            Command(
                "boot-open",
                "appliance.settings.boot_open",
                "have BOOT take writes for a moment (service)",
            ),
            Command(
                "card-signature",
                "appliance.settings.cardsignature",
                "give the card a signature of its own (service)",
            ),
            Command(
                "accept",
                "appliance.accept",
                "take frames from those alone whom the page accepts (service)",
            ),
            Command("reset", "appliance.reset", "delete what the owner wants deleted (service)"),
        ),
        checks="appliance.supervisor.machinechecks:SETTINGS",
        metrics="appliance.host.metrics:families",
    ),
    Area(
        "update",
        "updates of the whole system",
        commands=(
            Command(
                "update",
                "appliance.update.command",
                "the card's two systems: install one from a bundle, try it, keep it, go back",
            ),
        ),
    ),
    Area(
        "probation",
        "new network settings",
        commands=(
            Command(
                "probation",
                "appliance.probation.service",
                "bring network settings back that worked, where new ones do not (service)",
            ),
        ),
        reports=("appliance.reports.probation:ProbationReport",),
        checks="appliance.supervisor.machinechecks:PROBATION",
    ),
    Area(
        "clock",
        "time",
        commands=(
            Command("clock", "appliance.clock.service", "keep the time over power cuts (service)"),
            Command(
                "clock-servers",
                "appliance.clock.timeservers",
                "pass the network's NTP servers on to chrony (service)",
                aliases=("time-servers",),
            ),
        ),
        checks="appliance.supervisor.machinechecks:CLOCK",
    ),
    Area(
        "dhcp",
        "addresses for devices",
        sections=("dhcp",),
        commands=(
            Command(
                "dhcp",
                "appliance.dhcp.service",
                "let dnsmasq serve where nobody else does (service)",
            ),
        ),
        checks="appliance.supervisor.dhcpchecks:CHECKS",
    ),
    Area(
        "firewall",
        "the firewall",
        commands=(
            Command(
                "firewall", "appliance.firewall", "show who may reach what on this machine; --load"
            ),
        ),
        watched=(Watched("glovebox-firewall.service", ladder=("glovebox-firewall.service",)),),
        checks="appliance.supervisor.servicechecks:FIREWALL",
    ),
    Area(
        "films",
        "films",
        sections=("media", "ssh"),
        commands=(
            Command(
                "films-config",
                "appliance.films.minidlna",
                "write minidlna's configuration (service)",
                aliases=("media-config",),
            ),
            Command(
                "films-drive",
                "appliance.films.links",
                "put a USB drive among the films (service)",
                aliases=("shelf",),
            ),
            Command(
                "films-partition",
                "appliance.films.make_partition",
                "make the card's partition MEDIA (service)",
                aliases=("media-partition",),
            ),
            Command(
                "films-check",
                "appliance.films.check_partition",
                "check MEDIA before it is mounted (service)",
                aliases=("media-check",),
            ),
            Command(
                "films-copying",
                "appliance.films.copying",
                "let films be copied to the card (service)",
                aliases=("copying",),
            ),
        ),
        watched=(
            Watched("glovebox-films-config.service"),
            Watched(
                "glovebox-films.service",
                called="the film server",
                ladder=("glovebox-films.service", "glovebox-films-config.service"),
            ),
        ),
        ports=(
            OpenPort(8200, "tcp", "films"),
            OpenPort(1900, "udp", "players look for the server (SSDP)"),
            OpenPort(22, "tcp", "copying films over SFTP", needs="ssh.keys"),
        ),
        checks="appliance.supervisor.filmchecks:CHECKS",
    ),
    Area(
        "selftest",
        "the self-test",
        reports=("appliance.reports.selftest:SelfTestReport",),
        commands=(
            Command("selftest", "appliance.selftest", "send a marker through the whole sensor"),
        ),
        checks="appliance.supervisor.machinechecks:SELFTEST",
        metrics="appliance.supervisor.metrics:selftest",
    ),
    Area(
        "router",
        "the router",
        sections=("access_point", "router"),
        commands=(
            Command(
                "router",
                "appliance.router.command",
                "set up a MikroTik router, check it, or undo it",
            ),
            Command(
                "access-point",
                "appliance.router.access_point",
                "print a RouterOS script for the kit's access point",
            ),
        ),
    ),
    Area(
        "neighbours",
        "MikroTik devices nearby",
        commands=(
            Command(
                "neighbours",
                "appliance.neighbours.service",
                "look for MikroTik devices nearby (service)",
            ),
        ),
        ports=(OpenPort(5678, "udp", "MikroTik devices tell that they are there (MNDP)"),),
        reports=("appliance.reports.neighbours:NeighboursReport",),
    ),
    Area(
        "console",
        "consoles of routers",
        commands=(
            Command(
                "console",
                "appliance.console.service",
                "be a terminal of a router; without a name, hold one for the page (service)",
            ),
        ),
    ),
    Area(
        "blocking",
        "blocking",
        sections=("block",),
        commands=(
            Command(
                "blocking",
                "appliance.blocking.service",
                "block attackers on the routers (service)",
            ),
            Command("block", "appliance.blocking.block", "block an address on the routers"),
            Command("unblock", "appliance.blocking.unblock", "lift a block, or all"),
            Command("blocks", "appliance.blocking.blocks", "show who is blocked; --json"),
        ),
        watched=(
            Watched(
                "glovebox-blocking.service",
                called="blocking",
                ladder=("glovebox-blocking.service",),
            ),
        ),
        reports=(
            "appliance.reports.blocking:BlockingReport",
            "appliance.reports.answers:AnswersReport",
        ),
        checks="appliance.supervisor.blockingchecks:CHECKS",
    ),
    Area(
        "logs",
        "what firewalls and honeypots log",
        sections=("logs",),
        commands=(
            Command("logs", "appliance.logs.service", "take the lines of routers' logs (service)"),
            Command(
                "fireplot",
                "appliance.logs.fireplot_command",
                "draw which ports were tried on a day, as SVG",
            ),
            Command(
                "glow",
                "appliance.logs.glow_command",
                "draw who wanted to go where through a honeypot, as SVG",
            ),
        ),
        watched=(
            Watched(
                "glovebox-logs.service",
                called="the receiver of logs",
                ladder=("glovebox-logs.service",),
            ),
        ),
        reports=("appliance.reports.logs:LogsReport",),
        checks="appliance.supervisor.areachecks.logchecks:CHECKS",
        metrics="appliance.logs.metrics:families",
    ),
    Area(
        "flows",
        "flows",
        sections=("flows",),
        commands=(
            Command(
                "flows",
                "appliance.questions.flows_words",
                "take the flows that routers send (service); filter, top, cut … ask about them",
            ),
        ),
        watched=(
            Watched(
                "glovebox-flows.service",
                called="the collector of flows",
                ladder=("glovebox-flows.service",),
            ),
        ),
        ports=(
            OpenPort(2055, "udp", "flows of a router (NetFlow)"),
            OpenPort(4739, "udp", "flows of a router (IPFIX)"),
        ),
        reports=("appliance.reports.flows:FlowsReport",),
        checks="appliance.supervisor.areachecks.flowschecks:CHECKS",
        metrics="appliance.flows.metrics:families",
    ),
    Area(
        "blindspots",
        "where the stream shows less than is forwarded",
        watched=(
            Watched(
                "glovebox-blindspots.service",
                called="the counter of the stream",
                ladder=("glovebox-blindspots.service",),
            ),
        ),
        reports=("appliance.reports.flows:BlindSpotsReport",),
        checks="appliance.supervisor.areachecks.blindspotchecks:CHECKS",
    ),
    Area(
        "flowstore",
        "flows kept one by one",
        commands=(
            Command(
                "flowstore",
                "appliance.flowstore.service",
                "store the flows that the collector made ready (service)",
            ),
        ),
        reports=("appliance.reports.flowstore:FlowStoreReport",),
        checks="appliance.supervisor.areachecks.flowstorechecks:CHECKS",
        metrics="appliance.flowstore.metrics:families",
    ),
    Area(
        "questions",
        "questions about flows",
        commands=(
            Command(
                "questions",
                "appliance.questions.service",
                "answer one question about flows (service)",
            ),
        ),
    ),
    Area(
        "intel",
        "lists of bad names and addresses",
        sections=("intel",),
        commands=(
            Command(
                "intel",
                "appliance.intel.service",
                "look for listed names and addresses in the traffic (service)",
            ),
            Command(
                "intel-lists",
                "appliance.intel.card_lists",
                "take the lists on the card, and say what came of each",
            ),
            Command(
                "fetch",
                "appliance.intel.fetch_command",
                "fetch the lists that you chose from the Internet (service)",
            ),
        ),
        watched=(
            Watched(
                "glovebox-intel.service",
                called="the search for listed names",
                ladder=("glovebox-intel.service",),
            ),
        ),
        reports=(
            "appliance.reports.intel:IntelReport",
            "appliance.reports.intel:IntelListsReport",
            "appliance.reports.fetch:FetchReport",
        ),
        checks="appliance.supervisor.areachecks.intelchecks:CHECKS",
        metrics="appliance.intel.metrics:families",
    ),
    Area(
        "zone",
        "the lists as a zone for servers of names",
        commands=(
            Command(
                "zone",
                "appliance.zone.service",
                "write the zone of all lists, and have its server load it (service)",
            ),
        ),
        watched=(
            Watched(
                "glovebox-zone.service",
                called="the server of the zone",
                ladder=("glovebox-zone.service",),
            ),
        ),
        reports=("appliance.reports.intel:ZoneReport",),
        checks="appliance.supervisor.areachecks.zonechecks:CHECKS",
    ),
    Area(
        "devices",
        "devices in the network",
        commands=(
            Command(
                "devices",
                "appliance.devices.service",
                "hear which devices there are (service)",
            ),
        ),
        watched=(
            Watched(
                "glovebox-devices.service",
                called="the register of devices",
                ladder=("glovebox-devices.service",),
            ),
        ),
        reports=("appliance.reports.devices:DevicesReport",),
        metrics="appliance.devices.metrics:families",
    ),
    Area(
        "notify",
        "messages",
        sections=("notify", "forward"),
        commands=(
            Command(
                "notify",
                "appliance.notify.service",
                "write messages of alerts and faults (service); test NAME",
            ),
            Command(
                "notify-send",
                "appliance.notify.send_service",
                "send messages to the channels (service)",
            ),
        ),
        watched=(
            Watched(
                "glovebox-notify.service",
                called="the writer of messages",
                ladder=("glovebox-notify.service",),
            ),
            Watched(
                "glovebox-notify-send.service",
                called="the sender of messages",
                ladder=("glovebox-notify-send.service",),
            ),
        ),
        reports=(
            "appliance.reports.notify:NotifyReport",
            "appliance.reports.notify:SendReport",
        ),
        checks="appliance.supervisor.areachecks.notifychecks:CHECKS",
        metrics="appliance.notify.metrics:families",
    ),
    Area(
        "renewal",
        "rule sets of the Internet",
        sections=("rules",),
        commands=(
            Command(
                "renewal",
                "appliance.renewal.service",
                "bring fetched rule sets into force where they stand their tests (service)",
            ),
        ),
        reports=("appliance.reports.rules:RenewalReport",),
        checks="appliance.supervisor.areachecks.renewalchecks:CHECKS",
    ),
    Area(
        "evidence",
        "the packets around alerts",
        commands=(
            Command(
                "evidence",
                "appliance.evidence.service",
                "keep the packets around each alert (service)",
            ),
        ),
        watched=(
            Watched(
                "glovebox-evidence.service",
                called="the keeper of packets",
                ladder=("glovebox-evidence.service",),
            ),
        ),
        reports=("appliance.reports.alerts:EvidenceReport",),
        metrics="appliance.evidence.metrics:families",
    ),
    Area(
        "tools",
        "tools for captures",
        commands=(
            Command("replay", "appliance.tools.replay", "put capture files onto an interface"),
            Command("decap", "appliance.tools.decap", "turn TZSP into pcap, on stdout or in files"),
            Command(
                "send",
                "appliance.tools.send",
                "play the router: wrap a capture in TZSP and send it",
            ),
        ),
    ),
)


def commands() -> Iterator[Command]:
    """Yield every command, area by area."""
    for area in AREAS:
        yield from area.commands


def watched() -> Iterator[Watched]:
    """Yield every watched unit, area by area."""
    for area in AREAS:
        yield from area.watched


def ports() -> Iterator[OpenPort]:
    """Yield every port that is open to all neighbours, area by area."""
    for area in AREAS:
        yield from area.ports
