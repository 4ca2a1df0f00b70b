# SPDX-License-Identifier: MIT
"""Datagrams and interfaces: sockets, senders, what the kernel lost."""
