"""YAML as plain data: texts, lists and tables, nothing else.

Every value is taken as text, so that the country NO stays Norway. Aliases, with which a small file
can stand for a huge one, are refused.
"""

from __future__ import annotations

from typing import Any

import yaml


class _PlainLoader(yaml.BaseLoader):  # type: ignore[misc]
    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not taken")
        return super().compose_node(parent, index)


def load(text: str) -> Any:
    """Return what a YAML text holds. Raises ValueError, with words on one line."""
    try:
        return yaml.load(text, Loader=_PlainLoader)  # noqa: S506
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(" ".join(str(error).split())) from error
