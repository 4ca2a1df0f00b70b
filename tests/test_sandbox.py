# SPDX-License-Identifier: MIT
"""The sandboxes of our services, by systemd's own measure, and which of them see secrets."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from appliance.settings.config import SECTIONS
from appliance.settings.plan import NEVER, SECRETS, secrets_of
from tests.conftest import PROJECT, missing

SYSTEM = PROJECT / "systemd/system"
SURICATA = PROJECT / "image/engines/suricata/overlay/usr/lib/systemd/system"
SHARED = SYSTEM / "glovebox-.service.d/10-sandbox.conf"
SERVICES = sorted(unit.name for unit in SYSTEM.glob("*.service"))
MOST = 1.5
# What is above, each with its reason in docs/developer/sandboxes.md.
ABOVE = {
    "glovebox-dnsmasq@.service": 1.6,
    "glovebox-rauc.service": 1.8,
    "glovebox-wifi@.service": 1.6,
}
# Those whose parsers meet what strangers send or plug in.
PARSERS = (
    "glovebox-films.service", "glovebox-ids.service", "glovebox-dnsmasq@.service",
    "glovebox-flows.service", "glovebox-intel.service", "glovebox-logs.service",
    "glovebox-renewal.service", "glovebox-devices.service", "glovebox-evidence.service",
    "glovebox-zone.service",
)  # fmt: skip


@pytest.fixture(scope="module", params=["snort", "suricata"])
def root(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a root with our units alone, as an image with that engine has them."""
    root = tmp_path_factory.mktemp(str(request.param))
    place = root / "usr/lib/systemd/system"
    shutil.copytree(SYSTEM, place)
    if request.param == "suricata":
        shutil.copytree(SURICATA, place, dirs_exist_ok=True)
    return root


def exposure(root: Path, unit: str) -> float:
    """Return systemd's figure for a unit (systemd-analyze(1), security)."""
    argv = ["systemd-analyze", "security", "--offline=yes", "--no-pager", f"--root={root}"]
    done = subprocess.run(
        [*argv, unit.replace("@", "@x")], capture_output=True, text=True, check=False
    )
    found = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    return float(found[1])


def beyond(figures: Mapping[str, float]) -> dict[str, float]:
    """Return the units with more rights than they say; systemd's versions differ by a little."""
    return {unit: figure for unit, figure in figures.items() if figure > ABOVE.get(unit, MOST)}


@pytest.mark.slow
def test_no_service_has_more_rights_than_it_says(root: Path) -> None:
    if not shutil.which("systemd-analyze"):
        missing("no systemd-analyze")
    figures = {unit: exposure(root, unit) for unit in SERVICES}
    print(figures)
    assert beyond(figures) == {}
    # What no longer needs to be above is no longer there.
    assert all(figures[unit] > MOST for unit in ABOVE)


@pytest.mark.parametrize("name", SERVICES)
def test_no_unit_says_what_the_shared_sandbox_takes_back(name: str) -> None:
    """That one is read after the unit; what differs stands in a file of its own after it."""
    shared = set(re.findall(r"^(\w+)=", SHARED.read_text(), re.MULTILINE)) - {"SystemCallFilter"}
    own = set(re.findall(r"^(\w+)=", (SYSTEM / name).read_text(), re.MULTILINE))
    assert not name.startswith("glovebox-") or not shared & own


# What gives a right; a figure of capabilities is said twice and explained once. All speak to the
# journal and to systemd by AF_UNIX.
RIGHTS = re.compile(
    r"^(?:AmbientCapabilities|SupplementaryGroups|DeviceAllow)=.|^Private\w+=no$"
    r"|^RestrictAddressFamilies=(?!none$|AF_UNIX$)|^IPAddressAllow=|^SystemCallFilter=[^~]"
)
EXPLAINED_ABOVE = re.compile(r"^(?:CapabilityBoundingSet|IPAddressDeny)=.|^AmbientCapabilities=.")


@pytest.mark.parametrize("name", SERVICES)
def test_each_right_that_is_left_has_its_reason(name: str) -> None:
    """Whatever gives a right stands in the unit below a remark that says what it is for."""
    lines = (SYSTEM / name).read_text().splitlines()
    for place, line in enumerate(lines):
        if RIGHTS.match(line):
            above = next(each for each in lines[place - 1 :: -1] if not EXPLAINED_ABOVE.match(each))
            assert above.startswith("#"), line


def test_each_unit_above_has_its_reason_in_the_docs() -> None:
    text = (PROJECT / "docs/developer/sandboxes.md").read_text()
    for name in ABOVE:
        assert f"| `{name}`" in text, name


def credentials() -> Iterator[tuple[str, str]]:
    """Yield unit and section for each file of secrets that a unit gets."""
    for name in SERVICES:
        text = (SYSTEM / name).read_text()
        for section in re.findall(
            rf"^LoadCredential=.*/{SECRETS}/(\w+)\.toml$", text, re.MULTILINE
        ):
            yield name, section


def test_each_section_of_secrets_has_one_reader_at_most() -> None:
    sections = [section for _, section in credentials()]
    assert sorted(sections) == sorted(set(sections))
    assert ("glovebox-web.service", "web") in set(credentials())
    for section in sections:
        assert secrets_of(section) - {*NEVER.get(section, ())}, f"[{section}] has no secrets"


def test_secrets_that_a_service_waits_for_are_always_there() -> None:
    """systemd starts no service whose credential is missing."""
    text = (PROJECT / "systemd/tmpfiles.d/glovebox.conf").read_text()
    for _, section in credentials():
        assert f"f /run/glovebox-settings/{SECRETS}/{section}.toml 0600 " in text


def test_secrets_are_known() -> None:
    found = {name: secrets_of(name) for name in SECTIONS if secrets_of(name)}
    assert found["web"] == {"password", "password_hash", "api_token"}
    assert found["access_point"] == {"passphrase"}
    assert found["wifi"] == {"networks"}
    assert found["notify"] == {"channels"} and found["forward"] == {"targets"}
    assert found["intel"] == {"otx_key", "abusech_key"}


def test_who_fetches_has_its_own_keys_and_sees_nothing_else() -> None:
    found = [section for name, section in credentials() if name == "glovebox-fetch.service"]
    text = (SYSTEM / "glovebox-fetch.service").read_text()
    assert found == ["intel"] and text.count("LoadCredential=") == 1
    hidden = " ".join(re.findall(r"^InaccessiblePaths=(.*)$", text, re.MULTILINE))
    assert "-/run/glovebox-settings/secrets" in hidden and "-/var/lib/glovebox/alerts" in hidden


@pytest.mark.parametrize("name", PARSERS)
def test_parsers_of_hostile_input_get_no_secret(name: str) -> None:
    text = (SYSTEM / name).read_text()
    assert "LoadCredential=" not in text
    assert "RootDirectory=" in text or re.search(r"^InaccessiblePaths=", text, re.MULTILINE)
