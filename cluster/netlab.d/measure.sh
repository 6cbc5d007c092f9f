# Measuring a lab: what a message between node1 and node2 takes, and what the switch does to it. Sourced by netlab.

# Runs one probe from host 1 to host 2.
probe() { # rtt|rate ARGUMENT…
    local server ready
    exec {ready}< <(enter 2 "$state/netlab-probe" serve node2 5999)
    server=$!
    read -r -u "$ready" || fail "the probe did not start on node2"
    (enter 1 "$state/netlab-probe" "$1" node2 5999 "${@:2}")
    exec {ready}<&-
    wait "$server" 2>/dev/null || true
}

switch_seconds() { # processor time that the switch has used; 0 for a bridge
    [[ -e "$state/switch.sock" ]] || { echo 0; return; }
    switch_control stats | sed 's/.*"cpu_seconds":\([0-9.]*\).*/\1/'
}

measure() {
    holder 1 >/dev/null
    (($(<"$state/count") >= 2)) || fail "measure needs two hosts, and lab '$lab' has one"
    local size result before began
    echo "| message, there and back | median µs | 99 % µs | least µs | switch, of a processor |"
    echo "|---|---|---|---|---|"
    for size in 1 4096 16384 262144; do
        before=$(switch_seconds) began=$EPOCHREALTIME
        result=$(probe rtt "$size" "$((size > 100000 ? 300 : 2000))")
        # shellcheck disable=SC2086 # three numbers
        printf '| %s B | %s | %s | %s | %s %% |\n' "$size" $result "$(share "$before" "$began")"
    done
    before=$(switch_seconds) began=$EPOCHREALTIME
    result=$(probe rate 3)
    printf '\none direction: %s Mbit/s of payload, the switch takes %s %% of a processor\n' "$result" "$(share "$before" "$began")"
}

share() { # SECONDS-BEFORE BEGAN
    awk -v a="$1" -v b="$(switch_seconds)" -v s="$2" -v e="$EPOCHREALTIME" 'BEGIN { printf "%.0f", 100 * (b - a) / (e - s) }'
}
