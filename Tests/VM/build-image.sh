#!/bin/bash
# A bootable Debian with a real kernel, udev, systemd, logind, uinput and sway, and nothing of Kymograph in it: what is
# tested comes on a second disk, so that a new build needs no new image.
#
# usage: Tests/VM/build-image.sh bookworm|trixie [browsers|compositors]    prints the directory with disk.img, vmlinuz and initrd.img
set -euo pipefail

suite=${1:?usage: build-image.sh bookworm|trixie [browsers|compositors]}
variant=${2:-}
here=$(cd "$(dirname "$0")" && pwd)
cache=${KYMO_CACHE:-$here/../../.cache}
mirror=${KYMO_MIRROR:-http://deb.debian.org/debian}

packages=(
    polkitd systemd-sysv udev dbus dbus-user-session libpam-systemd linux-image-amd64 initramfs-tools kmod procps python3
    at-spi2-core sway lz4 libinput10 libudev1 libxkbcommon0 xkb-data libwayland-client0 liblz4-1 libsystemd0 libstdc++6
    evtest
)
# What asks for a secret (Tests/VM/guest/asking.py), where that part is run: 300 MB on the disk.
asking=(
    sudo openssh-server openssh-client pkexec mate-polkit pinentry-curses greetd swaylock
    python3-gi gir1.2-gtk-3.0 gir1.2-gtk-4.0 gir1.2-vte-2.91 python3-pyqt5 qtwayland5
)
[[ $suite != bookworm ]] || packages+=("${asking[@]}")
# An image of its own: 700 MB on the disk, for one part that is seldom run.
[[ $variant != browsers ]] || packages+=(firefox-esr chromium)
# Compositors that start nowhere without a DRM device, what they draw with, and real clients. Hyprland is in backports, and wants a
# library from there; Qt wants the one of the same version beside it.
sources=("$mirror")
if [[ $variant == compositors ]]; then
    packages=("${packages[@]/%libxkbcommon0/libxkbcommon0/$suite-backports}" wayfire hyprland libgl1-mesa-dri swaylock)
    packages+=(firefox-esr chromium foot python3-gi gir1.2-gtk-3.0 python3-pyqt5 qtwayland5 "libxkbcommon-x11-0/$suite-backports")
    sources=("deb $mirror $suite main" "deb $mirror $suite-backports main")
fi

# The whole script is the recipe, so its hash names the result.
key=$(sha256sum "$0" | cut -c1-16)
mkdir -p "$cache"
# Whoever comes meanwhile waits for it (CI makes it beforehand).
exec 9> "$cache/vm-$suite$variant.lock"
flock 9
image=$(cd "$cache" && pwd)/vm-$suite${variant:+-$variant}-$key
if [[ -e $image/complete ]]; then
    echo "$image"
    exit 0
fi
if [[ $(id -u) -ne 0 ]]; then
    echo "$0: making an image (device nodes, other users' files) needs root; one that is made serves everybody" >&2
    exit 2
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Of libinput-tools the recorder alone, which needs only what is here: the package brings GTK.
# A minimal initrd: under emulation, unpacking the stock one of 40 MB takes longer than the rest of the boot.
# shellcheck disable=SC2016  # mmdebstrap's hooks expand $1 themselves
mmdebstrap --quiet --variant=minbase \
    --include="$(IFS=,; echo "${packages[*]}")" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d" "$1/etc/initramfs-tools/hooks"' \
    --essential-hook='echo MODULES=list > "$1/etc/initramfs-tools/conf.d/vm"' \
    --essential-hook='printf "#!/bin/sh\n[ \"\$1\" = prereqs ] && exit 0\n. /usr/share/initramfs-tools/hook-functions\nmanual_add_modules virtio_pci virtio_blk ext4\n" > "$1/etc/initramfs-tools/hooks/vm"' \
    --essential-hook='chmod 755 "$1/etc/initramfs-tools/hooks/vm"' \
    --customize-hook='cd "$1/tmp" && APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get -qq download libinput-tools' \
    --customize-hook='dpkg-deb --fsys-tarfile "$1"/tmp/libinput-tools_*.deb | tar -x -C "$1" ./usr/libexec/libinput/libinput-record' \
    --customize-hook='rm "$1"/tmp/libinput-tools_*.deb' \
    "$suite" "$work/root" "${sources[@]}" >&2

root=$work/root
chroot "$root" useradd --create-home --shell /bin/bash --groups video,render ada
echo "/dev/vda / ext4 rw,noatime 0 1" > "$root/etc/fstab"
echo uinput > "$root/etc/modules-load.d/uinput.conf"
echo kymograph-vm > "$root/etc/hostname"
echo 127.0.1.1 kymograph-vm >> "$root/etc/hosts"

# A getty on the serial console hangs up whoever else prints there, and tty1 belongs to the test's session. What asks for
# secrets starts when the test wants it.
for unit in ssh.service greetd.service; do rm -f "$root"/etc/systemd/system/*.wants/$unit; done
rm -f "$root/etc/systemd/system/display-manager.service" "$root/etc/systemd/system/sshd.service"
for unit in serial-getty@ttyS0.service getty@tty1.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer \
    e2scrub_reap.service fstrim.timer dpkg-db-backup.timer; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

cat > "$root/etc/systemd/system/payload.service" <<'UNIT'
# Runs what the second disk brings, and hands its results back on the third, as a bare tar.
[Unit]
After=systemd-logind.service dbus.service systemd-user-sessions.service
FailureAction=poweroff-force
SuccessAction=poweroff-force

[Service]
Type=oneshot
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
# The console ends in a log: no escape sequences.
Environment=TERM=dumb
TimeoutStartSec=infinity
ExecStartPre=/bin/mkdir -p /mnt/payload /var/results
ExecStartPre=/bin/mount -o ro /dev/vdb /mnt/payload
ExecStart=-/bin/sh -c '/mnt/payload/run; echo $? > /var/results/exit-status'
ExecStart=/bin/tar -cf /dev/vdc -C /var/results .

[Install]
WantedBy=multi-user.target
UNIT
chroot "$root" systemctl enable --quiet payload.service

rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
partial=$image.partial
rm -rf "$partial"
mkdir "$partial"
cp "$root"/boot/vmlinuz-* "$partial/vmlinuz"
cp "$root"/boot/initrd.img-* "$partial/initrd.img"
truncate --size=4G "$partial/disk.img"
mkfs.ext4 -q -F -d "$root" "$partial/disk.img"
date --utc > "$partial/complete"
rm -rf "$image"
mv "$partial" "$image"
echo "$image"
