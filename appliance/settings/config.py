# SPDX-License-Identifier: MIT
"""Settings: TOML files laid over each other, checked, as frozen dataclasses.

Order: defaults shipped with the package ← the owner's file on the boot partition ← what the page
saved. Every setting stands in `config/glovebox.toml`; the dataclasses here give it its type.
"""

from __future__ import annotations

import dataclasses
import os
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.errors import ConfigError
from appliance.formats.plain_address import plain
from appliance.settings.mistakes import forms
from appliance.settings.sections.access_point import AccessPointConfig
from appliance.settings.sections.alerts import AlertsConfig
from appliance.settings.sections.block import BlockConfig
from appliance.settings.sections.capture import CaptureConfig
from appliance.settings.sections.dhcp import DhcpConfig
from appliance.settings.sections.fit import Address, Unfit
from appliance.settings.sections.flows import FlowsConfig
from appliance.settings.sections.forward import ForwardConfig
from appliance.settings.sections.ids import EngineName, IdsConfig
from appliance.settings.sections.intel import IntelConfig
from appliance.settings.sections.leds import LedsConfig
from appliance.settings.sections.logs import LogsConfig
from appliance.settings.sections.media import MediaConfig
from appliance.settings.sections.notify import NotifyConfig
from appliance.settings.sections.router import RouterConfig
from appliance.settings.sections.rules import RulesConfig
from appliance.settings.sections.ssh import SshConfig
from appliance.settings.sections.system import SystemConfig
from appliance.settings.sections.web import WebConfig
from appliance.settings.sections.wifi import WifiConfig
from appliance.settings.sections.wired import WiredConfig
from appliance.settings.tables import hints_of, merge, names, read, section, short

SHIPPED = Path("/usr/share/glovebox/glovebox.toml")
# What the owner wrote on the boot partition, checked, without secrets: see appliance/settings.
OWNERS = Path("/run/glovebox-settings/glovebox.toml")
# The routers that the owner accepted on the page; `glovebox accept` writes it.
ACCEPTED = Path("/var/lib/glovebox/accepted/routers.toml")
SAVED = Path("/var/lib/glovebox/glovebox.toml")


def files_of(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Return where the settings stand; a service that needs secrets has them as credentials.

    See systemd.exec(5), LoadCredential=.
    """
    if named := environment.get("GLOVEBOX_CONFIG"):
        return tuple(map(Path, named.split(":")))
    folder = environment.get("CREDENTIALS_DIRECTORY")
    credentials = sorted(Path(folder).glob("*.toml")) if folder else []
    return (SHIPPED, OWNERS, *credentials, ACCEPTED, SAVED)


FILES = files_of(os.environ)
# The name of the engine that this image holds, or "none"; not there on a development machine.
HELD_ENGINE = Path(os.environ.get("GLOVEBOX_ENGINE_FILE", "/usr/share/glovebox/engine"))


@dataclass(frozen=True)
class Config:
    system: SystemConfig = field(default_factory=SystemConfig)
    wired: WiredConfig = field(default_factory=WiredConfig)
    wifi: WifiConfig = field(default_factory=WifiConfig)
    ssh: SshConfig = field(default_factory=SshConfig)
    capture: CaptureConfig = field(default_factory=CaptureConfig)
    ids: IdsConfig = field(default_factory=IdsConfig)
    alerts: AlertsConfig = field(default_factory=AlertsConfig)
    web: WebConfig = field(default_factory=WebConfig)
    leds: LedsConfig = field(default_factory=LedsConfig)
    dhcp: DhcpConfig = field(default_factory=DhcpConfig)
    media: MediaConfig = field(default_factory=MediaConfig)
    access_point: AccessPointConfig = field(default_factory=AccessPointConfig)
    router: RouterConfig = field(default_factory=RouterConfig)
    block: BlockConfig = field(default_factory=BlockConfig)
    logs: LogsConfig = field(default_factory=LogsConfig)
    flows: FlowsConfig = field(default_factory=FlowsConfig)
    intel: IntelConfig = field(default_factory=IntelConfig)
    notify: NotifyConfig = field(default_factory=NotifyConfig)
    rules: RulesConfig = field(default_factory=RulesConfig)
    forward: ForwardConfig = field(default_factory=ForwardConfig)

    @property
    def log_senders(self) -> tuple[Address, ...]:
        """Whose logs are taken: those named, and routers that send theirs; else every router known.

        Routers are known by [router], by [capture], or because the owner accepted them.
        """
        sending = [router.address for router in self.router.routers if router.log]
        found = [*self.logs.sources, *sending] or [
            *(router.address for router in self.router.routers),
            *self.capture.routers,
        ]
        return tuple(dict.fromkeys(map(plain, found)))

    @property
    def flow_senders(self) -> tuple[Address, ...]:
        """Whose flows are taken: those named, and routers set up to send them; empty: anybody's."""
        sending = (router.address for router in self.router.routers if router.flows)
        return tuple(dict.fromkeys(map(plain, (*self.flows.exporters, *sending))))


SECTIONS = {section.name: section for section in dataclasses.fields(Config)}


def load(files: Sequence[Path] = FILES) -> tuple[Config, list[ConfigError]]:
    """Return the settings and what is wrong with the files.

    A file that cannot be used is left out whole, with its error in the list: the values below it
    stand. A file that is not there is no error.
    """
    held = held_engine()
    config, errors = _with_engine(Config(ids=IdsConfig(engine="image")), held, ""), []
    merged: dict[str, dict[str, Any]] = {}
    for file in files:
        try:
            candidate = merge(merged, read(file))
            config = _with_engine(build(candidate, str(file)), held, str(file))
            merged = candidate
        except FileNotFoundError:
            continue
        except ConfigError as error:
            errors.append(error)
    return config, errors


def held_engine(file: Path = HELD_ENGINE) -> EngineName | None:
    """Return the engine that this image holds, None where nothing tells."""
    try:
        name = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return next((known for known in typing.get_args(EngineName) if known == name), None)


def _with_engine(config: Config, held: EngineName | None, file: str) -> Config:
    """Put the engine that the image holds in the place of "image". Raises ConfigError for another.

    Where it is not known what the image holds, nothing is refused.
    """
    engine = config.ids.engine
    if engine == "image":
        ids = dataclasses.replace(config.ids, engine=held or "snort")
        return dataclasses.replace(config, ids=ids)
    if held is not None and engine not in (held, "none"):
        raise ConfigError(f"{file}: [ids] engine = {engine!r}: this image holds {held!r}")
    return config


def build(
    tables: Mapping[str, Any], file: str = "configuration", *, of_owner: bool = True
) -> Config:
    """Turn parsed TOML into a Config. Raises ConfigError naming file, key, value, expectation.

    To an owner it also says what to write instead; files of other formats are written otherwise.
    """
    values: dict[str, Any] = {}
    for name, table in tables.items():
        if name not in SECTIONS:
            raise ConfigError(f"{file}: {_unknown(name, table)}; there are {names(SECTIONS)}")
        if not isinstance(table, dict):
            raise ConfigError(f"{file}: {name} = {_plain(table)}: expected a section [{name}]")
        section_type = hints_of(Config)[name]
        try:
            values[name] = section(section_type, table)
        except Unfit as error:
            instead = forms.instead(name, str(error)) if of_owner else ""
            raise ConfigError(f"{file}: [{name}] {error}{instead}") from error
    return Config(**values)


def _plain(value: Any) -> str:
    # A text may be a password.
    return str(value) if type(value) in (bool, float) or _is_small(value) else "…"


def _is_small(value: Any) -> bool:
    return type(value) is int and abs(value) < 1 << 63


def _unknown(name: str, value: Any) -> str:
    if not isinstance(value, dict):
        return f"{short(name)}: stands before any section; write it below the [section] it is of"
    if name.lower() in SECTIONS:
        return f"[{name}]: no such section; it is [{name.lower()}], in small letters"
    meant = forms.section_meant(name)
    return f"[{short(name)}]: no such section{f'; write [{meant}]' if meant else ''}"


def shown(value: Any) -> Any:
    """Return settings as JSON knows them, for people to look at: secrets stay unsaid."""
    if isinstance(value, tuple):
        return [shown(each) for each in value]
    if not dataclasses.is_dataclass(value):
        return value
    found: dict[str, Any] = {}
    for part in dataclasses.fields(value):
        content = getattr(value, part.name)
        rule = part.metadata.get("shown")
        if content and not part.repr:
            found[part.name] = "(set)"
        else:
            found[part.name] = [rule(each) for each in content] if rule else shown(content)
    return found
