# Making hosts. Sourced by netlab.

# Numbers with units, as the switch takes them; one sentence and exit 2 for anything else.
rate_of() { # R → bits per second
    [[ "$1" =~ ^([0-9]+(\.[0-9]+)?)(kbit|mbit|gbit)$ ]] || usage_error "--rate is '$1'; a rate is a number with kbit, mbit or gbit, like 1gbit"
    scaled "${BASH_REMATCH[1]}" "${BASH_REMATCH[3]}" kbit=1e3 mbit=1e6 gbit=1e9 8000 4e11 || usage_error "--rate is '$1'; from 8kbit to 400gbit"
}

delay_of() { # D → nanoseconds
    [[ "$1" =~ ^([0-9]+(\.[0-9]+)?)(us|ms|s)$ ]] || usage_error "--delay is '$1'; a delay is a number with us, ms or s, like 100us"
    scaled "${BASH_REMATCH[1]}" "${BASH_REMATCH[3]}" us=1e3 ms=1e6 s=1e9 0 1e10 || usage_error "--delay is '$1'; from 0us to 10s"
}

loss_of() { # L → packets in a thousand million
    [[ "$1" =~ ^([0-9]+(\.[0-9]+)?)(%)$ ]] || usage_error "--loss is '$1'; a loss is a number with %, like 0.1%"
    scaled "${BASH_REMATCH[1]}" "${BASH_REMATCH[3]}" %=1e7 0 1e9 || usage_error "--loss is '$1'; from 0% to 100%"
}

scaled() { # NUMBER UNIT UNIT=FACTOR… LEAST MOST
    awk -v number="$1" -v unit="$2" -v rest="${*:3}" 'BEGIN {
        n = split(rest, words, " ")
        for (i = 1; i <= n - 2; i++) { split(words[i], pair, "="); if (pair[1] == unit) value = number * pair[2] }
        if (value < words[n - 1] + 0 || value > words[n] + 0) exit 1
        printf "%.0f\n", value
    }'
}

# Why no lab can be made here, in one sentence; nothing if one can.
obstacle() { # --ssh|''
    local tool
    [[ $(id -u) -eq 0 ]] || { echo "needs root: sudo $0 …"; return; }
    for tool in ip nsenter unshare gcc; do
        command -v "$tool" >/dev/null || { echo "needs $tool: scripts/setup --hosts installs it"; return; }
    done
    unshare --net --uts --ipc --mount --propagation slave true 2>/dev/null ||
        { echo "namespaces are not permitted here"; return; }
    unshare --net ip link add netlab0 type veth peer name netlab1 2>/dev/null ||
        { echo "this kernel has no veth devices, or does not permit them"; return; }
    [[ "$1" == --ssh ]] || return 0
    [[ -x /usr/sbin/sshd ]] && command -v ssh ssh-keygen >/dev/null || echo "needs sshd: scripts/setup --hosts installs it"
}

check() { # --ssh|''
    local why
    why=$(obstacle "$1")
    [[ -z "$why" ]] || fail "$why"
    echo "netlab: hosts can be made here"
}

up() {
    local count='' rate=0 delay=0 loss=0 ssh='' shaped='' keeper=''
    while (($#)); do
        case "$1" in
        --rate | --delay | --loss | --while) (($# >= 2)) || usage_error "$1 takes a value" ;;&
        --rate) rate=$(rate_of "$2"); shaped=1; shift ;;
        --delay) delay=$(delay_of "$2"); shaped=1; shift ;;
        --loss) loss=$(loss_of "$2"); shaped=1; shift ;;
        --while) [[ "$2" =~ ^[0-9]+$ ]] && kill -0 "$2" 2>/dev/null || usage_error "--while is '$2', which is no running process"
            keeper=$2; shift ;;
        --ssh) ssh=--ssh ;;
        -*) usage_error "up does not know '$1'" ;;
        *) [[ -z "$count" ]] || usage_error "up takes one number of hosts, and '$1' besides '$count'"
            count=$1 ;;
        esac
        shift
    done
    [[ "$count" =~ ^[1-9][0-9]?$ ]] && ((count <= 64)) || usage_error "up takes a number of hosts from 1 to 64, not '${count}'"
    local why
    why=$(obstacle "$ssh")
    [[ -z "$why" ]] || fail "$why"
    claim
    trap 'status=$?; trap - EXIT; down || true; exit "$status"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    if [[ -n "$keeper" ]]; then
        setsid "$here/netlab" watch "$(mark)" "$keeper" </dev/null >/dev/null 2>&1 &
    fi
    gcc -O2 -Wall -Wextra -o "$state/netlab-switch" "$here/netlab.d/switch.c" "$here/netlab.d/control.c"
    gcc -O2 -Wall -Wextra -o "$state/netlab-probe" "$here/netlab.d/probe.c"
    build_hosts
    if [[ -n "$shaped" ]]; then plug_into_switch "$rate" "$delay" "$loss"; else plug_into_bridge; fi
    [[ -z "$ssh" ]] || start_sshd
    for ((i = 1; i <= count; i++)); do echo "node$i slots=2"; done >"$state/hosts"
    echo "$count" >"$state/count"
    trap - EXIT INT TERM HUP
    echo "$count hosts, node1 to node$count, $net.1 to $net.$count${ssh:+, with sshd}${shaped:+; a switch of its own: $rate bit/s (0: no limit), $delay ns, $loss packets in 10^9 lost}"
    echo "$state/hosts"
}

# Takes the lab's name; what a dead `up` or a killed lab has left of it is cleared away.
claim() {
    if [[ -e "$state/count" ]] && [[ -n "$(members)" ]]; then fail "lab '$lab' is up already: netlab down first"; fi
    if [[ -e "$state" ]]; then
        local maker
        maker=$(cat "$state/maker" 2>/dev/null || true)
        if [[ ! -e "$state/count" && -n "$maker" && "$maker" != $$ ]] && grep -qs netlab "/proc/$maker/cmdline"; then
            fail "lab '$lab' is just being made by process $maker"
        fi
        down
    fi
    mkdir "$state" 2>/dev/null || fail "lab '$lab' is being made by somebody else"
    echo $$ >"$state/maker"
    echo "flotilla-netlab-$lab-$(cat /proc/sys/kernel/random/uuid)" >"$state/mark"
}

# Sets `net`, the first three bytes of the lab's addresses, which follow from its name.
choose_addresses() {
    net=10.77.0
    [[ "$lab" == default ]] && return
    local sum
    sum=$(cksum <<<"$lab" | cut -d' ' -f1)
    net=10.$((78 + sum % 100)).$((sum / 100 % 256))
}

build_hosts() {
    choose_addresses
    {
        echo "# $(mark)"
        echo "127.0.0.1 localhost"
        for ((i = 1; i <= count; i++)); do echo "$net.$i node$i"; done
    } >"$state/etc-hosts"
    [[ -z "$ssh" ]] || make_ssh_files
    for ((i = 0; i <= count; i++)); do
        mkdir "$state/host$i"
        echo "node$i" >"$state/host$i/hostname"
        setsid unshare --net --uts --ipc --mount --propagation slave \
            /bin/bash "$here/netlab.d/host.sh" "$state" "$i" "$(mark)" </dev/null >"$state/host$i/log" 2>&1 &
    done
    for ((i = 0; i <= count; i++)); do
        until [[ -e "$state/host$i/pid" ]]; do
            [[ ! -e "$state/host$i/failed" ]] || fail "host $i could not be made: $(tail -1 "$state/host$i/log")"
            sleep 0.01
        done
    done
}

plug_into_bridge() {
    local bridge
    bridge=$(holding 0)
    for ((i = 1; i <= count; i++)); do
        echo "link add port$i type veth peer name eth0 netns $(holding "$i")"
    done >"$state/host0/links"
    in_namespaces "$bridge" ip link add br0 type bridge stp_state 0 forward_delay 0
    in_namespaces "$bridge" ip link set br0 up
    in_namespaces "$bridge" ip -batch "$state/host0/links"
    for ((i = 1; i <= count; i++)); do echo "link set port$i master br0 up"; done | in_namespaces "$bridge" ip -batch -
    give_addresses
}

plug_into_switch() { # BITS-PER-SECOND NANOSECONDS LOST-IN-10^9
    local pids=()
    for ((i = 1; i <= count; i++)); do pids+=("$(holding "$i")"); done
    # shellcheck disable=SC2086 # options, a word each
    setsid nsenter --target "$(holding 0)" --net --uts --ipc --mount -- \
        "$state/netlab-switch" --lab "$(mark)" --socket "$state/switch.sock" \
        --rate "$1" --delay "$2" --loss "$3" ${FLOTILLA_NETLAB_SWITCH:-} "${pids[@]}" </dev/null >"$state/switch.log" 2>&1 &
    local switch=$!
    until [[ -e "$state/switch.sock" ]]; do
        kill -0 "$switch" 2>/dev/null || fail "the switch did not start: $(tail -1 "$state/switch.log")"
        sleep 0.01
    done
    give_addresses
}

give_addresses() {
    for ((i = 1; i <= count; i++)); do
        in_namespaces "$(holding "$i")" ip -batch - <<END
addr add $net.$i/24 dev eth0
link set eth0 up
END
    done
}

# One key that every host takes, a key of each host, and a client's settings, as /etc/ssh of the hosts.
make_ssh_files() {
    local dir=$state/ssh
    mkdir "$dir"
    ssh-keygen -q -t ed25519 -N '' -C netlab -f "$dir/key"
    cp "$dir/key.pub" "$dir/authorized_keys"
    for ((i = 1; i <= count; i++)); do
        ssh-keygen -q -t ed25519 -N '' -C "node$i" -f "$dir/node$i"
        echo "node$i,$net.$i $(<"$dir/node$i.pub")" >>"$dir/known_hosts"
        cat >"$dir/sshd_config_node$i" <<END
ListenAddress $net.$i:22
HostKey $dir/node$i
PidFile $state/host$i/sshd.pid
AuthorizedKeysFile $dir/authorized_keys
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp internal-sftp
END
    done
    cat >"$dir/ssh_config" <<END
Host *
    IdentityFile $dir/key
    IdentitiesOnly yes
    IdentityAgent none
    GlobalKnownHostsFile $dir/known_hosts
    UserKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    BatchMode yes
END
}

start_sshd() {
    [[ -d /run/sshd ]] || { mkdir -m 0755 /run/sshd && touch "$state/made-run-sshd"; }
    for ((i = 1; i <= count; i++)); do
        # It comes back when it listens.
        in_namespaces "$(holding "$i")" /usr/sbin/sshd -f "$state/ssh/sshd_config_node$i" -E "$state/host$i/sshd.log" \
            </dev/null >/dev/null 2>&1 || fail "sshd of node$i did not start: $(tail -1 "$state/host$i/sshd.log")"
    done
}
