#!/bin/sh
# The programs that tests and bench run against: real ones, never stand-ins.
#
#   peers.sh test|bench|sites
#
# On Debian and its kin, as root, what is missing is installed; no service is started. Elsewhere, and
# with PEERS=none, what is missing is named. Exit 1 where `test` can't run as asked.
set -eu

case "$1" in
test) wanted="nginx varnishd caddy chromium node npm psql redis-server" ;;
bench) wanted="wrk nginx caddy" ;;
sites) wanted="node npm hugo" ;;
*) echo "usage: peers.sh test|bench|sites" >&2; exit 2 ;;
esac

# Debian keeps servers where only root looks, and PostgreSQL's server where nobody does.
PATH="$PATH:/usr/sbin:/usr/local/sbin"

missing() {
    for program in $wanted; do
        command -v "$program" >/dev/null 2>&1 && continue
        [ "$program" = redis-server ] && command -v valkey-server >/dev/null 2>&1 && continue
        printf '%s ' "$program"
    done
}

package() {
    case "$1" in
    nginx) echo nginx-light ;;
    varnishd) echo varnish ;;
    node) echo nodejs ;;
    psql) echo postgresql ;;
    *) echo "$1" ;;
    esac
}

lacking=$(missing)
if [ "${PEERS:-all}" = none ]; then
    echo "PEERS=none: left out is what needs $wanted"
    exit 0
fi
[ -n "$lacking" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    packages=""
    for program in $lacking; do packages="$packages $(package "$program")"; done
    echo "installing$packages"
    # Debian starts a service as soon as it is installed unless this file says no.
    guard=/usr/sbin/policy-rc.d
    if [ ! -e "$guard" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$guard"
        chmod 755 "$guard"
        trap 'rm -f "$guard"' EXIT
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || true
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $packages >/dev/null || true
    lacking=$(missing)
    [ -n "$lacking" ] || exit 0
fi

echo "missing: $lacking" >&2
echo "install them, or run with PEERS=none to leave out what needs them" >&2
exit 1
