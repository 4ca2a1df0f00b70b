"""From the router's datagram to the sniffing interface."""
