#!/bin/sh
# SPDX-License-Identifier: MIT
# Keep how many frames have passed the interface when the engine began to take them, and when it
# ended: those in between nobody inspected. In `heard` are both while it takes them.
set -eu
cd /run/glovebox-ids
read -r now <"/sys/class/net/@INTERFACE@/statistics/tx_packets" || now=0
case $1 in
began)
	before=0
	[ ! -e ended ] || read -r before <ended
	# An interface that was made anew counts from zero.
	[ "$before" -le "$now" ] || before=0
	echo "$before $now" >heard.new
	mv heard.new heard
	;;
ended)
	# One that never began ends nothing.
	[ -e heard ] || exit 0
	rm heard
	echo "$now" >ended.new
	mv ended.new ended
	;;
esac
