# SPDX-License-Identifier: MIT
"""Routers on the page: what is to be pasted, and what was changed on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden, NotFound

from appliance.access.guard import logged_in
from appliance.changes import versions
from appliance.changes.diffs import Diff, diff
from appliance.changes.versions import Version, VersionReader
from appliance.router import here, plan
from appliance.router.keeping import FOLDER, Keeping
from appliance.router.plan import Wanted
from appliance.router.refusals import RouterError
from appliance.settings.sections.router import RouterConfig
from appliance.store.database import StoreError

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Paste:
    """What is pasted into a router's terminal to set it up, and to undo that; or why not."""

    name: str
    block: str = ""
    undo: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """The newest versions of a router's configuration, or why there are none to show."""

    name: str
    versions: tuple[Version, ...] = ()
    trouble: str = ""


def pastes(settings: RouterConfig, folder: Path = FOLDER) -> list[Paste]:
    """Return what is to be pasted on each router; it holds the password of Glovebox's user."""
    found = []
    for router in settings.routers:
        secret = Keeping(router.name, folder).secret()
        try:
            if secret is None:
                raise RouterError("Blocking has not started yet; wait a minute.")
            wanted = Wanted(router, here.towards(router.address), secret.password)
            steps = plan.steps(wanted)
            found.append(Paste(router.name, plan.script(steps), plan.undo_script(steps)))
        except RouterError as error:
            found.append(Paste(router.name, trouble=str(error)))
    return found


def blueprint(settings: RouterConfig, folder: Path = FOLDER) -> Blueprint:
    """Return the routes below `/router/changes`, which are for the owner alone."""
    routes = Blueprint("changes", __name__)

    @routes.before_request
    def owner() -> None:
        if not logged_in():
            raise Forbidden("What is on a router is for its owner: log in.")

    @routes.get("/router/changes", endpoint="list")
    def changes() -> ResponseReturnValue:
        found = [past(router.name, folder) for router in settings.routers]
        return render_template("changes.html", pasts=found, shown=SHOWN)

    @routes.get("/router/changes/<name>/<int:id>", endpoint="one")
    def change(name: str, id: int) -> ResponseReturnValue:
        if settings.named(name) is None:
            raise NotFound("There is no such router.")
        version, found = _one(name, id, folder)
        return render_template("change.html", name=name, each=version, diff=found)

    return routes


def past(name: str, folder: Path) -> Past:
    """Return what is known of a router's past."""
    try:
        found = VersionReader(versions.file_of(name, folder)).versions(SHOWN)
    except StoreError as error:
        return Past(name, trouble=f"{error}.".capitalize())
    return Past(name, tuple(found))


def _one(name: str, id: int, folder: Path) -> tuple[Version, Diff]:
    """Return a version and what it changed. Raises NotFound."""
    reader = VersionReader(versions.file_of(name, folder))
    try:
        version, texts = reader.one(id), reader.texts(id)
    except (StoreError, OverflowError) as error:
        raise NotFound(f"It cannot be read: {error}.") from error
    if version is None or texts is None:
        raise NotFound("There is no such change, or it was too long ago.")
    return version, diff(*texts)
