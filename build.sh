#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Glovebox's one entry: each command is a list of stages; the thinking is in image/ and appliance/.
set -euo pipefail
export LC_ALL=C.UTF-8
# Where sfdisk, nft and dnsmasq are, which a plain user's path leaves out.
export PATH=$PATH:/usr/sbin:/sbin
# A plain user's build runs as other users too (user namespaces), who read its programs.
umask 022
# Some thousand modules are compiled once, not by each of the many processes of the tests.
unset PYTHONDONTWRITEBYTECODE
project=$(dirname "$(readlink -f "$0")")
python=$project/.venv/bin/python
# Marks of tests that need something built, rights, or a browser.
BUILT='net or tools or snort or suricata or browser or image'

usage() {
    cat <<'END'
usage: ./build.sh COMMAND [OPTION…]

  setup [test]                  install what this host needs: Debian packages, Python environment
  demo [CAPTURE] [--once] …     build, boot, send CAPTURE as a router would, show the alerts
  image [--board pi] [--ids …] … build the image of a board; for a Pi, all that is handed out
  page [--port N]               the page with sample data in your browser; anew when a file changes
  check [PYTEST OPTION…]        after each edit: linters, types, the quick tests that need nothing built
  test [PYTEST OPTION…]         run the tests; `test -m long` those that take minutes each
  flash DEVICE [--settings FILE] …
                                write the image built last to a card, and compare
  cuts [--cuts N] …             cut a running machine's power again and again
  crashpoints [--points N] …    look at every state that a cut could leave on a card
  bench [--quick]               measure the packet path against its peers
  bench films                   three films for five minutes while the sensor is flooded
  pictures                      take the pictures of the documents anew, with Chromium
  clean                         remove what was built, but for the keys; downloads are made again

Every command takes --help. Only setup needs root (it asks sudo), and network tests do.
Exit status: 0 done, 1 negative result or failed stage, 2 bad input, 5 port taken, 6 no network,
7 disk full, 8 guest failed, 130 interrupted.
END
}

die() {
    echo "build.sh: $1" >&2
    exit "${2:-1}"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else
        command -v sudo >/dev/null || die "not root and no sudo here; as root run: $*"
        sudo "$@"
    fi
}

# The Debian packages of image/depends that are not there yet, for purpose $1.
missing_packages() {
    local what package purpose
    while read -r what package purpose; do
        [[ $what == '#'* || " $1 " != *" $purpose "* ]] && continue
        case $what in
            /*) compgen -G "$what" >/dev/null || echo "$package" ;;
            *) command -v "$what" >/dev/null || echo "$package" ;;
        esac
    done <"$project/image/depends"
}

# Servers of names, addresses and mail come with the tests; nobody asked for them to run on this host:
# none is started (invoke-rc.d(8), policy-rc.d), and none at the next boot.
# shellcheck disable=SC2016
install_quietly='
    set -eu
    policy=/usr/sbin/policy-rc.d wants=/etc/systemd/system/multi-user.target.wants
    if [ ! -e "$policy" ]; then
        trap "rm -f $policy" EXIT
        trap "exit 1" HUP INT TERM
        printf "#!/bin/sh\nexit 101\n" >"$policy"
        chmod 755 "$policy"
    fi
    before=" $(ls "$wants" 2>/dev/null | tr "\n" " ") "
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
    for unit in $(ls "$wants" 2>/dev/null); do
        case $before in *" $unit "*) ;; *) systemctl --quiet disable "$unit" ;; esac
    done
'

setup() {
    [[ ${1:-} == -* ]] && usage && return
    # Help changes nothing on this host, once there is an environment that can print it.
    [ -n "$help" ] && compgen -G "$project/.venv/.made-*${1:+\\[$1\\]}" >/dev/null && return
    local purposes="build ${1:-} $also" packages
    mapfile -t packages < <(missing_packages "$purposes")
    if [ "${#packages[@]}" -gt 0 ]; then
        echo "setup: installing with apt: ${packages[*]}" >&2
        as_root apt-get update -qq ||
            die "apt-get update failed: is there a network, and a mirror in /etc/apt?" 6
        as_root sh -c "$install_quietly" sh "${packages[@]}" >&2 ||
            die "apt-get could not install: ${packages[*]}" 6
    fi
    setup_python "${1:+[$1]}"
}

# A finished environment carries the sum of what it was made from.
setup_python() {
    local stamp
    stamp=$project/.venv/.made-$(sha256sum "$project/pyproject.toml" | cut -c1-16)${1:-}
    [ -e "$stamp" ] && return
    echo "setup: Python environment in .venv" >&2
    "$python" -m pip --version >/dev/null 2>&1 || python3 -m venv --clear "$project/.venv" ||
        die "python3 -m venv failed"
    "$python" -m pip install --quiet --disable-pip-version-check --use-pep517 -e "$project${1:-}" ||
        die "pip could not install the Python packages: is there a network?" 6
    touch "$stamp"
}

in_project() {
    PYTHONPATH=$project exec "$python" "$@"
}

# What needs no machine of its own runs three at a time, as much of it waits for a browser; then the
# booted image beside the network tests, which wait most of the time. Its lines come when both ended.
all_tests() {
    local status=0 log
    (in_project -m pytest -n 3 --dist worksteal tests/unit tests/routeros tests/web \
        tests/fuzz tests/bench tests/test_*.py) || status=$?
    mkdir -p build
    log=build/tests-of-the-image.log
    echo "build.sh: the tests of the booted image write to $log" >&2
    (in_project -m pytest tests/image) >"$log" 2>&1 &
    image=$!
    # Ctrl-C does not reach what runs in the background.
    trap 'kill "$image" 2>/dev/null' EXIT
    (in_project -m pytest tests/net) || status=$?
    wait "$image" || status=$?
    trap - EXIT
    cat "$log"
    exit "$status"
}

command=${1:---help}
shift || true
help=
# What else the host needs, beside what is named to `setup`.
also=
[[ " $* " == *" --help "* || " $* " == *" -h "* ]] && help=yes
case $command in
    setup) setup "$@" ;;
    demo) setup && in_project -m image.demo "$@" ;;
    image) setup && in_project -m image.release.cli "$@" ;;
    flash) setup && in_project -m image.flash "$@" ;;
    cuts) setup && in_project -m image.cuts.powercuts "$@" ;;
    crashpoints) setup && in_project -m image.cuts.crashpoints "$@" ;;
    page) setup test && in_project -m tests.web.preview "$@" ;;
    pictures) setup test && in_project -m tests.web.pictures "$@" ;;
    check)
        setup test && cd "$project" || exit
        in_project -m pytest -q -n logical --dist worksteal -m "not ($BUILT or long or slow)" \
            --hypothesis-profile=quick tests/unit tests/test_*.py "$@"
        ;;
    test)
        [[ " $* " == *" -m long "* ]] && also=long
        setup test && cd "$project" || exit
        [ $# -gt 0 ] && in_project -m pytest "$@"
        all_tests
        ;;
    bench)
        setup test && cd "$project" || exit
        [ "${1:-}" = films ] && shift && in_project -m tests.bench.films "$@"
        in_project -m tests.bench "$@"
        ;;
    clean)
        # A plain user's stages may lie outside a closed home directory.
        [ -L "$project/build/cache" ] && rm -rf "$(dirname "$(readlink "$project/build/cache")")"
        # The keys for updates cannot be had again, and cards out there trust no others.
        find "$project/build" -mindepth 1 -maxdepth 1 ! -name keys -exec rm -rf {} + 2>/dev/null || true
        rmdir "$project/build" 2>/dev/null || true ;;
    -h | --help) usage ;;
    *) usage >&2; die "no command '$command'" 2 ;;
esac
