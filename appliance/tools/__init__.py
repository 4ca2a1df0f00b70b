# SPDX-License-Identifier: MIT
"""Commands for those who know tcpreplay and tzsp2pcap: replay, decap, send."""
