# shellcheck shell=bash
# What cluster/launch and cluster/stop share; to be sourced, with the name of the caller in `program`.

fail() { # STATUS TEXT
    echo "${program:?}: $2" >&2
    exit "$1"
}

# Where a server of this name keeps its pid, log and socket: only its user gets in.
state_directory() { # NAME
    [[ "$1" =~ ^[A-Za-z0-9_-]{1,32}$ ]] || fail 2 "--name is $1, expected up to 32 letters, digits, - and _"
    echo "${FLOTILLA_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/flotilla}/$1"
}

# The pid of the server that keeps its files in a directory, if it runs: a pid alone may be somebody else's by now.
running_pid() { # STATE
    local pid
    pid=$(cat "$1/pid" 2>/dev/null) || return 1
    [[ "$pid" =~ ^[0-9]+$ ]] || return 1
    tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF -- "$1/socket" || return 1
    echo "$pid"
}
