#!/bin/sh
# SPDX-License-Identifier: MIT
# Start Suricata inside its own root. `glovebox ids-config` fills in the names between at signs and
# writes the result to /run/glovebox-ids/start, which the unit runs with sh.
set -eu
cd /run/glovebox-ids
inspectors=@INSPECTORS@
frames_per_mb=@FRAMES_PER_MB@

# What comes while Suricata is busy with something else waits in the ring: a sixteenth of the
# memory. It is told in frames as long as there is room for: 512 to the MB, or, of several inspectors,
# as many as blocks of 128 KiB.
read -r _ memory_kb _ </proc/meminfo
ring_mb=$((memory_kb / 16384))
[ "$ring_mb" -ge 32 ] || ring_mb=32
[ "$ring_mb" -le 256 ] || ring_mb=256

# A number that rises with each start, for the names of spool files: hundredths of seconds since boot.
read -r uptime _ </proc/uptime
run=${uptime%.*}${uptime#*.}

# Suricata would append to the statistics of the run before.
rm -f spool/statistics.json

# Each inspector has its share of the ring.
set --
while [ $# -lt $((inspectors * 2)) ]; do
	set -- "$@" --set "af-packet.$(($# / 2)).ring-size=$((ring_mb * frames_per_mb / inspectors))"
done

exec suricata -c suricata.yaml -l spool --af-packet "$@" \
	--set "outputs.0.eve-log.filename=alert.$run.json"
