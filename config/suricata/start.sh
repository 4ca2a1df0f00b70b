#!/bin/sh
# SPDX-License-Identifier: MIT
# Start Suricata inside its own root. `glovebox ids-config` fills in the names between at signs and
# writes the result to /run/glovebox-ids/start, which the unit runs with sh.
set -eu
cd /run/glovebox-ids
interface=@INTERFACE@

# What comes while Suricata is busy with something else waits in the ring: a sixteenth of the
# memory. It is told in frames of 2 KiB, 512 to the MB.
read -r _ memory_kb _ </proc/meminfo
ring_mb=$((memory_kb / 16384))
[ "$ring_mb" -ge 32 ] || ring_mb=32
[ "$ring_mb" -le 256 ] || ring_mb=256

# A number that rises with each start, for the names of spool files: hundredths of seconds since boot.
read -r uptime _ </proc/uptime
run=${uptime%.*}${uptime#*.}

# Suricata would append to the statistics of the run before.
rm -f spool/statistics.json

exec suricata -c suricata.yaml -l spool --af-packet="$interface" \
	--set "af-packet.0.interface=$interface" --set "af-packet.0.ring-size=$((ring_mb * 512))" \
	--set "outputs.0.eve-log.filename=alert.$run.json"
