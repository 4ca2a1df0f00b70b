# SPDX-License-Identifier: MIT
"""Templates: whose, how many, withdrawn, kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.flows import templates
from appliance.flows.templates import (
    MOST,
    MOST_FIELDS,
    MOST_OF_EXPORTER,
    MOST_OF_STREAM,
    SILENT_S,
    StreamKey,
    Templates,
)
from appliance.formats import netflow
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
    assert len(known) == MOST_OF_EXPORTER
    assert known.find(STREAM._replace(domain=20), 300) is not None


def made_up(number: int) -> StreamKey:
    """Return a stream of an exporter that nobody has."""
    return STREAM._replace(address=number.to_bytes(16))


@pytest.mark.slow
@pytest.mark.parametrize("exporters", [2, 4, 300, 3 * MOST])
def test_whoever_makes_up_templates_drives_out_nobodys(exporters: int) -> None:
    known = Templates()
    known.learn(STREAM, a_template(), 1.0)
    for number in range(exporters):
        for template in range(256, 256 + max(1, 2 * MOST // exporters)):
            known.learn(made_up(number), a_template(template), 2.0)
    assert known.find(STREAM, 256) is not None
    assert known.evicted > 0 and len(known) <= MOST


def test_who_is_silent_for_long_makes_room() -> None:
    known = Templates()
    known.learn(STREAM, a_template(), 1.0)
    for number in range(MOST - 1):
        known.learn(made_up(number), a_template(), 2.0)
    later = 2.0 + SILENT_S
    for number in range(MOST - 1):
        known.learn(made_up(number), a_template(), later)
    newcomer = made_up(MOST)
    known.learn(newcomer, a_template(), later)
    assert known.find(STREAM, 256) is None
    assert known.find(newcomer, 256) and known.find(made_up(0), 256)


@pytest.mark.slow
def test_templates_of_many_fields_take_no_more_memory() -> None:
    known = Templates()
    fields = tuple(FlowField(number + 1, 4) for number in range(netflow.MOST_FIELDS))
    for number in range(2 * MOST):
        known.learn(made_up(number % 8), Template(256 + number // 8, fields))
    assert len(known) == MOST_FIELDS // netflow.MOST_FIELDS
    known.learn(STREAM, Template(256, fields))
    for number in range(2 * MOST):
        known.learn(STREAM._replace(domain=number), Template(256, fields))
    assert len(known) <= MOST_FIELDS // netflow.MOST_FIELDS
    again = Templates()
    again.restore(known.to_text())
    assert len(again) == len(known)


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(254, 258), st.integers(0, 3), st.booleans()),
        max_size=60,
    )
)
def test_whatever_comes_the_sums_are_right(came: list[tuple[int, int, int, bool]]) -> None:
    """What is learnt, withdrawn, changed and driven out adds up, however small the room is."""
    with pytest.MonkeyPatch.context() as patch:
        for name, most in (("MOST", 6), ("MOST_FIELDS", 9), ("MOST_OF_STREAM", 2),
                           ("MOST_OF_EXPORTER", 3), ("MOST_FIELDS_OF_EXPORTER", 5)):  # fmt: skip
            patch.setattr(templates, name, most)
        known = Templates()
        for address, number, count, other in came:
            fields = tuple(FlowField(1 + place, 8 + other) for place in range(count))
            known.learn(made_up(address)._replace(domain=other), Template(number, fields))
            rows = json.loads(known.to_text())["templates"]
            assert len(known) == len(rows) <= 6
            assert sum(len(row["fields"]) * 6 // 8 // 8 for row in rows) <= 9 + 6


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


@pytest.mark.slow
def test_a_full_book_fits_into_its_file() -> None:
    known = Templates()
    fields = tuple(FlowField(number, 4) for number in range(1, 30))
    for exporter in range(4):
        for number in range(256, 256 + MOST_OF_STREAM):
            known.learn(made_up(exporter), Template(number, fields))
    assert len(known) == MOST
    assert len(known.to_text()) < templates.MOST_BYTES
