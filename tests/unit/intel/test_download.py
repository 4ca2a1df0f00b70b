# SPDX-License-Identifier: MIT
"""Downloads of every bad kind: each is an error in words."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.intel import download
from appliance.intel.download import (
    AGENT,
    AccessKey,
    Downloaded,
    DownloadError,
    DownloadWish,
    ServedVersion,
)
from tests.unit.intel.bad_server import GOOD, TAG, certificate, playing

NOTHING = ServedVersion()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def tls(made: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=made[0])


@pytest.fixture(scope="module")
def server(made: tuple[Path, Path]) -> Iterator[str]:
    with playing(*made) as url:
        yield url


def test_what_is_new_is_fetched_and_what_is_not_is_not(server: str, tls: ssl.SSLContext) -> None:
    first = download.download(f"{server}/good", DownloadWish(), tls)
    assert first == Downloaded(GOOD, ServedVersion(TAG))
    assert download.download(f"{server}/good", DownloadWish(first.version), tls) == Downloaded(
        None, ServedVersion(TAG)
    )


def test_a_redirect_is_followed_and_chunks_are_read(server: str, tls: ssl.SSLContext) -> None:
    assert download.download(f"{server}/moved", DownloadWish(), tls).content == GOOD
    assert download.download(f"{server}/chunks", DownloadWish(), tls).content == b"abc\n"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/404", "it answered 404"), ("/500", "it answered 500"), ("/504", "it answered 504"),
        ("/304", "it answered 304"), ("/cut", "it was cut off"), ("/cut-chunks", "it was cut off"),
        ("/no-length", "nobody knows whether it is whole"), ("/huge", "larger than 32 MB"),
        ("/endless", "larger than 32 MB"), ("/loop", "it leads on and on"),
        ("/plain", "not HTTPS"), ("/file", "not HTTPS"), ("/garbage", "not HTTP"),
        ("/silent", "not HTTP"), ("/nowhere", "it leads on and on"),
    ],
)  # fmt: skip
def test_bad_answers_are_errors_in_words(
    server: str, tls: ssl.SSLContext, path: str, why: str
) -> None:
    with pytest.raises(DownloadError, match=why):
        download.download(server + path, DownloadWish(), tls)


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/drips", "/drips-headers"])
def test_what_is_too_slow_ends(server: str, tls: ssl.SSLContext, path: str) -> None:
    with pytest.raises(DownloadError, match="too slow"):
        download.download(server + path, DownloadWish(), tls, 0.5)


def test_a_server_may_say_when_to_come_again(server: str, tls: ssl.SSLContext) -> None:
    with pytest.raises(DownloadError) as caught:
        download.download(f"{server}/503", DownloadWish(), tls)
    assert caught.value.wait_s == 7200.0


def test_a_name_that_cannot_be_sent_back_is_none(server: str, tls: ssl.SSLContext) -> None:
    assert download.download(f"{server}/tag", DownloadWish(), tls).version == NOTHING


def test_a_certificate_of_nobody_is_not_trusted(server: str) -> None:
    with pytest.raises(DownloadError, match="its certificate is not trusted"):
        download.download(f"{server}/good", DownloadWish(), ssl.create_default_context())


def test_nobody_there_is_told(tls: ssl.SSLContext) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(DownloadError, match="refused"):
        download.download(f"https://127.0.0.1:{port}/", DownloadWish(), tls)


@pytest.mark.slow
def test_a_server_without_encryption_is_told(tls: ssl.SSLContext) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(DownloadError, match="too slow"):
            download.download(url, DownloadWish(), tls, 0.5)


def test_the_agent_names_us() -> None:
    assert AGENT.startswith("Glovebox/")


@pytest.mark.parametrize(
    "key", [AccessKey("planted", header="X-Key"), AccessKey("planted", "", "k")]
)
def test_a_key_goes_to_its_server_alone(server: str, tls: ssl.SSLContext, key: AccessKey) -> None:
    with pytest.raises(DownloadError, match="must not get the key") as error:
        download.download(f"{server}/away", DownloadWish(key=key), tls)
    assert "planted" not in f"{error.value!r} {key!r}"
