# SPDX-License-Identifier: MIT
"""Flows with the names of columns that Akvorado has in ClickHouse, as a view. Pure.

Source: Akvorado's common/schema/definition.go. What an interface or an autonomous system is called
is not known here, and not among them; what Akvorado has no column for is left out.
"""

from __future__ import annotations

# Of the view `flows` of the questions: bytes and packets are multiplied by the sampling there.
# Akvorado keeps them as they were counted. Small letters are classes of addresses, and no country.
COLUMNS = (
    'first AS "TimeReceived", greatest(sampling, 1)::UBIGINT AS "SamplingRate",'
    ' address(exporter_hi, exporter_lo) AS "ExporterAddress", src AS "SrcAddr", dst AS "DstAddr",'
    " CASE WHEN scc = upper(scc) THEN scc ELSE '' END AS \"SrcCountry\","
    " CASE WHEN dcc = upper(dcc) THEN dcc ELSE '' END AS \"DstCountry\","
    " CASE WHEN src_hi = 0 AND src_lo >> 32 = 65535 AND dst_hi = 0 AND"
    " dst_lo >> 32 = 65535 THEN 2048 ELSE 34525"
    ' END AS "EType", proto AS "Proto", sport AS "SrcPort", dport AS "DstPort",'
    ' (bytes // greatest(sampling, 1))::UBIGINT AS "Bytes",'
    ' (packets // greatest(sampling, 1))::UBIGINT AS "Packets", flags AS "TCPFlags",'
    ' tos AS "IPTos", address(nat_src_hi, nat_src_lo) AS "SrcAddrNAT",'
    ' address(nat_dst_hi, nat_dst_lo) AS "DstAddrNAT", nat_sport AS "SrcPortNAT",'
    ' nat_dport AS "DstPortNAT"'
)
VIEW = f"SELECT {COLUMNS} FROM flows"
