# SPDX-License-Identifier: MIT
"""Tell the others that somebody outside has opened the page: then this machine can be reached."""

from __future__ import annotations

import logging
from pathlib import Path

from flask import Flask, request

from appliance import requests
from appliance.access.guard import is_local

log = logging.getLogger(__name__)


def install(app: Flask, directory: Path) -> None:
    """Have the first request from outside leave a mark in the folder of the status files."""
    told = False

    def note() -> None:
        nonlocal told
        if told or is_local(request.remote_addr):
            return
        told = True
        try:
            requests.visited(directory)
        except OSError as error:
            log.warning("that the page was opened cannot be told: %s", error)

    app.before_request(note)
