# SPDX-License-Identifier: MIT
"""The API's client against a router that is not there, and that router against another's client."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import librouteros
import pytest
from librouteros.exceptions import TrapError

from appliance.errors import GloveboxError
from appliance.formats import sentences
from appliance.router import api as client
from appliance.router.api import Connection, connect
from appliance.router.refusals import CertificateError, Refusal, RefusedError, RouterError
from appliance.router.wire import ApiAddress, TooLateError, Wire, fingerprint
from tests.routeros import console, schema, server
from tests.routeros.machine import Machine
from tests.routeros.server import ApiServer

LIST = "/ip/firewall/address-list"


def endpoint(running: ApiServer, certificate: Path | None = None) -> ApiAddress:
    pin = server.pin(certificate) if certificate else ""
    return ApiAddress("127.0.0.1", running.port, tls=certificate is not None, pin=pin)


@contextmanager
def connected(running: ApiServer, certificate: Path | None = None) -> Iterator[Connection]:
    with connect(endpoint(running, certificate), "admin", "secret", 10) as connection:
        yield connection


def entry(number: int) -> dict[str, str]:
    address = f"198.{18 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
    return {"list": "glovebox", "address": address, "timeout": "1h"}


@contextmanager
def answering(speak: Callable[[socket.socket], None]) -> Iterator[ApiAddress]:
    """Listen on a port with something that is no router."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        opened, _ = listener.accept()
        with opened:
            speak(opened)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield ApiAddress("127.0.0.1", listener.getsockname()[1], tls=False)
    finally:
        thread.join(10)
        listener.close()


def test_rows_are_added_read_changed_and_removed(plain_api: ApiServer) -> None:
    with connected(plain_api) as router:
        id = router.call(f"{LIST}/add", entry(1)).ret
        (row,) = router.rows(LIST, (".id", "address", "timeout"))
        assert row[".id"] == id and row["address"] == "198.18.0.1"
        router.call(f"{LIST}/set", {".id": id, "timeout": "2h"})
        assert router.rows(LIST)[0]["timeout"].startswith("1h59m")
        router.call(f"{LIST}/remove", {".id": id})
        assert router.rows(LIST) == ()


@pytest.mark.parametrize("version", ["7.9", "7.17", "7.18", "7.24"])
def test_nothing_found_is_no_row_in_every_version(shared_data: Path, version: str) -> None:
    """From 7.18 on RouterOS says !empty before !done."""
    with server.serving(Machine(version)) as running, connected(running) as router:
        assert router.rows(LIST, (), "?address=192.0.2.1") == ()
        said = [words[0] for who, words in running.transcript if who == "router"]
    assert ("!empty" in said) == (schema.number(version) >= (7, 18))


def test_old_login_answers_the_challenge(plain_api: ApiServer) -> None:
    plain_api.old_login = True
    with connected(plain_api) as router:
        assert router.rows("/system/identity")[0]["name"] == "MikroTik"


@pytest.mark.parametrize("old", [False, True])
def test_a_wrong_password_is_refused_and_tried_once(plain_api: ApiServer, old: bool) -> None:
    plain_api.old_login = old
    with pytest.raises(RefusedError) as caught:
        connect(endpoint(plain_api), "admin", "wrong", 5)
    assert caught.value.why is Refusal.LOGIN
    assert plain_api.machine.logins == 1


def test_the_certificate_is_compared_before_anything_is_sent(
    api: ApiServer, certificate: Path
) -> None:
    with connected(api, certificate) as router:
        assert router.rows("/system/identity")
    assert fingerprint(endpoint(api, certificate)) == server.pin(certificate)
    api.transcript.clear()
    for pin, kind in (("ab" * 32, CertificateError), ("", RouterError)):
        with pytest.raises(kind, match="nothing was sent"):
            connect(ApiAddress("127.0.0.1", api.port, pin=pin), "admin", "secret", 5)
    assert api.transcript == []


def test_many_commands_are_in_flight_and_answers_keep_their_order(plain_api: ApiServer) -> None:
    with connected(plain_api) as router:
        commands = [sentences.command(f"{LIST}/add", entry(n // 2)) for n in range(600)]
        answers = router.batch(commands)
        refused = [answer.refusal.why for answer in answers if answer.refusal]
        assert refused == [Refusal.THERE] * 300
        assert [answer.refusal is None for answer in answers] == [True, False] * 300
        addresses = [row["address"] for row in router.rows(LIST)]
        assert addresses == [entry(n)["address"] for n in range(300)]


def test_listen_tells_changes_until_it_is_cancelled(plain_api: ApiServer) -> None:
    with connected(plain_api) as router, connected(plain_api) as other:
        tag = router.listen(LIST)
        # What is answered behind it shows that the router has begun to listen.
        router.rows("/system/identity")
        id = other.call(f"{LIST}/add", entry(1)).ret
        other.call(f"{LIST}/remove", {".id": id})
        seen: list[tuple[str, Any]] = []
        while len(seen) < 2:
            seen += router.events(10)
        assert [found for found, _ in seen] == [tag, tag]
        assert seen[0][1]["address"] == "198.18.0.1"
        assert seen[1][1] == {".id": id, ".dead": "true"}
        router.cancel(tag)
        other.call(f"{LIST}/add", entry(2))
        assert router.rows(LIST) and router.events(0.01) == []


def test_events_and_answers_come_side_by_side(plain_api: ApiServer) -> None:
    with connected(plain_api) as router:
        router.listen(LIST)
        answers = router.batch([sentences.command(f"{LIST}/add", entry(n)) for n in range(100)])
        assert all(answer.refusal is None for answer in answers)
        seen = router.events(10)
        while len(seen) < 100:
            seen += router.events(10)
        assert [row["address"] for _, row in seen] == [entry(n)["address"] for n in range(100)]


@pytest.mark.parametrize("sentence", range(2, 8))
def test_a_connection_cut_in_mid_sentence_is_an_error(plain_api: ApiServer, sentence: int) -> None:
    with connected(plain_api) as router:
        router.batch([sentences.command(f"{LIST}/add", entry(n)) for n in range(10)])
        plain_api.cut_after = 11 + sentence
        with pytest.raises(RouterError, match="ended|lost"):
            router.rows(LIST)


@pytest.mark.slow
def test_a_router_that_hangs_is_given_up_in_time(plain_api: ApiServer) -> None:
    with connected(plain_api) as router:
        plain_api.silent = True
        begun = time.monotonic()
        with pytest.raises(TooLateError):
            router.call("/system/identity/print", timeout=0.2)
        assert 0.2 <= time.monotonic() - begun < 5


@pytest.mark.slow
def test_a_router_that_drips_is_given_up_in_time() -> None:
    """Each byte comes soon, the answer never."""

    def drip(opened: socket.socket) -> None:
        try:
            while True:
                opened.sendall(b"\x01x")
                time.sleep(0.01)
        except OSError:
            pass

    with answering(drip) as place:
        begun = time.monotonic()
        with pytest.raises(TooLateError):
            connect(place, "admin", "secret", 0.3)
        assert time.monotonic() - begun < 5


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        sentences.encode(["!re", "=a=b", ".tag=99"]), sentences.encode(["!done", ".tag=99"]),
        sentences.encode(["!empty", ".tag=1"]), sentences.encode(["!trap", ".tag=1"]),
        sentences.encode(["!odd", ".tag=1"]), sentences.encode(["!re"]), b"\0",
    ],
)  # fmt: skip
def test_a_router_that_never_stops_talking_is_given_up_in_time(piece: bytes) -> None:
    """Something is always there to be read, and none of it is the answer."""

    def flood(opened: socket.socket) -> None:
        opened.recv(1000)
        with contextlib.suppress(OSError):
            while True:
                opened.sendall(piece * 5000)

    with answering(flood) as place, pytest.raises(TooLateError):
        connect(place, "admin", "secret", 0.3)


@pytest.mark.slow
def test_changes_without_an_end_hold_up_no_command() -> None:
    ours, router = socket.socketpair()
    ended = threading.Event()

    def flood() -> None:
        with contextlib.suppress(OSError):
            while not ended.is_set():
                router.sendall(sentences.encode(["!re", "=a=b", ".tag=1"]) * 1000)

    thread = threading.Thread(target=flood)
    with ours, router:
        connection = Connection(Wire(ours), 0.3)
        connection.listen(LIST, wanted=lambda row: False)
        thread.start()
        with pytest.raises(TooLateError):
            connection.call("/x")
        with pytest.raises(TooLateError):
            connection.cancel("1")
        ended.set()
        ours.shutdown(socket.SHUT_RDWR)
        thread.join(60)


@pytest.mark.slow
@pytest.mark.parametrize("names", [1, 900])
def test_an_answer_larger_than_any_is_given_up(names: int) -> None:
    """A few rows of megabytes, or many small ones: memory has a bound."""
    row = sentences.encode(
        ["!re", *(f"={n}={'x' * (1_000_000 // names)}" for n in range(names)), ".tag=1"]
    )

    def talk(opened: socket.socket) -> None:
        opened.recv(1000)
        with contextlib.suppress(OSError):
            while True:
                opened.sendall(row)

    with answering(talk) as place, pytest.raises(RouterError, match="more than any router"):
        connect(place, "admin", "secret", 60)


def test_a_change_of_megabytes_is_not_kept() -> None:
    ours, router = socket.socketpair()
    with ours, router:
        connection = Connection(Wire(ours), 5)
        tag = connection.listen("/log")
        for text in ("x" * 5000, "short"):
            router.sendall(sentences.encode(["!re", f"=message={text}", f".tag={tag}"]))
        assert connection.events(5) == [(tag, {"message": "short"})] and connection.overrun


@pytest.mark.slow
def test_rows_may_take_longer_than_an_answer_may_keep_one_waiting() -> None:
    """A slow router with a long table is no router that hangs."""
    ours, router = socket.socketpair()

    def talk() -> None:
        for number in range(10):
            router.sendall(sentences.encode(["!re", f"=a={number}", ".tag=1"]))
            time.sleep(0.1)
        router.sendall(sentences.encode(["!done", ".tag=1"]))

    thread = threading.Thread(target=talk)
    with ours, router:
        thread.start()
        assert len(Connection(Wire(ours), 0.5).call("/x").rows) == 10
        thread.join(60)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("session terminated on request", Refusal.ENDED), ("not logged in", Refusal.LOGIN),
        ("cannot log in", Refusal.LOGIN), ("too many login attempts", Refusal.LOGIN),
        # Neither of these is a wrong password: it is tried again.
        ("user was logged out by admin", Refusal.ENDED), ("logic error", Refusal.ENDED),
        ("", Refusal.ENDED), ("\x1b]0;login\x07", Refusal.LOGIN), ("x" * 100_000, Refusal.ENDED),
    ],
)  # fmt: skip
def test_a_fatal_ends_the_session_and_is_told_shortly(said: str, why: Refusal) -> None:
    ours, router = socket.socketpair()
    with ours, router:
        router.sendall(sentences.encode(["!fatal", *([said] if said else [])]))
        with pytest.raises(RefusedError) as caught:
            Connection(Wire(ours), 5).call("/x")
    assert caught.value.why is why and len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 400 Bad Request\r\nServer: nginx/1.2\r\n\r\n" * 9 + b"\0",
     b"\xff\xff\xff", b"\0" * 99, b"\x05hello\0", b"\xf0\x7f\xff\xff\xff", b""],
)  # fmt: skip
def test_what_is_no_router_is_an_error_in_words(said: bytes) -> None:
    def speak(opened: socket.socket) -> None:
        opened.recv(1000)
        opened.sendall(said)

    with answering(speak) as place, pytest.raises(RouterError) as caught:
        connect(place, "admin", "secret", 2)
    assert isinstance(caught.value, GloveboxError) and len(str(caught.value)) < 200


def test_ipv6_alone_is_enough(machine: Machine) -> None:
    with ApiServer(machine, host="::1") as running:
        place = ApiAddress("::1", running.port, tls=False)
        with connect(place, "admin", "secret", 5) as router:
            assert router.rows("/system/identity")


def test_more_sessions_than_the_router_allows_are_refused(plain_api: ApiServer) -> None:
    plain_api.most_sessions = 1
    with connected(plain_api), pytest.raises(RefusedError):
        connect(endpoint(plain_api), "admin", "secret", 5)


def test_a_reboot_ends_the_connection_and_loses_dynamic_rows(plain_api: ApiServer) -> None:
    with connected(plain_api) as router:
        router.call(f"{LIST}/add", entry(1))
        router.call(f"{LIST}/add", {"list": "owners", "address": "192.0.2.9"})
        plain_api.machine.reboot()
        with pytest.raises(RouterError):
            router.rows(LIST)
    with connected(plain_api) as router:
        assert [row["list"] for row in router.rows(LIST)] == ["owners"]


def test_bytes_that_are_no_utf8_go_back_as_they_came(plain_api: ApiServer) -> None:
    comment = b"caf\xe9 \xff".decode("utf-8", "surrogateescape")
    with connected(plain_api) as router:
        router.call(f"{LIST}/add", {**entry(1), "comment": comment})
        assert router.rows(LIST)[0]["comment"] == comment


@pytest.mark.slow
def test_thousands_of_rows_go_in_one_batch(api: ApiServer, certificate: Path) -> None:
    commands = [sentences.command(f"{LIST}/add", entry(n)) for n in range(2000)]
    with connected(api, certificate) as router:
        answers = router.batch(commands)
        assert all(answer.refusal is None for answer in answers)
        assert len(router.rows(LIST)) == 2000


# The router that is not there is held against librouteros, and against recorded answers.


def theirs(running: ApiServer) -> Any:
    return librouteros.connect("127.0.0.1", "admin", "secret", port=running.port, timeout=5)


def test_librouteros_does_the_same_against_it(shared_data: Path) -> None:
    """Both clients add, read, change, meet a duplicate, a wrong name and what is gone."""
    results = []
    for version in ("7.17", "7.24"):
        with server.serving(Machine(version)) as running:
            results.append(_story_of_librouteros(running))
        with server.serving(Machine(version)) as running:
            results.append(_story_of_ours(running))
    assert all(result == results[0] for result in results)


def _story_of_ours(running: ApiServer) -> list[Any]:
    told: list[Any] = []
    with connected(running) as router:
        id = router.call(f"{LIST}/add", {"list": "x", "address": "192.0.2.1"}).ret
        told.append([dict(row) for row in router.rows(LIST)])
        for path, values in _wrong(id):
            with pytest.raises(RefusedError) as caught:
                router.call(path, values)
            told.append(caught.value.said)
        router.call(f"{LIST}/remove", {".id": id})
        told.append([dict(row) for row in router.rows(LIST)])
    return told


def _story_of_librouteros(running: ApiServer) -> list[Any]:
    told: list[Any] = []
    router = theirs(running)
    id = tuple(router(f"{LIST}/add", list="x", address="192.0.2.1"))[0]["ret"]
    told.append([dict(row) for row in router(f"{LIST}/print")])
    for path, values in _wrong(id):
        with pytest.raises(TrapError) as caught:
            tuple(router(path, **values))
        told.append(caught.value.message)
    tuple(router(f"{LIST}/remove", **{".id": id}))
    told.append([dict(row) for row in router(f"{LIST}/print")])
    router.close()
    return told


def _wrong(id: str) -> list[tuple[str, dict[str, str]]]:
    return [
        (f"{LIST}/add", {"list": "x", "address": "192.0.2.1"}),
        (f"{LIST}/add", {"list": "x", "address": "2001:db8::1"}),
        (f"{LIST}/add", {"address": "192.0.2.2"}),
        (f"{LIST}/add", {"list": "x", "colour": "red"}),
        (f"{LIST}/add", {"list": "x", "address": "192.0.2.3", "disabled": "perhaps"}),
        (f"{LIST}/remove", {".id": "*FFFF"}),
        ("/ip/firewall/nothing/print", {}),
    ]


def test_librouteros_is_refused_with_a_wrong_password(plain_api: ApiServer) -> None:
    with pytest.raises(TrapError, match="invalid user name"):
        librouteros.connect("127.0.0.1", "admin", "wrong", port=plain_api.port, timeout=5)


def test_a_recorded_exchange_replays_equal(plain_api: ApiServer) -> None:
    """What librouteros was answered, byte for byte, is understood the same by our client."""
    expected = _story_of_librouteros(plain_api)
    recording = [words for who, words in plain_api.transcript if who == "router"]
    replayed: list[Any] = []
    rows: list[dict[str, str]] = []
    splitter = sentences.Splitter()
    for words in splitter.feed(b"".join(map(sentences.encode, recording))):
        reply = sentences.reply(words)
        if reply.kind == "!re":
            rows.append(dict(reply.values))
        elif reply.kind == "!trap":
            replayed.append(RefusedError(reply.values["message"]).said)
    told = [each for each in expected if isinstance(each, str)]
    assert replayed == told
    assert rows == [row for each in expected if isinstance(each, list) for row in each]


def test_parse_says_what_a_real_router_said(shared_data: Path) -> None:
    """Recorded from RouterOS 7.23.3; menus outside of the tree and abbreviations are left out."""
    oracle = json.loads((shared_data / "routeros" / "centrs" / "parse-oracle.json").read_text())
    tree = schema.schema("7.23.3")
    cases = [
        case
        for group in ("badParameter", "badCommandName", "canonicalAccepted")
        for case in oracle[group]
        if case["input"].startswith("/") and _is_in_the_tree(case["input"])
    ]
    assert len(cases) >= 6
    for case in cases:
        # That a real router names a menu canonically is its own; what is wrong, and where, counts.
        assert console.parsed(case["input"], tree) == case["raw"], case["input"]


def _is_in_the_tree(line: str) -> bool:
    known = ("/ip/address", "/ip address print", "/zzz", "/lcd", "/partitions", "/system license")
    return line.startswith(known)


def test_add_asks_for_what_a_real_router_asked_for(shared_data: Path) -> None:
    """Recorded from RouterOS 7.22.1: `add` without any argument."""
    file = shared_data / "routeros" / "lsp-routeros-ts" / "required-args.v7.22.1.json"
    tree = schema.schema("7.22.1")
    compared = 0
    for case in json.loads(file.read_text()):
        raw = case["rawError"].removeprefix("Script Error: ").partition(" (/")[0]
        if case["path"] in tree.menus() and raw.startswith("missing value"):
            with pytest.raises(schema.Trap) as caught:
                tree.check(case["path"], "add", {})
            # The order of several is not in the tree.
            assert sorted(caught.value.message.split()) == sorted(raw.split()), case["path"]
            compared += 1
    assert compared >= 5


def test_an_unasked_answer_is_dropped_and_counted() -> None:
    ours, router = socket.socketpair()
    with ours, router:
        connection = Connection(Wire(ours), 5)
        router.sendall(sentences.encode(["!re", "=a=b", ".tag=99"]))
        router.sendall(sentences.encode(["!done", ".tag=1"]))
        assert connection.call("/x").rows == ()
        assert connection.unasked == 1


def test_more_events_than_are_kept_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_EVENTS", 2)
    ours, router = socket.socketpair()
    with ours, router:
        connection = Connection(Wire(ours), 5)
        tag = connection.listen(LIST)
        router.sendall(b"".join(sentences.encode(["!re", f"=a={n}", f".tag={tag}"]) for n in "abc"))
        assert len(connection.events(5)) == 2
        assert connection.overrun


def test_only_wanted_changes_are_kept(plain_api: ApiServer) -> None:
    with connected(plain_api) as router:
        router.listen(LIST, (".id",), lambda row: ".dead" in row)
        ids = [router.call(f"{LIST}/add", entry(n)).ret for n in range(3)]
        router.call(f"{LIST}/remove", {".id": ids[1]})
        assert [row for _, row in router.events(10)] == [{".id": ids[1], ".dead": "true"}]


def test_what_is_begun_is_answered_while_other_things_go_on(plain_api: ApiServer) -> None:
    with connected(plain_api) as router:
        tag = router.begin(sentences.command(f"{LIST}/print"))
        other = router.begin(sentences.command(f"{LIST}/print"))
        router.give_up(other)
        assert router.rows("/system/identity")
        answer = router.ended(tag)
        assert answer is not None and answer.rows == () and answer.refusal is None
        assert router.ended(tag) is None and router.ended(other) is None


def test_an_optional_listen_may_be_refused(plain_api: ApiServer) -> None:
    with connected(plain_api) as router:
        router.listen("/nowhere", optional=True)
        router.rows("/system/identity")
        assert router.events(0.001) == []
        router.listen("/nowhere")
        router.rows("/system/identity")
        with pytest.raises(RefusedError):
            router.events(0.001)
