# SPDX-License-Identifier: MIT
"""Imager's cloud-init files: the known parts become settings, nothing is ever carried out."""

from __future__ import annotations

import pytest

from appliance.settings.cloudinit import META_DATA, NETWORK_CONFIG, USER_DATA, parse

KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJCoaqsSxDVpS7fxoVnYoyuCOGpNGgZcDpBUSjsz2vSw alice@laptop"
)
CRYPTED = "$5$I7MJvu4qmd$5t6CmyUfR6ogr5Gp/5pDRlm1HIfM4ZEirJTg21jDpF8"
PSK = "5ff3d2cfa4cabcc7a3a1a2fbbc2fd8b16fc1bd76bb8fe0cd6a3a6b0ccdb1f2f9"
# As Imager 2.0 writes them.
IMAGERS_USER_DATA = f"""\
#cloud-config
hostname: mypi
manage_etc_hosts: true
packages:
- avahi-daemon
apt:
  conf: |
    Acquire {{
      Check-Date "false";
    }};
timezone: Europe/Oslo
keyboard:
  model: pc105
  layout: "no"
enable_ssh: true
users:
- name: alice
  groups: users,adm,sudo
  shell: /bin/bash
  lock_passwd: false
  passwd: {CRYPTED}
  ssh_authorized_keys:
    - {KEY}
  sudo: ALL=(ALL) NOPASSWD:ALL
runcmd:
  - [ rfkill, unblock, wifi ]
"""
IMAGERS_NETWORK_CONFIG = f"""\
network:
  version: 2
  wifis:
    wlan0:
      dhcp4: true
      regulatory-domain: NO
      access-points:
        "My \\"Net\\"":
          hidden: true
          password: "{PSK}"
      optional: true
"""


def test_parse_of_the_user_data_that_imager_writes() -> None:
    found = parse(USER_DATA, IMAGERS_USER_DATA.encode())
    assert found.problems == []
    assert found.tables == {
        "system": {"hostname": "mypi", "timezone": "Europe/Oslo"},
        "web": {"password_hash": CRYPTED},
        "ssh": {"keys": [KEY]},
    }
    assert found.secrets == {CRYPTED: CRYPTED}


def test_parse_of_the_network_config_that_imager_writes() -> None:
    """The country is Norway, not the truth value that YAML makes of it."""
    found = parse(NETWORK_CONFIG, IMAGERS_NETWORK_CONFIG.encode())
    assert found.problems == []
    assert found.tables["wifi"] == {
        "country": "NO",
        "networks": [{"ssid": 'My "Net"', "password": PSK, "hidden": True}],
    }


def test_parse_of_fixed_addresses() -> None:
    text = """
version: 2
ethernets:
  eth0:
    dhcp4: false
    addresses: [192.168.1.5/24]
    gateway4: 192.168.1.1
    nameservers: {addresses: [192.168.1.1]}
"""
    found = parse(NETWORK_CONFIG, text.encode())
    assert found.problems == []
    assert found.tables["wired"] == {
        "addresses": ["192.168.1.5/24"], "gateways": ["192.168.1.1"], "dns": ["192.168.1.1"],
    }  # fmt: skip


def test_parse_of_meta_data() -> None:
    found = parse(META_DATA, b"instance-id: rpi-imager-1\nlocal-hostname: box\n")
    assert (found.problems, found.tables) == ([], {"system": {"hostname": "box"}})


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        (USER_DATA, "runcmd:\n- [reboot]", ["runcmd", "never"]),
        (USER_DATA, "bootcmd:\n- reboot", ["bootcmd", "not carried out"]),
        (USER_DATA, "write_files:\n- path: /etc/x", ["write_files", "not carried out"]),
        (USER_DATA, "packages: [vim]", ["packages"]),
        (USER_DATA, "ssh_pwauth: true", ["ssh_pwauth", "public key"]),
        (USER_DATA, "users:\n- name: a\n  ssh_import_id: gh:a", ["ssh_import_id"]),
        (USER_DATA, "hostname: [a]", ["hostname", "a text"]),
        (USER_DATA, "users:\n- plain_text_passwd: short", ["plain_text_passwd", "8 to 256"]),
        (USER_DATA, "just words", ["expected lines"]),
        (USER_DATA, "a: [", ["not YAML"]),
        (USER_DATA, "a: &x [1]\nb: *x", ["aliases"]),
        (USER_DATA, "hostname: !!python/object/apply:os.system [reboot]", ["hostname"]),
        (NETWORK_CONFIG, "version: 2\nbonds: {}", ["bonds"]),
        (NETWORK_CONFIG, "version: 2\nwifis: {w: {access-points: {H: {password: x}}}}", ["8 to"]),
        (USER_DATA, "#!/bin/sh\nreboot\n", ["a script", "never"]),
        (USER_DATA, "#include\nhttp://example.com/x\n", ["a script"]),
        (USER_DATA, "## template: jinja\n#cloud-config\nhostname: x", ["a template"]),
        (USER_DATA, "MIME-Version: 1.0\n\n#cloud-config\nhostname: x", ["several files in one"]),
        (USER_DATA, "#cloud-config-archive\n- content: x", ["several files in one"]),
        (USER_DATA, "hostname: x\n---\nhostname: y", ["line 2", "leave out the line ---"]),
        (USER_DATA, "fqdn: box.lan", ["fqdn", "hostname:"]),
        (USER_DATA, "users: [default, root]", ["users", "- name:"]),
        (USER_DATA, "chpasswd: {list: 'pi:secret word'}", ["chpasswd: list", "users:"]),
        (USER_DATA, "chpasswd: {users: [{name: a, type: RANDOM}]}", ["chpasswd", "type: text"]),
        (USER_DATA, "runcmd:\n- [sh, -c, touch /home/a/.config/rpi-connect]", ["Connect"]),
        (USER_DATA, "runcmd:\n- [systemctl, enable, --now, ssh]\n- reboot", ["never"]),
        (NETWORK_CONFIG, "version: 2\nwifis: {w: {auth: x}}", ["wifis: auth"]),
        (META_DATA, "public-keys: x", ["public-keys"]),
        (USER_DATA, "password: \u201ckitchen table\u201d", ["line 1, column 11", "typographic"]),
        (USER_DATA, "{\\rtf1 hostname: box}", ["RTF"]),
        (USER_DATA, "users:\n- passwd: '!'", ["users: passwd", "begins with $y$"]),
        (USER_DATA, f"users:\n- passwd: {CRYPTED[:-9]}", ["users: passwd", "the whole of a hash"]),
        (USER_DATA, f"users:\n- plain_text_passwd: {CRYPTED}", ["this is a hash"]),
        (NETWORK_CONFIG, "version: 2\nwifis: {w: {access-points: [Home]}}", ["`password:` below"]),
        (NETWORK_CONFIG, "version: 2\nethernets: {eth0: {addresses: 10.0.0.5/24}}", ["a list"]),
    ],
)
def test_parse_tells_what_is_wrong(file: str, text: str, words: list[str]) -> None:
    found = parse(file, text.encode())
    (problem,) = found.problems
    assert problem.startswith(f"{file}: ")
    assert all(word in problem for word in words), problem
    assert found.tables == {}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("hostname: box".encode("utf-16"), "UTF-16"),
        (b"hostname: \x93box\x94", "line 1 (hostname): typographic quotes"),
        (b"# f\xfcr\nhostname: box", "line 1: a letter such as"),
        (b"\x1f\x8b\x08", "compressed"),
    ],
)
def test_parse_says_how_a_file_was_saved(content: bytes, words: str) -> None:
    (problem,) = parse(USER_DATA, content).problems
    assert problem.startswith("user-data: ") and words in problem
    assert problem.endswith("nothing of it is taken over")


@pytest.mark.parametrize(
    "text",
    [
        f"ssh_authorized_keys: {KEY}",
        f"ssh_authorized_keys: |\n  # mine\n  {KEY}\n",
        f"users:\n- ssh_authorized_keys: {KEY}",
        f"users:\n  alice:\n    ssh_authorized_keys: [{KEY}]",
    ],
)
def test_parse_takes_keys_in_every_form_of_cloud_init(text: str) -> None:
    found = parse(USER_DATA, text.encode())
    assert (found.problems, found.tables) == ([], {"ssh": {"keys": [KEY]}})


@pytest.mark.parametrize(
    "content",
    [b"\xff", b"a: " + b"[" * 50_000, b"#" * ((1 << 20) + 1), b"a: 1\n\0"],
    ids=["not UTF-8", "nested", "too large", "zeros"],
)
def test_parse_survives_hostile_files(content: bytes) -> None:
    assert len(parse(USER_DATA, content).problems) == 1


IMAGERS_OTHER_FORMS = {
    "1.8": (
        "hostname: box\nmanage_etc_hosts: true\npackages:\n- avahi-daemon\napt:\n  conf: |\n    x\n"
        f"users:\n- name: a\n  groups: users,adm\n  shell: /bin/bash\n  lock_passwd: false\n"
        f"  passwd: {CRYPTED}\n  ssh_authorized_keys:\n    - {KEY}\n  sudo: ALL=(ALL) NOPASSWD\n"
        'runcmd:\n- localectl set-x11-keymap "de" pc105\n- setupcon -k --force || true\n'
    ),
    "older, with hyphens": (
        f"hostname: box\nusers:\n- default\n- name: a\n  lock_passwd: true\n  passwd: {CRYPTED}\n"
        f"  ssh-authorized-keys:\n  - {KEY}\n"
    ),
    "2.0.0": (
        f"hostname: box\nenable_ssh: true\nusers:\n- name: a\n  lock_passwd: false\n"
        f"  passwd: {CRYPTED}\n  ssh_authorized_keys:\n    - {KEY}\n  sudo: ALL=(ALL) NOPASSWD\n"
    ),
    "2.0.2": (
        f"manage_resolv_conf: false\n\nhostname: box\nusers:\n- name: a\n  lock_passwd: false\n"
        f'  passwd: "{CRYPTED}"\n  ssh_authorized_keys:\n    - "{KEY}"\nenable_ssh: true\n'
        "ssh_pwauth: false\n"
    ),
    "2.0.8": (
        f'hostname: box\nusers:\n- name: a\n  passwd: "{CRYPTED}"\n'
        f'  ssh_authorized_keys:\n    - "{KEY}"\n  sudo: ALL=(ALL) NOPASSWD:ALL\nruncmd:\n'
        "  - [ sh, -c, \"echo 'a ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/010_a-nopasswd\" ]\n"
        "  - [ chmod, '0440', '/etc/sudoers.d/010_a-nopasswd' ]\n"
        '  - [ rfkill, unblock, wifi ]\n  - [ sh, -c, "for f in /var/lib/systemd/rfkill/*:wlan; do'
        ' echo 0 > \\"$f\\"; done" ]\n'
    ),
    "2.0.9": (
        f'hostname: box\nuser:\n  name: a\n  shell: /bin/bash\n  passwd: "{CRYPTED}"\n'
        f'  ssh_authorized_keys:\n    - "{KEY}"\nruncmd:\n  - [ systemctl, enable, --now, ssh ]\n'
    ),
    "2.0.11": (
        f'manage_resolv_conf: false\n\nhostname: box\nuser:\n  name: a\n  passwd: "{CRYPTED}"\n'
        f'  ssh_authorized_keys:\n    - "{KEY}"\n  sudo: null\n'
    ),
}


@pytest.mark.parametrize("version", IMAGERS_OTHER_FORMS)
def test_parse_of_user_data_by_version_of_imager(version: str) -> None:
    found = parse(USER_DATA, IMAGERS_OTHER_FORMS[version].encode())
    assert found.problems == []
    assert found.tables["web"] == {"password_hash": CRYPTED}
    assert found.tables["ssh"] == {"keys": [KEY]}
    assert found.tables["system"] == {"hostname": "box"}


@pytest.mark.parametrize(
    ("text", "web"),
    [
        ("password: kitchen table 5\nchpasswd: {expire: False}", {"password": "kitchen table 5"}),
        (f"password: {CRYPTED}", {"password_hash": CRYPTED}),
        (
            "chpasswd:\n  users:\n  - {name: pi, password: kitchen table 5, type: text}",
            {"password": "kitchen table 5"},
        ),
        (f"chpasswd: {{users: [{{name: a, password: {CRYPTED}}}]}}", {"password_hash": CRYPTED}),
        (f'user:\n  passwd: "{CRYPTED}\\n"', {"password_hash": CRYPTED}),
    ],
)
def test_parse_of_passwords_in_other_places(text: str, web: dict[str, str]) -> None:
    found = parse(USER_DATA, text.encode())
    assert (found.problems, found.tables) == ([], {"web": web})


def test_parse_takes_one_password_of_two() -> None:
    text = "users:\n- plain_text_passwd: first of them\n- plain_text_passwd: second of them\n"
    found = parse(USER_DATA, text.encode())
    assert found.tables == {"web": {"password": "first of them"}}
    assert list(found.secrets) == ["first of them"]
    assert "the first one is taken" in found.problems[0]


def test_parse_of_nothing() -> None:
    found = parse(USER_DATA, b"#cloud-config\n")
    assert (found.problems, found.tables) == ([], {})
