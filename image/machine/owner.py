# SPDX-License-Identifier: MIT
"""The owner at the page: sets a password, logs in, changes it, as a browser would."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

# The page's first answers come while an emulated machine still starts.
SECONDS = 120.0
TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


class Owner:
    """One browser of the owner's. Methods raise OSError where the page does not answer."""

    def __init__(self, url: str) -> None:
        self.url = url
        handler = urllib.request.HTTPCookieProcessor(CookieJar())
        self._opener = urllib.request.build_opener(handler)

    def set_up(self, password: str) -> bool:
        """Set the first password; return whether the page confirmed it."""
        return self._send("setup", {"password": password, "again": password})

    def log_in(self, password: str) -> bool:
        """Return whether the page takes the password."""
        return self._send("login", {"password": password})

    def change(self, current: str, new: str) -> bool:
        """Change the password; return whether the page confirmed it."""
        return self._send("password", {"current": current, "password": new, "again": new})

    def press(self, place: str, fields: dict[str, str], page: str = "") -> None:
        """Press a button of a page, the status page by default; it leads to `place`.

        Raises OSError where it is refused.
        """
        found = TOKEN.search(self.read(page))
        body = urllib.parse.urlencode({"csrf": found[1] if found else "", **fields}).encode()
        with self._opener.open(self.url + place, data=body, timeout=SECONDS) as answer:
            answer.read()

    def _send(self, page: str, fields: dict[str, str]) -> bool:
        """Fill in a form; confirmed is what leads on to the status page."""
        found = TOKEN.search(self.read(page))
        if found is None:
            return False
        body = urllib.parse.urlencode({"csrf": found[1], **fields}).encode()
        request = urllib.request.Request(self.url + page, data=body)
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                return bool(answer.url == self.url)
        except urllib.error.HTTPError as error:
            if error.code in (400, 403, 409):
                return False
            raise

    def read(self, page: str) -> str:
        """Return a page as it is shown."""
        with self._opener.open(self.url + page, timeout=SECONDS) as answer:
            return str(answer.read().decode())
