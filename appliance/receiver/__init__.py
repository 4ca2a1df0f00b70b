"""The live path: TZSP datagrams from the router's stream, frames onto the sniffing interface."""
