# SPDX-License-Identifier: MIT
"""A player: a DLNA control point (async-upnp-client) that finds the server, browses and fetches."""

from __future__ import annotations

import asyncio
import http.client
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from async_upnp_client.aiohttp import AiohttpRequester
from async_upnp_client.client import UpnpDevice
from async_upnp_client.client_factory import UpnpFactory
from async_upnp_client.profiles.dlna import DmsDevice
from didl_lite import didl_lite

T = TypeVar("T")

MEDIA_SERVER = "urn:schemas-upnp-org:device:MediaServer:1"
FOLDERS = "64"
PAGE = 200
CHUNK = 1 << 16


@dataclass(frozen=True)
class Film:
    """What a server tells of one film: its title and where to fetch it."""

    title: str
    url: str
    size: int


def _run(question: Coroutine[Any, Any, T]) -> T:
    """Run in a thread of its own: a browser of other tests may have this one's event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, question).result()


class Player:
    """One tablet, at the address `source`; each call is a task of its own."""

    def __init__(self, source: str) -> None:
        self._source = (source, 0)

    def search(self, seconds: float = 2.0) -> str | None:
        """Ask who serves media; return where the first one describes itself."""

        async def ask() -> str | None:
            found = await DmsDevice.async_search(source=self._source, timeout=int(seconds) or 1)
            return next((each["location"] for each in found), None)

        return _run(ask())

    def find(self, seconds: float) -> str:
        """Ask until a server answers. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            location = self.search(1.0)
            if location is not None:
                return location
        raise TimeoutError(f"no media server within {seconds} s")

    def name(self, location: str) -> str:
        """Return the name of the server."""

        async def ask() -> str:
            return (await self._device(location)).friendly_name

        return _run(ask())

    def films(self, location: str, container: str = FOLDERS) -> list[Film]:
        """Return the films below a container: all of them, however deep."""

        async def ask() -> list[Film]:
            server = DmsDevice(await self._device(location), None)
            return [film async for film in _below(server, container)]

        return _run(ask())

    @staticmethod
    async def _device(location: str) -> UpnpDevice:
        return await UpnpFactory(AiohttpRequester(timeout=30)).async_create_device(location)


async def _below(server: DmsDevice, container: str) -> Any:
    start = 0
    while True:
        found = await server.async_browse_direct_children(
            container, starting_index=start, requested_count=PAGE
        )
        for each in found.result:
            if isinstance(each, didl_lite.Container):
                async for film in _below(server, each.id):
                    yield film
            elif each.resources:
                resource = each.resources[0]
                yield Film(each.title, resource.uri, int(resource.size or 0))
        start += found.number_returned
        if start >= found.total_matches or not found.number_returned:
            return


def fetch(url: str, first: int | None = None, last: int | None = None) -> tuple[int, bytes]:
    """Return the HTTP status and the bytes of a film, or the range `first` to `last` of them."""
    headers = {} if first is None else {"Range": f"bytes={first}-{'' if last is None else last}"}
    with closing(_connection(url)) as connection:
        connection.request("GET", urlsplit(url).path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def chunks(url: str) -> Iterator[bytes]:
    """Yield a film as it comes; ends where the server ends it."""
    with closing(_connection(url)) as connection:
        connection.request("GET", urlsplit(url).path)
        answer = connection.getresponse()
        while chunk := answer.read1(CHUNK):
            yield chunk


def _connection(url: str, seconds: float = 30.0) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(url).netloc, timeout=seconds)
