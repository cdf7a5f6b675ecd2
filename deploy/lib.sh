# shellcheck shell=bash disable=SC2034
# Sourced by deploy/demo, tests/run and their kin. Needs a base Debian 12 or 13 and nothing else.
#
#   install_packages PURPOSE...   what deploy/packages lists, as far as it is missing
#   build PRESET [TARGET...]      configures and builds quietly into build/PRESET
#   debian_mirror                 where this machine gets Debian from
#   free_port                     a port on loopback that nobody listens on
#   as_root COMMAND...            as it is for root, through sudo for others

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${DRAGOMAN_CACHE:-/var/cache/dragoman-tests}

say() { printf '%s\n' "$*"; }
# usage FILE: the comment on top of a script
usage() { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$1"; }
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -n "$@" || sudo "$@"
    else
        die "needs root or sudo for: $*"
    fi
}

# quietly LOG COMMAND...: output goes to LOG; its end is shown if the command fails
quietly() {
    local log=$1
    shift
    "$@" >>"$log" 2>&1 </dev/null && return 0
    printf '%s: failed: %s\n' "${0##*/}" "$*" >&2
    # What ninja says of its progress tells nothing here.
    grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking)' "$log" | tail -n 40 >&2
    return 1
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
    local port
    while port=$((20000 + RANDOM % 12000)) && listens "$port"; do :; done
    echo "$port"
}

packages_of() {
    local purpose
    for purpose; do
        sed -n "s/^${purpose} *//p" "$root/deploy/packages"
    done | tr -s ' ' '\n' | sort -u
}

missing_packages() {
    local name
    packages_of "$@" | while read -r name; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
    done
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
        apt-get -q -y -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold "$@"
}

install_packages() {
    local missing log
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086
    say "installing from Debian:" $missing
    log=$(mktemp)
    # A fresh index is only fetched if the one at hand does not do.
    # shellcheck disable=SC2086
    if ! apt_get install --no-install-recommends $missing >"$log" 2>&1 </dev/null; then
        quietly "$log" apt_get update || die "cannot reach the package mirror"
        quietly "$log" apt_get install --no-install-recommends $missing ||
            die "cannot install: $missing"
    fi
    rm -f "$log"
}

# The base address of the machine's own Debian archive; DRAGOMAN_MIRROR names another.
debian_mirror() {
    local found
    found=${DRAGOMAN_MIRROR:-}
    # shellcheck disable=SC2016
    [ -n "$found" ] || found=$(apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(REPO_URI)' \
        'Created-By: Packages' 2>/dev/null | awk '$1 == "Debian" && $2 !~ /-/ { print $3; exit }')
    [ -n "$found" ] || found=$(awk '$1 == "URIs:" { print $2; exit }' \
        /etc/apt/sources.list.d/debian.sources 2>/dev/null)
    [ -n "$found" ] || found=$(awk '$1 == "deb" { for (i = 2; i <= NF; i++)
        if ($i ~ /^https?:/) { print $i; exit } }' /etc/apt/sources.list 2>/dev/null)
    [ -n "$found" ] || die "no Debian mirror in the apt sources; set DRAGOMAN_MIRROR"
    printf '%s\n' "${found%/}"
}

build() {
    local preset=$1 log
    shift
    log=$root/build/$preset.log
    mkdir -p "$root/build"
    : >"$log"
    if command -v ccache >/dev/null; then
        export CMAKE_C_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
    fi
    (cd "$root" && quietly "$log" cmake --preset "$preset" &&
        quietly "$log" cmake --build --preset "$preset" -j "$(nproc)" ${1:+--target "$@"})
}
