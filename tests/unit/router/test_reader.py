# SPDX-License-Identifier: MIT
"""The user who only reads: trusted by the host key's fingerprint, and let change nothing."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.errors import InputError
from appliance.router import plan, reader, secure_shell
from appliance.router.keeping import Keeping
from appliance.router.refusals import RouterError
from appliance.settings.sections.router import RouterEntry
from tests.routeros import shell, terminal
from tests.routeros.machine import Machine


@pytest.mark.slow
def test_it_asks_only_whom_the_owner_trusts(machine: Machine, tmp_path: Path) -> None:
    keeping = Keeping("home", tmp_path / "kept")
    (tmp_path / "kept").mkdir()
    password = plan.reader_password(keeping.made_secret().password)
    users = (
        "/user/group add name=glovebox-read policy=read,ssh\n"
        f"/user add name=glovebox-read group=glovebox-read password={password}\n"
    )
    assert terminal.paste(machine, users) == []
    with shell.serving(machine, tmp_path) as served:
        entry = RouterEntry("home", ip_address("127.0.0.1"), ssh_port=served.port)
        with pytest.raises(RouterError, match="--trust-ssh SHA256:"):
            reader.run(entry, keeping, "/export terse")
        assert served.users == []
        with pytest.raises(InputError, match="another SSH host key"):
            reader.trust(entry, keeping, "SHA256:other")
        assert keeping.host_key() == ""
        reader.trust(entry, keeping, secure_shell.fingerprint(served.key))
        assert reader.run(entry, keeping, "/export terse").startswith("# by RouterOS")
        assert "permissions" in reader.run(entry, keeping, "/ip dns set servers=9.9.9.9")


def test_the_two_passwords_do_not_tell_each_other() -> None:
    first = plan.reader_password("0123456789abcdef")
    assert first == plan.reader_password("0123456789abcdef") and len(first) == 32
    assert first != plan.reader_password("0123456789abcdee") and "0123" not in first[:4]
