# SPDX-License-Identifier: MIT
"""YAML as plain data: texts, lists and tables, nothing else.

Every value is taken as text, so that the country NO stays Norway. Aliases, with which a small file
can stand for a huge one, are refused.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import yaml

# Nobody's settings are nested deeper.
DEEPEST = 32
SURROGATES = re.compile("[\ud800-\udfff]")
OCTETS = re.compile(r"\\x[0-9A-Fa-f]{2}")
# What was meant to be in quotes, from a word processor's: they are part of the text for YAML.
QUOTED = re.compile("[\u2018\u201a\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a]")
# The words of the library quote the file, and a password may stand where it stumbles.
HINTS = (
    ("character '\\t'", "indent with spaces, not with tabs"),
    ("cannot start any token", "a text that begins with a sign such as @ or % needs quotes"),
    ("end of stream", 'a quotation mark " or a bracket is not closed'),
    ("mapping values are not allowed", "a text with a colon in it needs quotes"),
    ("undefined alias", "aliases (*name) are not taken"),
    ("another document", "one part is read; leave out the line --- and what follows it"),
    ("alias", "aliases (*name) are not taken"),
    ("given twice", "the same key stands there twice; only one of them can hold"),
    ("typographic", 'typographic quotes; type straight ones: "'),
    ("unknown escape", "a \\ inside of double quotes must be written twice"),
)
OTHER_HINT = 'a text with signs needs "quotes", and each " inside of it a \\ before it'


class _PlainLoader(yaml.BaseLoader):  # type: ignore[misc]
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        # The time of the library, which reads ahead, grows with the square of it.
        if self.depth >= DEEPEST:
            raise RecursionError
        self.depth += 1
        try:
            return self._composed(parent, index)
        finally:
            self.depth -= 1

    def _composed(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem="alias", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_scalar(self, node: Any) -> Any:
        value = str(node.value)
        if SURROGATES.search(value):
            raise yaml.MarkedYAMLError(problem="no text", problem_mark=node.start_mark)
        if node.style is None and QUOTED.match(value):
            raise yaml.MarkedYAMLError(problem="typographic", problem_mark=node.start_mark)
        return None if not value and node.style is None else value

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key in found:
                raise yaml.MarkedYAMLError(problem="given twice", problem_mark=key_node.start_mark)
            found[key] = self.construct_object(value_node, deep)
        return found

    def _key(self, node: Any) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise yaml.MarkedYAMLError(problem="no key", problem_mark=node.start_mark)
        return _octets(node, str(self.construct_scalar(node) or ""))


def load(text: str) -> Any:
    r"""Return what a YAML text holds: str, list, dict, and None for a value that is missing.

    A key in double quotes with `\xHH` in it stands for octets, as Imager writes a network's name;
    what is not UTF-8 in it comes as surrogates (PEP 383). Raises ValueError, with words on one
    line that quote nothing of the text.
    """
    try:
        return yaml.load(text, Loader=_PlainLoader)  # noqa: S506
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except yaml.YAMLError as error:
        raise ValueError(_where(error)) from None


def scalars(text: str) -> Iterator[tuple[str, str, int, int]]:
    """Yield key, value, and where in the text the value stands, for each text that has a key.

    Raises ValueError as `load` does.
    """
    try:
        yield from _scalars(yaml.compose(text, Loader=_PlainLoader))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except yaml.YAMLError as error:
        raise ValueError(_where(error)) from None


def _scalars(node: Any) -> Iterator[tuple[str, str, int, int]]:
    if isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from _scalars(each)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(value, yaml.ScalarNode):
                yield str(key.value), value.value, value.start_mark.index, value.end_mark.index
            yield from _scalars(value)


def _octets(node: yaml.ScalarNode, value: str) -> str:
    written = node.start_mark.buffer[node.start_mark.pointer : node.end_mark.pointer]
    if node.style == '"' and OCTETS.search(written) and written.isascii():
        with contextlib.suppress(UnicodeEncodeError):
            return value.encode("latin-1").decode("utf-8", "surrogateescape")
    return value


def _where(error: yaml.YAMLError) -> str:
    problem = f"{getattr(error, 'problem', '')} {getattr(error, 'context', '')}"
    hint = next((words for sign, words in HINTS if sign in problem), OTHER_HINT)
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return "a character that no text has, such as a zero byte"
    return f"line {mark.line + 1}, column {mark.column + 1}: {hint}"
