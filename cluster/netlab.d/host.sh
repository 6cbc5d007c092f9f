# What the process does that holds a host: it makes its namespaces look like a machine of their own, and sleeps.
# usage: host.sh STATE I MARK, in namespaces that are new; the mark is there to be seen
set -euo pipefail
state=$1 i=$2
trap 'touch "$state/host$i/failed"' EXIT

hostname "node$i"
mount --bind "$state/etc-hosts" /etc/hosts
[[ ! -e /etc/hostname ]] || mount --bind "$state/host$i/hostname" /etc/hostname
# Who compares this takes two hosts for two machines, whose process ids mean nothing to each other.
cat /proc/sys/kernel/random/uuid >"$state/host$i/boot_id"
mount --bind "$state/host$i/boot_id" /proc/sys/kernel/random/boot_id
# Two hosts do not share memory.
mount -t tmpfs -o mode=1777 shm /dev/shm
# /sys shows the network of who mounted it; where that is refused, a host shows the machine's devices there.
mkdir "$state/host$i/sys"
if mount --rbind /sys "$state/host$i/sys" && mount -t sysfs sysfs /sys; then
    [[ ! -d /sys/fs/cgroup ]] || mount --rbind "$state/host$i/sys/fs/cgroup" /sys/fs/cgroup || true
fi
umount --lazy "$state/host$i/sys" 2>/dev/null || true
# An ssh of these hosts, and nothing of the user's.
if [[ -d "$state/ssh" ]]; then
    mount --bind "$state/ssh" /etc/ssh
    mkdir -m 0700 "$state/host$i/dot-ssh"
    for home in "${HOME:-/root}" /root; do
        [[ ! -d "$home/.ssh" ]] || mount --bind "$state/host$i/dot-ssh" "$home/.ssh"
    done
fi
ip link set lo up
trap - EXIT
echo $$ >"$state/host$i/pid.new"
mv "$state/host$i/pid.new" "$state/host$i/pid"
exec -a "netlab-$(hostname)" sleep infinity
