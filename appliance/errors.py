# SPDX-License-Identifier: MIT
"""The errors of Glovebox and the exit status that each one stands for.

Exit statuses: 0 done, 1 done but with a negative result, 2 bad input or usage, 3 interface
unusable, 4 right missing, 5 address in use, 6 no network, 7 disk full, 8 guest failed,
78 configuration, 130 interrupted.
"""


class GloveboxError(Exception):
    """Base of everything that ends a command with one clear line."""

    exit_status = 1


class InputError(GloveboxError, ValueError):
    """A file or argument that the user gave cannot be used."""

    exit_status = 2


class InterfaceError(GloveboxError, LookupError):
    """A network interface is missing or of the wrong kind."""

    exit_status = 3


class PrivilegeError(GloveboxError, PermissionError):
    """A capability is missing; the message names it."""

    exit_status = 4


class AddressInUseError(GloveboxError):
    """A port that must be opened is held by another process."""

    exit_status = 5


class NetworkError(GloveboxError):
    """Something outside cannot be reached."""

    exit_status = 6


class DiskFullError(GloveboxError):
    """A disk that must be written is full."""

    exit_status = 7


class GuestError(GloveboxError):
    """The emulated machine did not do what it must."""

    exit_status = 8


class ConfigError(GloveboxError, ValueError):
    """A setting is wrong; the message names file, key, value and what was expected."""

    exit_status = 78


class DecodeError(ValueError):
    """Bytes from outside do not follow their format: counted, never logged one by one."""
