# SPDX-License-Identifier: MIT
"""The channels there are: those of the card, and those that the page set up, on DATA.

Secrets go in and never out: what may be shown of a channel is `target`.
"""

from __future__ import annotations

import dataclasses
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from appliance import files
from appliance.errors import ConfigError
from appliance.settings.sections.fit import Unfit
from appliance.settings.sections.notify import MOST, NotifyChannel, NotifyConfig
from appliance.settings.tables import read as read_toml
from appliance.settings.tables import section
from appliance.settings.tomltext import dumps

FOLDER = Path("/var/lib/glovebox/notify-send")
NAME = "channels.toml"

log = logging.getLogger(__name__)


class ChannelBook:
    """The channels by name; the card's win."""

    def __init__(self, of_card: Sequence[NotifyChannel], folder: Path = FOLDER) -> None:
        """Take the card's channels, and the folder of the page's."""
        self._of_card = {each.name: each for each in of_card}
        self._file = folder / NAME
        self._of_page = {each.name: each for each in self._kept()}

    def __iter__(self) -> Iterator[NotifyChannel]:
        return iter([*self._of_card.values(), *self._pages()])

    def named(self, name: str) -> NotifyChannel | None:
        """Return the channel of a name."""
        return self._of_card.get(name) or self._of_page.get(name)

    def is_of_page(self, name: str) -> bool:
        """Tell whether the page set a channel up."""
        return name not in self._of_card

    def put(self, channel: NotifyChannel) -> None:
        """Keep a channel of the page's, in the place of one of its name. Raises Unfit, OSError."""
        if channel.name in self._of_card:
            raise Unfit(f"{channel.name}: the card has a channel of this name")
        changed = {**self._of_page, channel.name: channel}
        if len(self._of_card) + len(changed) > MOST:
            raise Unfit(f"there are {MOST} channels already, which is the most")
        self._keep(changed)

    def remove(self, name: str) -> None:
        """Forget a channel of the page's. Raises OSError."""
        self._keep({each: channel for each, channel in self._of_page.items() if each != name})

    def _pages(self) -> Iterable[NotifyChannel]:
        return (each for name, each in self._of_page.items() if name not in self._of_card)

    def _kept(self) -> tuple[NotifyChannel, ...]:
        try:
            found: NotifyConfig = section(NotifyConfig, read_toml(self._file).get("notify", {}))
        except FileNotFoundError:
            return ()
        except (ConfigError, Unfit):
            # Without its words, which might quote what stands there.
            log.error("the channels that the page set up cannot be read")
            return ()
        return found.channels

    def _keep(self, channels: dict[str, NotifyChannel]) -> None:
        tables = [dataclasses.asdict(each) for each in channels.values()]
        files.write_durable(self._file, dumps({"notify": {"channels": tables}}), 0o600)
        self._of_page = channels


def target(channel: NotifyChannel) -> str:
    """Return what may be shown of where a channel leads: no path, for it is often a secret."""
    if channel.way == "mail":
        return channel.to
    if channel.way == "telegram":
        return f"chat {channel.to}"
    if channel.way == "mqtt":
        return channel.server
    if channel.way == "other":
        return channel.secret.partition(":")[0]
    return urlsplit(channel.to).hostname or ""


def secrets_of(channel: NotifyChannel) -> tuple[str, ...]:
    """Return what of a channel no answer, log or page may show."""
    if channel.way in ("mail", "telegram", "mqtt"):
        return (channel.secret,)
    if channel.way == "other":
        return (*secrets_within(channel.secret), *re.split("[:/?&=@]+", channel.secret)[1:])
    return (channel.secret, *secrets_within(channel.to))


def secrets_within(url: str) -> tuple[str, ...]:
    """Return what may be a secret of an address of the web: all but scheme and host."""
    parts = urlsplit(url)
    return (url, f"{parts.path}?{parts.query}", parts.path, parts.query, *parts.path.split("/"))
