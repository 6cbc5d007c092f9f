# shellcheck shell=bash
# Several machines on one, for trying packages and schedulers; to be sourced, by root, with the caller's name in `program`.
#
# A machine is an overlay of a root directory, so that nothing it writes stays, with a name, processes and a network of its
# own. All of them are gone with the script that made them: `trap machines_end EXIT`.

machines_work=
machines_prefix=fm$$
declare -A machine_pid=()
declare -a machines_namespaces=()

machines_begin() {
    [[ $(id -u) == 0 ]] || { echo "${program:?}: machines of one's own need root's rights" >&2; exit 1; }
    # The overlays' upper layers may lie on no overlay themselves.
    machines_work=$(mktemp -d /var/tmp/flotilla-machines.XXXXXX)
}

# A root of Debian 12 on which nothing else is; made by debootstrap once, and kept. Prints its path.
machines_bare_root() {
    local root=${FLOTILLA_BARE:-/var/tmp/flotilla-bare-bookworm}
    if [[ ! -e "$root/etc/debian_version" ]]; then
        command -v debootstrap >/dev/null || { echo "${program:?}: no debootstrap: apt-get install debootstrap" >&2; exit 1; }
        echo "${program:?}: making a bare Debian 12 in $root" >&2
        rm -rf "$root.new"
        debootstrap --variant=minbase bookworm "$root.new" "${FLOTILLA_MIRROR:-http://deb.debian.org/debian}" >&2
        mv "$root.new" "$root"
    fi
    echo "$root"
}

# A network of so many hosts, 10.79.0.1 and on, on a bridge in a namespace of its own: machine_network I is the I-th.
machines_network() { # COUNT
    local bridge=$machines_prefix-br i
    ip netns add "$bridge"
    machines_namespaces+=("$bridge")
    ip -n "$bridge" link add br0 type bridge stp_state 0 forward_delay 0
    ip -n "$bridge" link set br0 up
    for ((i = 1; i <= $1; i++)); do
        ip netns add "$machines_prefix-$i"
        machines_namespaces+=("$machines_prefix-$i")
        ip -n "$machines_prefix-$i" link set lo up
        ip -n "$bridge" link add "port$i" type veth peer name eth0 netns "$machines_prefix-$i"
        ip -n "$bridge" link set "port$i" master br0 up
        ip -n "$machines_prefix-$i" addr add "10.79.0.$i/24" dev eth0
        ip -n "$machines_prefix-$i" link set eth0 up
    done
}
machines_cut() { ip -n "$machines_prefix-br" link set "port$1" down; }   # I
machines_join() { ip -n "$machines_prefix-br" link set "port$1" up; }    # I

# Boots a machine over ROOT; in the I-th place of the network, or without any.
machine_boot() { # NAME ROOT [I]
    local place=$machines_work/$1 inside=(unshare --net)
    [[ -z "${3:-}" ]] || inside=(ip netns exec "$machines_prefix-$3")
    mkdir -p "$place"/{upper,work,root}
    # Its first process only adopts what lost its parent, as init does.
    # shellcheck disable=SC2016
    "${inside[@]}" unshare --mount --uts --ipc --pid --fork --kill-child=KILL bash -c '
        set -e
        place=$1 base=$2 name=$3
        mount --make-rprivate /
        ip link set lo up
        mount -t overlay overlay -o "lowerdir=$base,upperdir=$place/upper,workdir=$place/work" "$place/root"
        cd "$place/root"
        mount -t proc proc proc
        mount -t sysfs sysfs sys
        mount -t tmpfs -o mode=755 tmpfs dev
        for device in null zero full random urandom tty; do
            touch "dev/$device"
            mount --bind "/dev/$device" "dev/$device"
        done
        mkdir dev/shm dev/pts
        mount -t tmpfs -o mode=1777 tmpfs dev/shm
        mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
        ln -s pts/ptmx dev/ptmx
        ln -s /proc/self/fd dev/fd
        mount -t tmpfs -o mode=755 tmpfs run
        mount -t tmpfs -o mode=1777 tmpfs tmp
        hostname "$name"
        echo "$name" >etc/hostname
        cat /etc/resolv.conf >"$place/resolv" && rm -f etc/resolv.conf && cp "$place/resolv" etc/resolv.conf
        echo "127.0.0.1 localhost" >etc/hosts
        touch run/booted
        exec chroot . /bin/bash -c "while :; do sleep 0.5; done"
    ' bash "$place" "$2" "$1" >/dev/null 2>"$place/log" </dev/null &
    local outer=$! tries=0 pid=
    until pid=$(pgrep -P "$outer" -x bash | head -n 1) && [[ -n "$pid" && "$(readlink "/proc/$pid/root")" != / ]] &&
        [[ -e "/proc/$pid/root/run/booted" ]]; do
        ((++tries < 100)) || { cat "$place/log" >&2; echo "${program:?}: the machine $1 does not boot" >&2; exit 1; }
        sleep 0.1
    done
    machine_pid[$1]=$pid
}

# Tells every machine the names of all, in the order of the network.
machines_names() { # NAME…
    local name list="127.0.0.1 localhost" i=0
    for name in "$@"; do list+=$'\n'"10.79.0.$((++i)) $name"; done
    for name in "$@"; do echo "$list" >"/proc/${machine_pid[$name]}/root/etc/hosts"; done
}

machine_path() { echo "/proc/${machine_pid[$1]}/root"; } # NAME

# Runs a command on a machine as root, in the machine's own network.
machine_run() { # NAME COMMAND…
    _machine_enter "${machine_pid[$1]}" --net "${@:2}"
}
# The same in the network of whoever calls: what is installed comes from Debian's mirror.
machine_online() { # NAME COMMAND…
    _machine_enter "${machine_pid[$1]}" --uts "${@:2}"
}
_machine_enter() {
    nsenter --target "$1" --mount --uts --ipc --pid "$2" --root --wdns=/ -- \
        env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive "${@:3}"
}

machines_end() {
    local name
    # With its first process goes everything that runs on a machine.
    for name in "${!machine_pid[@]}"; do kill -KILL "${machine_pid[$name]}" 2>/dev/null || true; done
    wait 2>/dev/null || true
    for name in "${machines_namespaces[@]}"; do ip netns del "$name" 2>/dev/null || true; done
    [[ -z "$machines_work" ]] || rm -rf "$machines_work"
}
