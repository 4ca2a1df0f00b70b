# SPDX-License-Identifier: MIT
"""Raspberry Pi Imager's cloud-init files, read as data: the parts that mean something here.

Sources: cloud-init's reference of `user-data` modules, netplan's of `network-config` version 2, and
what Imager 1.8 to 2.0.11 write (src/OptionsPopup.qml, src/customization_generator.cpp).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from appliance.errors import ConfigError
from appliance.settings import netplan
from appliance.settings.findings import Findings
from appliance.settings.tomlwords import LARGEST_FILE, decoded

USER_DATA, NETWORK_CONFIG, META_DATA = "user-data", "network-config", "meta-data"
UNKNOWN = "not known, or not carried out here"
USER_UNUSED = {"name", "groups", "shell", "sudo", "lock_passwd", "gecos", "primary_group"}
UNUSED = {
    "manage_etc_hosts", "preserve_hostname", "enable_ssh", "apt", "keyboard", "locale", "rpi",
    "package_update", "package_upgrade", "manage_resolv_conf", "instance_id", "dsmode",
}  # fmt: skip
# What Imager adds by itself; what it is for is here already.
IMAGERS_PACKAGES = ["avahi-daemon"]
# Imager's own commands, by version: 2.0.9 and later start sshd, 2.0.4 and later write a file for
# sudo, 1.8 sets the keyboard, and all of them switch the radio on.
IMAGERS_COMMANDS = re.compile(
    r"(systemctl enable --now ssh|rfkill unblock wifi|sh -c for f in /var/lib/systemd/rfkill/.*"
    r"|rfkill .*|sh -c echo '[\w.-]+ ALL=\(ALL\) NOPASSWD:ALL' >/etc/sudoers\.d/[\w.-]+"
    r"|chmod 0440 /etc/sudoers\.d/[\w.-]+|localectl set-x11-keymap .*|setupcon -k --force.*)"
)
# First lines that tell cloud-init of something else than settings.
SCRIPTS = ("#!", "#cloud-boothook", "#include", "#part-handler", "#upstart-job")
TEMPLATE = "## template:"
SEVERAL = ("content-type:", "mime-version:", "from ", "#cloud-config-archive")


def parse(file: str, content: bytes) -> Findings:
    """Return what one of the three files holds for us. Never raises."""
    found = Findings(file)
    if len(content) > LARGEST_FILE:
        found.problem("all of it", f"larger than {LARGEST_FILE} bytes")
        return found
    tables = _loaded(found, content)
    if isinstance(tables, dict):
        PARSERS[file](found, tables)
    elif tables:
        found.problem("all of it", "expected lines like `hostname: glovebox`")
    return found


def _loaded(found: Findings, content: bytes) -> Any:
    # Imported where it is needed: few cards have such files, and the whole start waits for us.
    from appliance.settings import plainyaml

    try:
        text = decoded(content, found.file)
        if words := _other_kind(text):
            found.problem("all of it", words)
            return None
        return plainyaml.load(text)
    except ConfigError as error:
        found.problems.append(f"{error}; nothing of it is taken over")
    except ValueError as error:
        found.problem("all of it", f"not YAML, {error}; nothing of it is taken over")
    return None


def _other_kind(text: str) -> str | None:
    """Say what a text is that holds no settings alone; None where it may."""
    if text.startswith(SCRIPTS):
        return "it is a script, and scripts are never carried out here"
    if text.startswith(TEMPLATE):
        return "it is a template; write values in the place of {{ … }}, and #cloud-config first"
    if text[:40].lower().startswith(SEVERAL):
        return "it is several files in one; write what is below #cloud-config alone"
    return None


def _user_data(found: Findings, tables: Mapping[str, Any]) -> None:
    for key, value in tables.items():
        name = _plain(key)
        if name in USER_KEYS:
            USER_KEYS[name](found, value)
        elif name in UNUSED:
            found.note(key)
        else:
            found.problem(key, UNKNOWN)
    if "fqdn" in tables and "hostname" not in tables:
        found.problem("fqdn", "expected `hostname:` with the first part of the name")


def _hostname(found: Findings, value: Any) -> None:
    found.set("system", "hostname", value, "hostname")


def _timezone(found: Findings, value: Any) -> None:
    found.set("system", "timezone", value, "timezone")


def _plain(key: Any) -> str:
    """Return a key as cloud-init knows it: hyphens were good once, and Imager 1.x has them."""
    return str(key).replace("-", "_")


def _users(found: Findings, users: Any) -> None:
    # As cloud-init once had them, by name.
    if isinstance(users, dict) and all(isinstance(each, dict) for each in users.values()):
        users = list(users.values())
    for user in users if isinstance(users, list) else [users]:
        if isinstance(user, dict):
            _user(found, user)
        elif user != "default":
            found.problem("users", "expected `- name: …` with the lines that belong to it")


def _one_user(found: Findings, user: Any) -> None:
    if isinstance(user, dict):
        _user(found, user)
    else:
        found.note("user")


def _user(found: Findings, user: Mapping[str, Any]) -> None:
    for key, value in user.items():
        name = _plain(key)
        if name == "ssh_authorized_keys":
            found.keys(value, "users: ssh_authorized_keys")
        elif name in ("passwd", "hashed_passwd"):
            found.password(value, True, f"users: {key}")
        elif name == "plain_text_passwd":
            found.password(value, False, f"users: {key}")
        elif name in USER_UNUSED:
            found.note(f"users: {key}")
        else:
            found.problem(f"users: {key}", UNKNOWN)


def _change_passwords(found: Findings, value: Any) -> None:
    for key, part in value.items() if isinstance(value, dict) else ():
        if key == "users" and isinstance(part, list):
            for user in part:
                _changed_password(found, user if isinstance(user, dict) else {})
        elif key != "expire":
            found.problem(f"chpasswd: {key}", "not read; write `users:` with `password:`")


def _changed_password(found: Findings, user: Mapping[str, Any]) -> None:
    kind = user.get("type", "hash")
    if kind in ("text", "hash") and "password" in user:
        found.password(user["password"], kind == "hash", "chpasswd: users: password")
    else:
        found.problem("chpasswd: users", "expected `password:`, and `type: text` or `type: hash`")


def _default_password(found: Findings, value: Any) -> None:
    hashed = isinstance(value, str) and value.startswith("$")
    found.password(value, hashed, "password")


def _packages(found: Findings, value: Any) -> None:
    if value != IMAGERS_PACKAGES:
        found.problem("packages", "no packages can be added")


def _commands(found: Findings, value: Any) -> None:
    commands = value if isinstance(value, list) else [value]
    if all(map(_is_imagers, commands)):
        found.note("runcmd")
    elif any("rpi-connect" in str(command) for command in commands):
        found.problem("runcmd", "commands are never carried out here; Raspberry Pi Connect is not"
                      " part of this system")  # fmt: skip
    else:
        found.problem("runcmd", "commands are never carried out here")


def _is_imagers(command: Any) -> bool:
    words = command if isinstance(command, list) else [command]
    return bool(IMAGERS_COMMANDS.fullmatch(" ".join(map(str, words))[:400]))


def _password_login(found: Findings, value: Any) -> None:
    if netplan.truth(value):
        found.problem("ssh_pwauth", "SSH takes no passwords; give a public key")


def _meta_data(found: Findings, tables: Mapping[str, Any]) -> None:
    for key, value in tables.items():
        if key == "local-hostname":
            found.set("system", "hostname", value, key)
        elif _plain(key) not in UNUSED:
            found.problem(key, "not known")


USER_KEYS: Mapping[str, Callable[[Findings, Any], None]] = {
    "hostname": _hostname,
    "timezone": _timezone,
    "ssh_authorized_keys": lambda found, value: found.keys(value, "ssh_authorized_keys"),
    "fqdn": lambda found, _: found.note("fqdn"),
    "user": _one_user,
    "users": _users,
    "password": _default_password,
    "chpasswd": _change_passwords,
    "packages": _packages,
    "runcmd": _commands,
    "ssh_pwauth": _password_login,
}
PARSERS: Mapping[str, Callable[[Findings, Mapping[str, Any]], None]] = {
    USER_DATA: _user_data,
    NETWORK_CONFIG: netplan.read,
    META_DATA: _meta_data,
}
