#!/bin/sh
# SPDX-License-Identifier: MIT
# Start Snort inside its own root. `glovebox ids-config` fills in the names between at signs and
# writes the result to /run/glovebox-ids/start, which the unit runs with sh.
set -eu
cd /run/glovebox-ids
interface=@INTERFACE@
tried=@TRIED@
config=snort.conf

# The kernel cuts frames to the slots of the capture ring, and Snort passes over a cut packet: so a
# slot holds the longest frame there can be. 65456 is the most that fits a slot of 64 KiB; one byte
# more would take 128 KiB.
read -r mtu <"/sys/class/net/$interface/mtu"
snaplen=$((mtu + 18)) # Ethernet header and VLAN tag
[ "$snaplen" -le 65456 ] || snaplen=65456

# What comes while Snort is busy with something else waits in the ring: a sixteenth of the memory.
read -r _ memory_kb _ </proc/meminfo
ring_mb=$((memory_kb / 16384))
[ "$ring_mb" -ge 32 ] || ring_mb=32
[ "$ring_mb" -le 256 ] || ring_mb=256

# With 512 MB: a third less memory of its own, for 6 % more of the processor; the alerts are the same.
any_rules=search-optimize
[ "$memory_kb" -ge 700000 ] || any_rules=split-any-any

# The owner's rules must not keep the sensor from starting, whatever Snort thinks of them. What it
# refuses is left out already, unless it could not be asked.
if [ "$tried" = no ] && [ -s rules/owner.rules ] && ! snort -q -T -c snort.conf; then
	echo 'Snort refuses the rules of the owner: it goes on without them.' >&2
	config=plain.conf
fi

# A number that rises with each start, for the names of spool files: hundredths of seconds since boot.
read -r uptime _ </proc/uptime
run=${uptime%.*}${uptime#*.}

# Snort would append to the statistics of the run before.
rm -f spool/statistics.csv

exec snort -q -c "$config" -S "RUN=$run" -S "ANY_RULES=$any_rules" -i "$interface" \
	--daq afpacket --daq-var "buffer_size_mb=$ring_mb" --snaplen "$snaplen"
