# SPDX-License-Identifier: MIT
"""What is wrong with a text that is no TOML, in words for somebody who never saw TOML. Pure.

Nothing of the text is in them but the key: a password may stand where the parser stumbles.
"""

from __future__ import annotations

import re

from appliance.errors import ConfigError

LARGEST_FILE = 1 << 20
# First bytes of what people save by mistake.
FORMS = (
    (b"\xff\xfe", "saved as UTF-16 (Unicode); save it again as UTF-8"),
    (b"\xfe\xff", "saved as UTF-16 (Unicode); save it again as UTF-8"),
    (b"{\\rtf", "saved as RTF; it must be plain text (in TextEdit: Format, Make Plain Text)"),
    (b"PK\x03\x04", "saved as a document of a word processor; it must be plain text"),
    (b"\xd0\xcf\x11\xe0", "saved as a document of a word processor; it must be plain text"),
    (b"\x1f\x8b", "a compressed file; unpack it on a PC"),
    (b"%PDF", "a PDF; it must be plain text"),
    (b"<!DOCTYPE", "a web page; it must be plain text"),
    (b"<html", "a web page; it must be plain text"),
)
# As settings are called, so that no piece of a password is taken for a key.
KEY = re.compile(r"\s*([A-Za-z_]{1,24}|\"[A-Za-z_]{1,24}\")\s*[=:]")
HEADING = re.compile(r"\s*\[\[?[\w. -]+\]\]?\s*(?:#.*)?$")
PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_CURLY = (
    "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2032\u2033\uff02\u2039\u203a"
)
# Where a text begins or ends; within one they are signs like others.
QUOTES = re.compile(
    rf"[=\[{{,]\s*[{_CURLY}`\u00b4]|[{_CURLY}\u00b4]\s*(?:$|[,\]}}#])"
    # What they become where UTF-8 is read as Windows-1252 and saved again.
    "|\u00e2\u20ac"
)
# Blanks of word processors and web pages, some without a width.
BLANKS = re.compile("[\u00a0\u00ad\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]")
LONG_NUMBER = re.compile(r"\d{640}")
TYPOGRAPHIC = 'typographic quotes; type straight ones, as in name = "glovebox"'
NOT_UTF8 = "a letter such as ä or é is not saved as UTF-8; save the file again as UTF-8"
# Typographic quotes in Windows-1252 where a text begins or ends, and anywhere those that are no
# letters in other old codes; in Mac Roman where a text begins.
_OLD_QUOTES = re.compile(
    rb"[\x91-\x94]|[=\[{,][ \t]*[\x82\x84\x8b\x9b\xab\xb4\xbb\xd2-\xd5\xe2\xe3]"
    rb"|[\x82\x84\x8b\x9b\xab\xb4\xbb\xd2-\xd5][ \t]*(?:[\r\n,\]}#]|\Z)"
)
_OLD_BLANK = re.compile(rb"\xa0[ \t=]|[ \t=]\xa0|(?:\A|[\r\n])\xa0")
# What no text holds, but for tabs and ends of lines; old editors end a file with one.
_CONTROLS = bytes({*range(32), 127} - {9, 10, 13})
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NO_COMMA = re.compile(r"[\"'}\]]\s+[A-Za-z_]+\s*=")
JSON = (
    "written as JSON; a section is written in brackets, as in [wifi], what is in it as name = value"
)
UNSEEN = "a sign that is not seen; type this line anew, or delete it where it looks empty"
BLANK = "a blank from a word processor or a web page; type the blanks of this line anew"
ONE_LINE = "what stands in { … } must be on one line, without a comma before the }"


def decoded(content: bytes, file: str) -> str:
    """Return the text, with line ends of Unix. Raises ConfigError, with the way it was saved."""
    if len(content) > LARGEST_FILE:
        raise ConfigError(f"{file}: larger than {LARGEST_FILE} bytes")
    wrong = next((words for start, words in FORMS if content.lstrip().startswith(start)), None)
    if wrong is None and content.count(0) > len(content) // 4:
        wrong = "saved as UTF-16 (Unicode), or damaged; save it again as UTF-8"
    elif wrong is None and len(content.translate(None, _CONTROLS)) < len(content) * 15 // 16:
        wrong = "no text, or damaged; it must be a plain text file"
    if wrong:
        raise ConfigError(f"{file}: {wrong}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: {_badly_saved(content, error.start)}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _badly_saved(content: bytes, first: int) -> str:
    """Say what is not UTF-8, and where: `first` is the place of the first byte of it.

    Quotes and letters are told together, so that their owner need not come twice.
    """
    told = []
    quote = _OLD_QUOTES.search(content)
    blank = _OLD_BLANK.search(content)
    if quote:
        told.append(f"{_place(content, quote.end() - 1)}: {TYPOGRAPHIC}")
    elif blank:
        told.append(f"{_place(content, blank.end() - 1)}: {BLANK}")
    at = first
    for found in (quote, blank):
        within = found is not None and found.start() <= at < found.end()
        at = -1 if within else at
    if not told or at >= 0:
        number = content[:first].count(b"\n") + 1
        told.append(f"line {number}: {NOT_UTF8}")
    return "; ".join(told)


def _place(content: bytes, at: int) -> str:
    """Return the line and, where it can be told, the key at a place."""
    start = content.rfind(b"\n", 0, at) + 1
    key = KEY.match(content[start : start + 80].decode("latin-1"))
    return f"line {content[:start].count(10) + 1}{f' ({key[1]})' if key else ''}"


def explained(text: str, error: Exception, first: int = 1) -> str:
    """Return line, key and what is expected there; `first` is the number of the text's first line.

    `error` is what `tomllib` raised for `text`.
    """
    if isinstance(error, RecursionError):
        return "brackets within brackets, too deep"
    if text.lstrip().startswith("{"):
        return f"line {first}: {JSON}"
    number, line = _line(text, str(error))
    key = KEY.match(line) or _above(text, number)
    named = f" ({key[1]})" if key else ""
    return f"line {number + first - 1}{named}: {_words(line, str(error))}"


def _line(text: str, message: str) -> tuple[int, str]:
    """Return the number of the line that is to be looked at, from 1, and the line."""
    lines = text.split("\n")
    place = PLACE.search(message)
    number = int(place[1]) if place else len(text[: _start(LONG_NUMBER, text)].split("\n"))
    if not place and "end of document" in message:
        number = _opened(lines)
    number = max(1, min(number, len(lines)))
    # An array or text that was not closed is found out at the first line that cannot be in it.
    return number, lines[number - 1]


def _above(text: str, number: int) -> re.Match[str] | None:
    """Return the key of a value over several lines that this line is a part of; None for none."""
    lines = text.split("\n")[:number]
    if not re.match(r"\s*[{}\]\[\"',]", lines[-1]) or HEADING.match(lines[-1]):
        return None
    for line in reversed(lines[:-1]):
        if HEADING.match(line):
            return None
        key = KEY.match(line)
        # Only what opens a list: all else may be a part of a text, and that of a password.
        if key and line[key.end() :].lstrip().startswith(("[", "{")):
            return key
    return None


def _start(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    return found.start() if found else 0


def _opened(lines: list[str]) -> int:
    """Return the number of the last line with a key, in which something was not closed."""
    keys = [number for number, line in enumerate(lines, 1) if KEY.match(line)]
    return keys[-1] if keys else len(lines)


def _words(line: str, message: str) -> str:
    value = line.partition("=")[2].strip()
    within = "{" in value and not _is_unclosed(line, "{", "}")
    for applies, words in (
        (bool(_UNSEEN.search(line)), UNSEEN),
        (line.lstrip().startswith((";", "//", "/*")), "a remark begins with #"),
        (bool(LONG_NUMBER.search(line)), "a number of too many digits"),
        (bool(QUOTES.search(line)), TYPOGRAPHIC),
        (bool(BLANKS.search(line)), BLANK),
        (line.lstrip().startswith("[") and "=" not in line and "]" not in line,
         "a ] is missing at the end of the section's name"),
        ("twice" in message or "overwrite" in message or "mutate" in message,
         "this section or key stands there twice; keep one, with all that belongs to it"),
        (line.lstrip().startswith("[") and not re.search(r"\]\s*(#.*)?$", line),
         "the name of a section, in brackets, stands alone on its line"),
        (bool(re.fullmatch(r"\s*[\w-]+\s*:\s*", line)),
         "a section is written in brackets, as in [wifi], and what is in it as name = value"),
        (bool(KEY.match(line)) and "=" not in line, "expected = between name and value, not :"),
        ("after a key" in message or "after a key/value" in message and "=" not in line,
         "expected lines like name = \"glovebox\""),
        (bool(re.match(r"\[\s*[A-Za-z]", value)),
         'each text in a list needs quotes, as in ["one", "two"], and each network { … }'),
        (value.lower() in ("true", "false", "yes", "no", "on", "off"),
         "expected true or false, in small letters, without quotes"),
        (within and "Invalid value" in message,
         'each text needs quotes, as in { ssid = "Home", password = "its password" }'),
        (within and "inline" in message and bool(_NO_COMMA.search(value)),
         "a comma is missing between two parts of { … }"),
        (within and "inline" in message and value.count('"') > 1,
         "a text with \" in it is put in '…'"),
        (_is_unclosed(line, "{", "}") or line.strip() in ("{", "},", "}") or "inline" in message,
         ONE_LINE),
        ("Unescaped" in message or "hex value" in message or "escape" in message.lower(),
         'inside "…" a \\ must be written twice (\\\\), or the text put in \'…\''),
        ("control character" in message or "Illegal character" in message
         or "Unterminated string" in message or value.count('"') == 1,
         'a quotation mark " is missing before or after the text'),
        (_is_unclosed(value, "[", "]") or "array" in message,
         "a ] is missing at the end of the list, or a comma between two of its parts"),
        (bool(re.match(r"\d+\.\d+\.\d+\.\d+|[0-9A-Fa-f]*:", value)),
         'an address needs quotes, as in "192.168.88.5/24"'),
        (bool(re.match(r"\d+[.,]\d[\d.,]*$", value)),
         "expected a number without signs, as in 1000000"),
        (bool(re.match(r"\d+ *[A-Za-z%]", value)), "expected a number alone, as in 12"),
        ("Expected newline" in message,
         "what follows the value does not belong there; a text with \" in it is put in '…'"),
        (value == "" and "=" in line, "the value is missing"),
        ("Invalid value" in message and value[:1].isalpha(),
         'a text needs quotes, as in name = "glovebox"; true, false and numbers have none'),
        ):  # fmt: skip
        if applies:
            return words
    return 'expected a line like name = "glovebox"'


def _is_unclosed(value: str, opening: str, closing: str) -> bool:
    return value.count(opening) > value.count(closing)
