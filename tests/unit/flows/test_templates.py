# SPDX-License-Identifier: MIT
"""Templates: whose, how many, withdrawn, kept."""

from __future__ import annotations

import json

import pytest

from appliance.flows import templates
from appliance.flows.templates import MOST, MOST_OF_STREAM, StreamKey, Templates
from appliance.formats.netflow import FlowField, Template
from tests.unit.flows.exporting import ROUTER

STREAM = StreamKey(ROUTER, 5000, 0, 9)


def a_template(number: int = 256, length: int = 8, is_options: bool = False) -> Template:
    return Template(number, (FlowField(1, length),), is_options)


@pytest.mark.parametrize(
    "other",
    [
        STREAM._replace(address=bytes(16)),
        STREAM._replace(port=5001),
        STREAM._replace(domain=1),
        STREAM._replace(version=10),
    ],
)
def test_a_number_means_something_else_for_each_stream(other: StreamKey) -> None:
    known = Templates()
    known.learn(STREAM, a_template(length=8))
    known.learn(other, a_template(length=12))
    sizes = [found.size for each in (STREAM, other) if (found := known.find(each, 256))]
    assert sizes == [8, 12]


def test_only_what_is_new_changes_anything() -> None:
    known = Templates()
    assert known.learn(STREAM, a_template())
    assert not known.learn(STREAM, a_template())
    assert known.changes == 1
    assert known.learn(STREAM, a_template(length=12)) and len(known) == 1


def test_withdrawn_ones_are_gone() -> None:
    known = Templates()
    for number in (256, 257):
        known.learn(STREAM, a_template(number))
    known.learn(STREAM, a_template(300, is_options=True))
    known.learn(STREAM, Template(256, ()))
    assert known.find(STREAM, 256) is None and known.find(STREAM, 257)
    known.learn(STREAM, Template(2, ()))
    assert known.find(STREAM, 257) is None and known.find(STREAM, 300)
    known.learn(STREAM, Template(3, (), True))
    assert len(known) == 0


def test_there_is_room_for_so_many() -> None:
    known = Templates()
    for number in range(256, 256 + MOST_OF_STREAM + 5):
        known.learn(STREAM, a_template(number))
    assert len(known) == MOST_OF_STREAM and known.evicted == 5
    for domain in range(20):
        for number in range(256, 256 + MOST_OF_STREAM):
            known.learn(STREAM._replace(domain=domain + 1), a_template(number))
    assert len(known) == MOST
    assert known.find(STREAM._replace(domain=20), 300) is not None


def test_they_come_back() -> None:
    known, again = Templates(), Templates()
    known.learn(STREAM, a_template())
    known.learn(STREAM, Template(300, (FlowField(1, 4), FlowField(34, 4, 7)), True, 1))
    again.restore(known.to_text())
    for number in (256, 300):
        one, other = known.find(STREAM, number), again.find(STREAM, number)
        assert one and other and one.template == other.template
    assert again.to_text() == known.to_text()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"form":2}', '{"form":1,"templates":[1]}', '{"form":1,"templates":7}',
     '{"form":1,"templates":[{"stream":["00",1,1,9],"template":[256,false,0],"fields":""}]}'],
)  # fmt: skip
def test_damaged_ones_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Templates().restore(text)


def test_what_was_kept_is_looked_at_like_what_comes() -> None:
    known = Templates()
    known.learn(STREAM, a_template())
    for field, wrong in (("template", [5, False, 0]), ("template", [256, True, 9]),
                         ("fields", "AAA"), ("stream", ["zz", 1, 1, 9])):  # fmt: skip
        values = json.loads(known.to_text())
        values["templates"][0][field] = wrong
        with pytest.raises(ValueError):
            Templates().restore(json.dumps(values))


def test_a_full_book_fits_into_its_file() -> None:
    known = Templates()
    fields = tuple(FlowField(number, 4) for number in range(1, 30))
    for domain in range(4):
        for number in range(256, 256 + MOST_OF_STREAM):
            known.learn(STREAM._replace(domain=domain), Template(number, fields))
    assert len(known) == MOST
    assert len(known.to_text()) < templates.MOST_BYTES
