"""Settings: TOML files laid over each other, checked, as frozen dataclasses.

Order: defaults shipped with the package ← the owner's file on the boot partition ← what the page
saved. Every setting stands in `config/glovebox.toml`; the dataclasses here give it its type.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)
from pathlib import Path
from typing import Any, Literal

from appliance.errors import ConfigError
from appliance.sections import Address as Address
from appliance.sections import (
    Interface,
    SshConfig,
    SystemConfig,
    WifiConfig,
    WiredConfig,
)
from appliance.sections import Unfit as _Unfit
from appliance.sections import expect as _expect

Network = IPv4Network | IPv6Network
EngineName = Literal["snort", "suricata", "none"]

FILES = tuple(
    Path(path)
    for path in os.environ.get(
        "GLOVEBOX_CONFIG",
        "/usr/share/glovebox/glovebox.toml"
        # What the owner wrote on the boot partition, checked: see appliance/settings.
        ":/run/glovebox-settings/glovebox.toml"
        ":/var/lib/glovebox/glovebox.toml",
    ).split(":")
)
LARGEST_FILE = 1 << 20
# The name of the engine that this image holds, or "none"; not there on a development machine.
HELD_ENGINE = Path(os.environ.get("GLOVEBOX_ENGINE_FILE", "/usr/share/glovebox/engine"))
# As the page's own, and as crypt(5) makes them: Imager knows a password in no other form.
PASSWORD_HASH = re.compile(
    r"scrypt:[0-9:]{5,16}\$\w{1,64}\$[0-9a-f]{128}"
    r"|\$(y|gy|7|2b|6|5)\$[./0-9A-Za-z$=,]{20,200}"
)


@dataclass(frozen=True)
class CaptureConfig:
    interface: str = "tzsp0"
    ports: tuple[int, ...] = (37008,)
    routers: tuple[Address, ...] = ()

    def __post_init__(self) -> None:
        _expect(0 < len(self.interface) < 16, "interface", self.interface, "1 to 15 characters")
        for port in self.ports:
            _expect(0 < port < 65536, "ports", port, "1 to 65535")
        _expect(bool(self.ports), "ports", list(self.ports), "at least one port")


@dataclass(frozen=True)
class IdsConfig:
    engine: Literal[EngineName, "image"] = "snort"
    home_networks: tuple[Network, ...] = ()


@dataclass(frozen=True)
class AlertsConfig:
    keep: int = 1_000_000

    def __post_init__(self) -> None:
        _expect(self.keep >= 1000, "keep", self.keep, "at least 1000")


@dataclass(frozen=True)
class WebConfig:
    title: str = "Glovebox"
    password: str = field(default="", repr=False)
    password_hash: str = field(default="", repr=False)
    api_token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        _expect(0 < len(self.title) <= 64, "title", self.title, "1 to 64 characters")
        if self.password and not 8 <= len(self.password) <= 256:
            raise _Unfit("password: expected 8 to 256 characters")
        if self.password_hash and not PASSWORD_HASH.fullmatch(self.password_hash):
            raise _Unfit("password_hash: expected what `glovebox web --hash-password` prints")
        if self.api_token and not re.fullmatch(r"[!-~]{16,256}", self.api_token):
            raise _Unfit("api_token: expected 16 to 256 letters, digits and signs, no spaces")


@dataclass(frozen=True)
class LedsConfig:
    onboard: tuple[str, ...] = ("ACT", "led0")
    pins: tuple[int, ...] = ()
    pins_active_low: bool = False
    brightness: int = 100
    night_hours: tuple[str, ...] = ()
    night_brightness: int = 0
    night_shows: Literal["nothing", "faults", "faults and alerts"] = "faults"

    def __post_init__(self) -> None:
        for name in self.onboard:
            plain = bool(name) and "/" not in name and not name.startswith(".")
            _expect(plain, "onboard", name, "names as in /sys/class/leds")
        for pin in self.pins:
            _expect(0 <= pin <= 27, "pins", pin, "Broadcom GPIO numbers, 0 to 27")
        _expect(len(set(self.pins)) == len(self.pins), "pins", list(self.pins), "each pin once")
        for key in ("brightness", "night_brightness"):
            value = getattr(self, key)
            _expect(0 <= value <= 100, key, value, "0 to 100 (percent)")
        hours = self.night_hours
        clocks = all(re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", hour) for hour in hours)
        sound = len(set(hours)) == len(hours) and len(hours) in (0, 2) and clocks
        _expect(sound, "night_hours", list(hours), 'two times like ["22:00", "07:00"], or []')


@dataclass(frozen=True)
class DhcpConfig:
    profile: Literal["auto", "home", "car"] = "auto"
    address: str = "10.77.0.1/24"
    lease_hours: int = 12
    router: str = ""
    dns_servers: tuple[Address, ...] = ()
    static: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        network = _interface(self.address)
        fits = network is not None and 20 <= network.network.prefixlen <= 28
        expected = 'an address with its network, like "10.77.0.1/24" (from /20 to /28)'
        _expect(fits, "address", self.address, expected)
        _expect(1 <= self.lease_hours <= 168, "lease_hours", self.lease_hours, "1 to 168")
        inside = not self.router or _is_inside(self.router, self.address)
        _expect(inside, "router", self.router, f'an address within {self.address}, or ""')
        for line in self.static:
            _expect(_is_static(line, self.address), "static", line, _STATIC)
        for column in (0, 1, 2):
            values = [line.lower().split()[column] for line in self.static]
            unique = len(set(values)) == len(values)
            _expect(unique, "static", list(self.static), "each station, address and name once")


_STATIC = 'station, address of the network, name: "02:00:00:00:00:01 10.77.0.2 tablet"'


def _interface(text: str) -> IPv4Interface | None:
    try:
        found = IPv4Interface(text)
    except ValueError:
        return None
    ends = (found.network.network_address, found.network.broadcast_address)
    return found if found.ip.is_private and found.ip not in ends else None


def _is_inside(text: str, address: str) -> bool:
    network = IPv4Interface(address)
    try:
        return IPv4Address(text) in network.network and IPv4Address(text) != network.ip
    except ValueError:
        return False


def _is_static(line: str, address: str) -> bool:
    form = r"([0-9a-f]{2}(?::[0-9a-f]{2}){5}) ([0-9.]+) [a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
    found = re.fullmatch(form, line.lower())
    return found is not None and _is_inside(found[2], address)


@dataclass(frozen=True)
class MediaConfig:
    enabled: bool = True
    name: str = "Glovebox"
    kinds: tuple[Literal["video", "audio", "pictures"], ...] = ("video", "audio", "pictures")
    folders: bool = True

    def __post_init__(self) -> None:
        fits = 0 < len(self.name.encode()) <= 63 and self.name.isprintable()
        fits = fits and self.name == self.name.strip() and not set(self.name) & set("<>&")
        _expect(fits, "name", self.name, "1 to 63 bytes on one line, without < > &")
        once = bool(self.kinds) and len(set(self.kinds)) == len(self.kinds)
        _expect(once, "kinds", list(self.kinds), "at least one kind, each once")


@dataclass(frozen=True)
class AccessPointConfig:
    ssid: str = "Glovebox"
    passphrase: str = field(default="", repr=False)
    country: str = ""
    driver: Literal["wireless", "wifi"] = "wireless"
    stream: bool = False

    def __post_init__(self) -> None:
        _expect(0 < len(self.ssid.encode()) <= 32, "ssid", self.ssid, "1 to 32 bytes")
        # Never shown in an error: IEEE 802.11-2020, J.4.1.
        if self.passphrase and not re.fullmatch(r"[ -~]{8,63}", self.passphrase):
            raise _Unfit("passphrase: expected 8 to 63 letters, digits and signs of ASCII")


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


def read(file: Path) -> dict[str, Any]:
    """Parse one TOML file; accepts a byte-order mark and Windows line ends.

    Raises ConfigError for what is unreadable, too large, not UTF-8 or not TOML, and
    FileNotFoundError.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error
    return parse(content, str(file))


def parse(content: bytes, file: str) -> dict[str, Any]:
    """Parse TOML; accepts a byte-order mark and Windows line ends. Raises ConfigError."""
    if len(content) > LARGEST_FILE:
        raise ConfigError(f"{file}: larger than {LARGEST_FILE} bytes")
    try:
        return tomllib.loads(content.decode("utf-8-sig").replace("\r\n", "\n"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{file}: {error}") from error


def build(tables: Mapping[str, Any], file: str = "configuration") -> Config:
    """Turn parsed TOML into a Config. Raises ConfigError naming file, key, value, expectation."""
    sections = {section.name: section for section in dataclasses.fields(Config)}
    values: dict[str, Any] = {}
    for name, table in tables.items():
        if name not in sections:
            raise ConfigError(f"{file}: [{name}]: no such section; there are {_names(sections)}")
        if not isinstance(table, dict):
            raise ConfigError(f"{file}: {name} = {table!r}: expected a section [{name}]")
        section_type = typing.get_type_hints(Config)[name]
        try:
            values[name] = _section(section_type, table)
        except _Unfit as error:
            raise ConfigError(f"{file}: [{name}] {error}") from error
    return Config(**values)


def _section(section_type: type[Any], table: Mapping[str, Any]) -> Any:
    hints = typing.get_type_hints(section_type)
    for key in table:
        if key not in hints:
            raise _Unfit(f"{key}: no such key; there are {_names(hints)}")
    for part in dataclasses.fields(section_type):
        if part.default is dataclasses.MISSING and part.name not in table:
            raise _Unfit(f"{part.name}: missing")
    return section_type(**{key: _convert(key, value, hints[key]) for key, value in table.items()})


def _convert(key: str, value: Any, wanted: Any) -> Any:
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is tuple:
        _expect(isinstance(value, list), key, value, "a list […]")
        return tuple(_convert(key, item, arguments[0]) for item in value)
    if dataclasses.is_dataclass(wanted):
        _expect(isinstance(value, dict), key, value, "a table { … }")
        return _section(typing.cast("type[Any]", wanted), value)
    if origin is Literal:
        _expect(value in arguments, key, value, " or ".join(map(repr, arguments)))
        return value
    if origin in (typing.Union, types.UnionType):
        return _parse_address(key, value, wanted)
    _expect(type(value) is wanted, key, value, f"a value of type {wanted.__name__}")
    return value


ADDRESSES: Mapping[Any, tuple[Any, str]] = {
    Address: (ip_address, "an IP address"),
    Interface: (ip_interface, "an address with its network like 192.168.88.5/24"),
    Network: (ip_network, "a network like 10.0.0.0/8"),
}


def _parse_address(key: str, value: Any, wanted: Any) -> Any:
    parse, expected = ADDRESSES[wanted]
    _expect(isinstance(value, str), key, value, f"{expected} in quotes")
    try:
        return parse(value)
    except ValueError:
        raise _Unfit(f"{key} = {value!r}: expected {expected}") from None


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay tables of settings over others, key by key."""
    merged = dict(below)
    for name, table in above.items():
        both = isinstance(table, dict) and isinstance(merged.get(name), dict)
        merged[name] = {**merged[name], **table} if both else table
    return merged


def _names(names: Mapping[str, object]) -> str:
    return ", ".join(names)


def shown(value: Any) -> Any:
    """Return settings as JSON knows them, for people to look at: secrets stay unsaid."""
    if isinstance(value, tuple):
        return [shown(each) for each in value]
    if not dataclasses.is_dataclass(value):
        return value
    found = {}
    for part in dataclasses.fields(value):
        content = getattr(value, part.name)
        found[part.name] = "(set)" if content and not part.repr else shown(content)
    return found


def main(argv: Sequence[str]) -> int:
    """Check or show the configuration: exit 0 when every file is right, 78 otherwise."""
    parser = argparse.ArgumentParser(
        prog="glovebox config", description="Check the settings, or show the ones in force."
    )
    parser.add_argument("action", choices=("check", "show"))
    parser.add_argument(
        "files", nargs="*", type=Path, help=f"instead of {', '.join(map(str, FILES))}"
    )
    arguments = parser.parse_args(argv)
    config, errors = load(arguments.files or FILES)
    for error in errors:
        print(f"glovebox config: {error}")
    if arguments.action == "show":
        print(json.dumps(shown(config), indent=2, default=str))
    return ConfigError.exit_status if errors else 0
