"""What the supervisor published about films, as typed values: refused whole when it misfits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from appliance.films.drives import Drive
from appliance.films.library import Client, Library


@dataclass(frozen=True)
class Films:
    """What is served to whom, and the drives that are plugged in."""

    library: Library
    drives: tuple[Drive, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the object that `/api/status` answers with."""
        return {**asdict(self.library), "drives": [asdict(each) for each in self.drives]}


def parse_films(values: Mapping[str, Any]) -> Films:
    """Return the object `media` of the status file `health`.

    Raises ValueError, KeyError, TypeError or AttributeError for what does not fit.
    """
    library = Library(
        audio=_count(values["audio"]),
        video=_count(values["video"]),
        images=_count(values["images"]),
        scanning=values["scanning"] is True,
        streams=_count(values["streams"]),
        clients=tuple(_client(each) for each in values["clients"]),
    )
    return Films(library, tuple(_drive(each) for each in values["drives"]))


def _client(values: Mapping[str, Any]) -> Client:
    return Client(str(values["kind"]), str(values["address"]), _count(values["streams"]))


def _drive(values: Mapping[str, Any]) -> Drive:
    return Drive(
        device=str(values["device"]),
        name=str(values["name"]),
        kind=str(values["kind"]),
        size=_count(values["size"]),
        mounted=values["mounted"] is True,
    )


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(f"{value!r}: expected a count")
    return value
