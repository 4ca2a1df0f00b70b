# SPDX-License-Identifier: MIT
"""What is wrong with a text, in words that help and quote nothing of it."""

from __future__ import annotations

import tomllib

import pytest

from appliance.errors import ConfigError
from appliance.settings.tomlwords import LARGEST_FILE, decoded, explained


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[a]\n".encode("utf-16"), "UTF-16"),
        ("[a]\n".encode("utf-16-be"), "UTF-16"),
        (b"{\\rtf1\\ansi", "RTF"),
        (b"PK\x03\x04 document", "word processor"),
        (b"\xd0\xcf\x11\xe0 document", "word processor"),
        (b"%PDF-1.4", "PDF"),
        (b"\n<html>", "web page"),
        (b'[a]\ntitle = "Caf\xe9"\n', "line 2: a letter such as"),
        (b"[a]\ntitle = \x93Glovebox\x94\n", "line 2 (title): typographic quotes"),
        (b"[a]\ntitle = \x84Glovebox\x93\n", "line 2 (title): typographic quotes"),
        (b"[a]\ntitle = \xabGlovebox\xbb\n", "line 2 (title): typographic quotes"),
        (b"[a]\nnames = [\x91one\x92]\n", "line 2 (names): typographic quotes"),
        # As TextEdit once saved it (Mac Roman).
        (b"[a]\ntitle = \xd2Glovebox\xd3\n", "line 2 (title): typographic quotes"),
        (b'[a]\ntitle = "Glovebox\x94\n', "line 2 (title): typographic quotes"),
        (b"[a]\ntitle\xa0= 1\n", "line 2 (title): a blank from a word processor"),
        (b'[a]\ntitle = "K\xfcche"\n', "line 2: a letter such as"),
        (b'[a]\ntitle = "gr\x81n"\n', "line 2: a letter such as"),
        (b"# f\xfcr\n[a]\ntitle = \x93x\x94\n", "line 1: a letter such as"),
        (b"# f\xfcr\n[a]\ntitle = \x93x\x94\n", "line 3 (title): typographic quotes"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "no text, or damaged"),
        (b"#" * (LARGEST_FILE + 1), "larger than"),
    ],
)
def test_decoded_tells_how_it_was_saved(content: bytes, words: str) -> None:
    with pytest.raises(ConfigError, match="^file: ") as raised:
        decoded(content, "file")
    assert words in str(raised.value)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_decoded_takes_any_line_ends(end: str) -> None:
    assert decoded(f"\ufeff[a]{end}b = 1{end}".encode(), "file") == "[a]\nb = 1\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("key = \u201csecret\u201d", "typographic quotes"),
        ("key = \u201esecret\u201c", "typographic quotes"),
        ("key = \u00absecret\u00bb", "typographic quotes"),
        ("key = \u2018secret\u2019", "typographic quotes"),
        ("key = \u2039secret\u203a", "typographic quotes"),
        ("key = `secret\u00b4", "typographic quotes"),
        # UTF-8 that was read as Windows-1252 and saved once more.
        ("key = \u00e2\u20ac\u0153secret\u00e2\u20ac\u009d", "typographic quotes"),
        ('key = "secret\u201d', "typographic quotes"),
        ('key = "one\u2019s secret', 'a quotation mark " is missing'),
        ("key\u00a0= 1", "a blank from a word processor"),
        ("\u200bkey = 1", "a blank from a word processor"),
        ("key = 12h", "a number alone"),
        ("[a] key = 1", "stands alone on its line"),
        ("key:", "in brackets, as in [wifi]"),
        ("key = secret", "a text needs quotes"),
        ("key: secret", "expected = between"),
        ('key: "secret"', "expected = between"),
        ('key = "secret', 'a quotation mark " is missing'),
        ('key = "se\\cret"', "must be written twice"),
        ('key = "C:\\users\\secret"', "must be written twice"),
        ('key = ["secret" "secret"]', "a comma between"),
        ('key = ["secret"', "a ] is missing"),
        ("key = 192.168.88.5", "an address needs quotes"),
        ("key = ", "the value is missing"),
        ("key = [secret, secret]", "each text in a list needs quotes"),
        ('key = [ key = "secret" ]', "each network"),
        ("key = True", "in small letters"),
        ("key = yes", "true or false"),
        ("key = 1.000.000", "a number without signs"),
        ("key = 1,000", "a number without signs"),
        ('key = "a" "secret"', "does not belong there"),
        ("key = { a = 1,\nb = 2 }", "on one line"),
        ("key = [\n{ a = 1,\n },\n]", "on one line"),
        (f"key = {'9' * 5000}", "too many digits"),
        ("key = 1\nkey = 2", "stands there twice"),
        ("[section", "at the end of the section"),
        ("; secret", "a remark begins with #"),
        ("// secret", "a remark begins with #"),
        ('key = "sec\0ret"', "a sign that is not seen"),
        ("\x1a", "a sign that is not seen"),
        ("\x0ckey = 1", "a sign that is not seen"),
        ("key = [{ a = secret, b = secret#1 }]", "each text needs quotes, as in {"),
        ('key = [{ a = "secret" b = "secret" }]', "a comma is missing between two parts"),
        ('key = [{ a = "sec"ret1" }]', "is put in '…'"),
        ("secret", "expected lines like"),
    ],
)
def test_explained_says_what_to_do_and_quotes_nothing(line: str, words: str) -> None:
    text = f"# first\n{line}\nnext = 1\n"
    with pytest.raises(ValueError) as raised:
        tomllib.loads(text)
    said = explained(text, raised.value)
    assert words in said
    assert said.startswith("line ") and int(said.split()[1].strip(":")) in (2, 3, 4)
    assert "secret" not in said


def test_explained_counts_from_where_the_text_stands() -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as raised:
        tomllib.loads("[a]\nb = c\n")
    assert explained("[a]\nb = c\n", raised.value, 10).startswith("line 11 (b): ")


@pytest.mark.parametrize("text", ['{"web": {"password": "secret"}}', '{\n  "web": 1\n}\n'])
def test_explained_knows_json(text: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as raised:
        tomllib.loads(text)
    said = explained(text, raised.value)
    assert said.startswith("line 1: written as JSON") and "secret" not in said


def test_explained_of_what_is_too_deep() -> None:
    assert "too deep" in explained("a = [[", RecursionError())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[a]\nkey = [\n  {\n    ssid = "x",\n  },\n]\n', "line 3 (key): what stands in"),
        ('[a]\nkey = [\n  { ssid = "x",\n  password = "y" },\n]\n', "(key): what stands in"),
        ('[a]\nother = """\nsecret = 1\n"""\n}\n', "line 5: "),
    ],
)
def test_explained_names_the_list_that_a_line_is_a_part_of(text: str, words: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as raised:
        tomllib.loads(text)
    said = explained(text, raised.value)
    assert words in said and "secret" not in said
