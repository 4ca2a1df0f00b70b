"""DHCP that is never rogue: a guard that listens and asks, and dnsmasq where it allows it."""
