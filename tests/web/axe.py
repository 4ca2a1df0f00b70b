# SPDX-License-Identifier: MIT
"""What axe-core has to say of a page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def findings(page: Page) -> list[str]:
    """Return what axe-core objects to, with everything that can be opened open."""
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    violations = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{each['impact']}: {each['id']}: {node['html'][:120]}"
        for each in violations
        for node in each["nodes"]
    ]
