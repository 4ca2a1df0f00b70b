"""Datagrams and interfaces: sockets, senders, what the kernel lost."""
