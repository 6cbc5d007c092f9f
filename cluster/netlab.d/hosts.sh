# Hosts that are up: going there, unplugging them, ending them. Sourced by netlab.
#
# A host is the set of namespaces (network, host name, mounts, System V memory) of one process that sleeps. Nothing is
# mounted under /run/netns: what such a mount shows depends on who looks, and a process can be asked by anybody.

# A lab's mark is a word that no other lab has. It stands in the /etc/hosts of every host, so whoever sees it there belongs to
# the lab, whatever became of process ids in the meantime; and in the arguments of what is only just getting there.
mark() { cat "$state/mark" 2>/dev/null || true; }

is_marked() { grep -qsFf "$state/mark" "/proc/$1/root/etc/hosts"; } # PID

# Process ids of everything of the lab: what bears the mark, and what shares a network with a host (an sshd that has locked
# itself into an empty folder sees no /etc/hosts). The mark is read from its file: this search shall not find itself.
members() {
    [[ -s "$state/mark" ]] || return 0
    local marked networks
    marked=$(grep -lsFf "$state/mark" /proc/[0-9]*/root/etc/hosts /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 | sort -un) || true
    networks=$(networks_of $marked | sort -u | grep -vxF "$(readlink /proc/self/ns/net)") || true
    {
        echo "$marked"
        [[ -z "$networks" ]] || find /proc -maxdepth 3 -path '/proc/[0-9]*/ns/net' -printf '%p %l\n' 2>/dev/null |
            grep -F "$networks" | cut -d/ -f3 || true
    } | sort -un | sed '/^$/d'
}

networks_of() { # PID…
    (($#)) || return 0
    find "${@/#//proc/}" -maxdepth 2 -path '*/ns/net' -printf '%l\n' 2>/dev/null || true
}

# The number of a host, checked, and the process that holds it.
holder() { # I
    [[ -e "$state/count" ]] || fail "there is no lab '$lab': netlab up N makes one"
    local count
    count=$(<"$state/count")
    [[ "$1" =~ ^[1-9][0-9]{0,2}$ ]] && (($1 <= count)) || usage_error "there is no host '$1' in a lab of $count: 1 to $count"
    holding "$1" || fail "host $1 is gone: netlab down, then up"
}

holding() { # I; 0 is the switch's place
    local pid
    pid=$(cat "$state/host$1/pid" 2>/dev/null) && is_marked "$pid" && echo "$pid"
}

in_namespaces() { # PID COMMAND…
    local pid=$1
    shift
    nsenter --target "$pid" --net --uts --ipc --mount -- "$@"
}

# The command takes this process's place, so that its exit code, its input and signals to it need nobody in between.
enter() { # I COMMAND…
    (($# >= 2)) || usage_error "exec takes a host's number and a command"
    local pid
    pid=$(holder "$1")
    export HOSTNAME=node$1
    shift
    # shellcheck disable=SC2016 # the inner shell expands it, on the host
    exec nsenter --target "$pid" --net --uts --ipc --mount -- \
        /bin/sh -c 'cd "$0" 2>/dev/null || cd /; exec "$@"' "$PWD" "$@"
}

plug() { # cut|join I
    holder "$2" >/dev/null
    if [[ -e "$state/switch.sock" ]]; then
        switch_control "$1" "$2" >/dev/null
    else
        local way=up bridge
        [[ "$1" == cut ]] && way=down
        bridge=$(holding 0) || fail "the switch of lab '$lab' is gone: netlab down, then up"
        in_namespaces "$bridge" ip link set "port$2" "$way"
    fi
}

switch_control() { # WORD…
    [[ -e "$state/count" ]] || fail "there is no lab '$lab': netlab up N makes one"
    [[ -e "$state/switch.sock" ]] || fail "lab '$lab' has no switch of its own: it was made without --rate, --delay, --loss"
    "$state/netlab-switch" --control "$state/switch.sock" "$@" || fail "the switch of lab '$lab' does not answer: netlab down, then up"
}

# Ends what is on the hosts, then removes the state: in this order, so that a second call finds what a killed one left.
down() {
    local round pids
    for round in {1..200}; do
        pids=$(members)
        [[ -n "$pids" ]] || break
        # shellcheck disable=SC2086 # a word a process
        kill -KILL $pids 2>/dev/null || true
        sleep 0.02
    done
    [[ -z "$pids" ]] || fail "these processes on hosts of lab '$lab' do not end:" $pids
    # The folder that sshd wants, if no installed sshd had made it and no other lab needs it.
    if [[ -e "$state/made-run-sshd" ]]; then
        local other others=()
        for other in /run/flotilla-netlab-*/ssh; do [[ "$other" == "$state/ssh" || ! -e "$other" ]] || others+=("$other"); done
        if ((${#others[@]})); then touch "${others[0]%/ssh}/made-run-sshd"; else rmdir /run/sshd 2>/dev/null || true; fi
    fi
    forget_sessions
    # A compiler that outlives a killed `up` may just be writing there.
    rm -rf "$state" 2>/dev/null || { sleep 1 && rm -rf "$state"; }
}

# Open MPI's killed daemons leave folders in /tmp, named by host. They are removed with the last lab, unless this machine is
# itself called so.
forget_sessions() {
    local other folder
    for other in /run/flotilla-netlab-*; do [[ "$other" == "$state" || ! -e "$other" ]] || return 0; done
    for folder in /tmp/ompi.node[0-9]*; do
        [[ ! "$folder" =~ ^/tmp/ompi\.(node[0-9]+)\.[0-9]+$ || "${BASH_REMATCH[1]}" == "$(uname -n)" ]] || rm -rf "$folder"
    done
}

# Takes the lab down when a process has ended.
watch() { # MARK PID
    (exec -a "netlab-watch $1" tail --pid="$2" -f /dev/null)
    # As a process of its own: this one and its children have the mark among their arguments.
    [[ "$(mark)" != "$1" ]] || exec "$here/netlab" down
}
