# SPDX-License-Identifier: MIT
"""Classic pcap files through libpcap: in C, so that playing at top speed waits for no reader.

libpcap opens names only, knows one link type, and lets nobody stop a wait for a pipe; all that is
no regular file of classic pcap is read by `appliance/formats/`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pcapy

from appliance.errors import DecodeError
from appliance.formats.bytestream import CutOff
from appliance.formats.pcap import Record

_UNSIGNED = (1 << 32) - 1


class LibpcapReader:
    """The link type and, once, the records of a regular file."""

    def __init__(self, descriptor: int, link_type: int) -> None:
        """Open the file of a descriptor anew; `link_type` is what its header says (LINKTYPE_).

        Raises DecodeError.
        """
        self._link_type = link_type
        try:
            self._reader = pcapy.open_offline(f"/proc/self/fd/{descriptor}")
        except pcapy.PcapError as error:
            raise DecodeError(str(error)) from error

    def link_types(self) -> Iterator[int]:
        """Yield the link type of all frames."""
        yield self._link_type

    def __iter__(self) -> Iterator[Record]:
        """Yield the records. Raises DecodeError: CutOff where the file ends within one."""
        following, link_type = self._reader.next, self._link_type
        while True:
            try:
                header, frame = following()
            except pcapy.PcapError as error:
                cut = str(error).startswith("truncated")
                raise (CutOff if cut else DecodeError)(str(error)) from error
            if header is None:
                return
            seconds, microseconds = header.getts()
            # As the format has them: libpcap takes what is behind January 2038 for before 1970.
            time_us = (seconds & _UNSIGNED) * 1_000_000 + microseconds
            yield Record(time_us, frame, header.getlen(), link_type)
