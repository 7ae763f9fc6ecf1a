#!/bin/bash
# A Debian as an administrator has it before Kymograph: systemd and udev, nothing of ours, and none of what the package
# depends on beyond that.
#
# usage: Tests/Package/root.sh bookworm|trixie [PACKAGE,…]    with further packages; prints the directory; it is never written to by the tests
set -euo pipefail
suite=${1:?usage: root.sh bookworm|trixie [PACKAGE,…]} more=${2:-}
here=$(cd "$(dirname "$0")" && pwd)
cache=${KYMO_CACHE:-$here/../../.cache}
packages=systemd,udev,apt-utils,man-db,libinput10,libwayland-client0,libcairo2,libxkbcommon0,libsystemd0,liblz4-1,init-system-helpers,polkitd

key=$({ cat "$0"; echo "$more"; } | sha256sum | cut -c1-16)
mkdir -p "$cache"
# Whoever comes meanwhile waits for it (CI makes it beforehand).
exec 9> "$cache/root-$suite.lock"
flock 9
root=$(cd "$cache" && pwd)/root-$suite-$key
if [[ ! -e $root/complete ]]; then
    work=$(mktemp -d "$cache/root.XXXXXX")
    trap 'rm -rf --one-file-system "$work"' EXIT
    mmdebstrap --quiet --variant=minbase --include="$packages${more:+,$more}" --dpkgopt='path-exclude=/usr/share/locale/*' \
        "$suite" "$work/root" >&2
    date --utc > "$work/complete"
    rm -rf "$root"
    mv "$work" "$root"
    chmod 755 "$root" "$root/root"
fi
echo "$root/root"
