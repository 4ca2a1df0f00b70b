# SPDX-License-Identifier: MIT
"""The table of the tabs, against templates and routes."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from appliance.web import tabs
from appliance.web.tabs import BY_NAME, TABS, Tab
from tests.unit.web.test_pages import shown


@pytest.mark.slow
@pytest.mark.parametrize("tab", TABS, ids=BY_NAME)
def test_tab_shows_its_parts_and_leads_to_the_others(client: FlaskClient, tab: Tab) -> None:
    page = shown(client, tab.path)
    for part in tab.parts:
        assert page.count(f'id="{part}"') == 1, part
    for each in TABS:
        assert f'<a href="{each.path}"' in page
    assert re.findall(r'<a href="([^"]+)" aria-current="page">', page) == [tab.path]
    assert f"<title>{tab.title} –" in page
    assert f'data-source="/live?tab={tab.name}"' in page


@pytest.mark.slow
@pytest.mark.parametrize("tab", TABS, ids=BY_NAME)
def test_only_plain_tabs_are_loaded_anew(client: FlaskClient, tab: Tab) -> None:
    # Where somebody types what to look for, a reload would take it away.
    assert ('http-equiv="refresh"' in shown(client, tab.path)) is tab.is_plain


def test_of_finds_the_tab_of_a_view(app: Flask) -> None:
    views = {rule.endpoint for rule in app.url_map.iter_rules()}
    for tab in TABS:
        assert tab.view in views
        assert tabs.of(tab.view) is tab
        assert all(view in views and tabs.of(view) is tab for view in tab.below)
    assert tabs.of("entry.login") is None
    assert tabs.of(None) is None


def test_names_are_unique() -> None:
    for values in ((tab.name for tab in TABS), (tab.path for tab in TABS)):
        assert len(set(values)) == len(TABS)
