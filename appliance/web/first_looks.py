# SPDX-License-Identifier: MIT
"""Load ahead what the first visitor would wait for: the templates of overview and inbox.

The others are loaded when somebody wants them, as their memory is better free. Where they are not
ready (`ready_templates`), they are compiled then: all take half a second of a PC's processor.
"""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import Environment

TEMPLATES = (
    *("base.html", "_standing.html", "_announcement.html", "_macros.html", "_summary.html"),
    *("overview.html", "_state.html", "_configuration.html", "_troubles.html", "_setup.html"),
    *("_rule_sets_offer.html", "_stream.html", "_engine.html", "_news.html", "_areas.html"),
    *("inbox.html", "_filter.html", "_kinds.html", "_rules.html"),
)


def compiled(environment: Environment) -> Iterator[str]:
    """Yield the name of each template once it is compiled; one a step, as others want the time."""
    for name in TEMPLATES:
        environment.get_template(name)
        yield name
