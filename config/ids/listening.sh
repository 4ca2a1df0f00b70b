#!/bin/sh
# SPDX-License-Identifier: MIT
# Wait, inside Snort's root, until Snort takes the frames of the interface: only then is its unit
# active. Snort tells nobody; the kernel's list of packet sockets does. The unit sets the deadline.
set -eu
read -r index <"/sys/class/net/@INTERFACE@/ifindex"
user=$(id -u)
while :; do
	# Columns of /proc/net/packet; protocol 0003 is every frame, 1 a socket that runs.
	while read -r _ _ _ protocol where running _ owner _; do
		[ "$protocol $where $running $owner" = "0003 $index 1 $user" ] || continue
		# The socket runs a moment before it has its ring; what it caught until then is lost.
		! grep -q '^ALL *@INTERFACE@ *tpacket_rcv' /proc/net/ptype || exit 0
	done </proc/net/packet
	sleep 0.1
done
