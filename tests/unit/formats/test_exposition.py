# SPDX-License-Identifier: MIT
"""The text format, read back by Prometheus' own parser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from appliance.formats.exposition import Family, counter, gauge, render


@given(
    st.lists(st.text(alphabet=st.characters(codec="utf-8")), unique=True),
    st.integers(0, 1 << 53) | st.floats(0, 1e15),
)
def test_render_is_read_back_whatever_the_labels_hold(texts: list[str], value: float) -> None:
    samples = tuple(({"reason": text, "other": "x"}, value) for text in texts)
    text = render([Family("drops_total", "counter", 'Drops,\nby \\ "reason".', samples)])
    families = list(text_string_to_metric_families(text))
    assert len(families) == bool(samples)
    for family in families:
        assert (family.name, family.type) == ("drops", "counter")
        assert [sample.labels["reason"] for sample in family.samples] == texts
        assert all(sample.value == value for sample in family.samples)


def test_render_leaves_out_what_is_not_known() -> None:
    assert render([gauge("a", "A.", None), counter("b_total", "B.", 0)]) == (
        "# HELP b_total B.\n# TYPE b_total counter\nb_total 0\n"
    )


@pytest.mark.parametrize(
    ("name", "kind"), [("a", "counter"), ("a_total", "gauge"), ("a-b", "gauge")]
)
def test_family_refuses_a_name_that_misleads(name: str, kind: str) -> None:
    with pytest.raises(ValueError, match=name):
        Family(name, kind, "", ())  # type: ignore[arg-type]
