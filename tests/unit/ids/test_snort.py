"""What is written for Snort; that it starts with it is shown in tests/net."""

from __future__ import annotations

import dataclasses
import re
import stat
import subprocess
from ipaddress import ip_network
from pathlib import Path

import pytest

from appliance import cli
from appliance.config import CaptureConfig, Config, IdsConfig
from appliance.errors import ConfigError, InputError
from appliance.ids import snort
from tests.conftest import PROJECT

TEMPLATES = PROJECT / "config/snort"
OURS = Config(ids=IdsConfig(home_networks=(ip_network("10.0.0.0/8"), ip_network("fc00::/7"))))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return an engine's root with one packaged rule."""
    made = tmp_path / "root"
    (made / "etc/snort/rules").mkdir(parents=True)
    (made / "etc/snort/classification.config").write_text(
        "config classification: misc-activity,Misc activity,3\n"
    )
    (made / "etc/snort/rules/web.rules").write_text('alert tcp a b -> c d (msg:"x"; sid:527;)\n')
    return made


@pytest.fixture
def owner(tmp_path: Path) -> Path:
    """Return the owner's folder, empty."""
    made = tmp_path / "owner"
    made.mkdir()
    return made


def run(tmp_path: Path, *options: str) -> int:
    return cli.main(
        ["ids-config", "--directory", str(tmp_path / "run"), "--templates", str(TEMPLATES),
         "--root", str(tmp_path / "root"), "--owner-rules", str(tmp_path / "owner"), *options]
    )  # fmt: skip


def test_render_leaves_no_name_unfilled() -> None:
    template = (TEMPLATES / "snort.conf").read_text()
    text = snort.render(template, OURS, with_owner_rules=True)
    assert not re.search(r"@\w+@", text)
    assert "ipvar HOME_NET [10.0.0.0/8,fc00::/7]\n" in text
    assert "portvar HTTP_PORTS [80,81,311," in text
    assert text.rstrip().endswith("include /run/glovebox-ids/rules/owner.rules")
    assert "owner" not in snort.render(template, OURS, with_owner_rules=False).splitlines()[-1]


def test_home_networks_empty_means_any() -> None:
    assert snort.home_networks(()) == "any"


@pytest.mark.parametrize("name", ["", "a b", "../eth0", "tzsp0;reboot", "$(id)", "-i", "x" * 16])
def test_interface_of_rejects_what_no_interface_is_called(name: str) -> None:
    settings = Config(capture=dataclasses.replace(CaptureConfig()))
    object.__setattr__(settings.capture, "interface", name)
    with pytest.raises(ConfigError, match="interface"):
        snort.interface_of(settings)


def test_template_includes_what_the_package_switches_on(engine_root: Path) -> None:
    packaged = re.findall(
        r"^include \$RULE_PATH/(.*)", (engine_root / "etc/snort/snort.conf").read_text(), re.M
    )
    template = (TEMPLATES / "snort.conf").read_text()
    ours = re.findall(r"^include /etc/snort/rules/(.*)", template, re.M)
    assert ours == [name for name in dict.fromkeys(packaged) if name != "local.rules"]


def test_main_writes_what_snort_starts_with(tmp_path: Path, root: Path, owner: Path) -> None:
    assert run(tmp_path) == 0
    written = tmp_path / "run"
    for name in ("snort.conf", "plain.conf", "start", "rules/local.rules", "rules/owner.rules"):
        assert stat.S_IMODE((written / name).stat().st_mode) == 0o644
    assert (written / "rules/owner.rules").read_text() == ""
    assert (written / "rules/local.rules").read_text() == (TEMPLATES / "local.rules").read_text()
    assert "interface=tzsp0\n" in (written / "start").read_text()
    assert not list(written.rglob("*.new"))


def test_main_takes_in_the_rules_of_the_owner(
    tmp_path: Path, root: Path, owner: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = 'alert tcp any any -> any any (msg:"mine"; sid:1001000;)'
    taken = 'alert tcp any any -> any any (msg:"taken"; sid:527;)'
    ours = 'alert tcp any any -> any any (msg:"ours"; sid:1000100;)'
    (owner / "my.rules").write_text(f"{good}\n{taken}\n{ours}\n")
    assert run(tmp_path) == 0
    assert (tmp_path / "run/rules/owner.rules").read_text() == f"# my.rules:1\n{good}\n"
    assert "owner.rules" in (tmp_path / "run/snort.conf").read_text()
    assert "include /run/glovebox-ids/rules/owner" not in (tmp_path / "run/plain.conf").read_text()
    assert "my.rules:2: sid 527 is taken" in caplog.text
    assert "my.rules:3: sid 1000100" in caplog.text


def test_main_names_a_template_that_is_missing(
    tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "--templates", str(tmp_path)) == InputError.exit_status
    assert capsys.readouterr().err.count("\n") == 1


def test_main_names_a_directory_that_cannot_be(
    tmp_path: Path, root: Path, owner: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert run(tmp_path, "--directory", str(tmp_path / "file")) == InputError.exit_status
    assert capsys.readouterr().err == (
        f"glovebox ids-config: {tmp_path}/file/rules: Not a directory\n"
    )


def test_main_names_a_user_that_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "--wait-listening", "--user", "no-such-user") == InputError.exit_status
    assert "no-such-user" in capsys.readouterr().err


def test_our_rules_have_numbers_of_our_own() -> None:
    sids = [int(sid) for sid in re.findall(r"\bsid:(\d+)", (TEMPLATES / "local.rules").read_text())]
    assert len(sids) == len(set(sids)) > 5
    assert all(1_000_100 <= sid < 1_001_000 for sid in sids)


@pytest.mark.parametrize("script", ["start.sh", "listening.sh"])
def test_scripts_are_right_shell(script: str) -> None:
    subprocess.run(["sh", "-n", TEMPLATES / script], check=True)
