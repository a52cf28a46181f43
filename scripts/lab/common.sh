# Where the lab keeps its things, and how it starts and stops processes. Sourced by the other scripts.
# shellcheck shell=bash
set -euo pipefail

LAB=${CLAW_LAB_DIR:-/tmp/clawlab}
# What was downloaded. Several labs may share it.
CACHE=${CLAW_LAB_CACHE:-$LAB/cache}
# shellcheck disable=SC2034 # used by the scripts that source this
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

say() { echo "lab: $*" >&2; }
die() {
  say "$*"
  exit 1
}

# Makes the state folder. What lies in it is run as root, so a folder that somebody else made is refused.
open_lab() {
  [ "$(id -u)" = 0 ] || die "needs root: run it with sudo"
  mkdir -p "$CACHE" "$LAB/bin"
  [ "$(stat -c %u "$LAB")" = 0 ] || die "$LAB belongs to somebody else: set CLAW_LAB_DIR"
  chmod 755 "$LAB"
}

# One command changes the lab at a time. The lock must not be inherited by what is started, hence 9>&- and 8>&- in spawn.
lock_lab() {
  exec 9>"$LAB/lock"
  flock -w 600 9 || die "another command holds $LAB/lock"
}

# The same of the cache, for the rest of a command that may fill it.
lock_cache() {
  exec 8>"$CACHE/lock"
  flock -w 600 8 || die "another command holds $CACHE/lock"
}

# A pid file holds "PID STARTTIME", so that a number reused by another process is never taken for ours.
pid_of() { cut -d' ' -f1 "$1"; }

is_alive() {
  local pid started now
  [ -f "$1" ] || return 1
  read -r pid started <"$1"
  now=$(awk '{ print $3, $22 }' "/proc/$pid/stat" 2>/dev/null) || return 1
  [ "${now#* }" = "$started" ] && [ "${now% *}" != Z ]
}

# spawn PIDFILE LOG COMMAND...: starts it detached; the process records itself before it becomes the command.
spawn() {
  local file=$1 log=$2
  shift 2
  rm -f "$file"
  # shellcheck disable=SC2016
  setsid sh -c 'echo "$$ $(awk "{ print \$22 }" /proc/$$/stat)" > "$0.new"; mv "$0.new" "$0"; exec "$@"' \
    "$file" "$@" >"$log" 2>&1 </dev/null 8>&- 9>&- &
  until [ -f "$file" ]; do sleep 0.01; done
}

# stop PIDFILE [SECONDS]: asks it to end, and insists after some seconds.
stop() {
  local file=$1 tries=$((${2:-5} * 50)) pid
  if is_alive "$file"; then
    pid=$(pid_of "$file")
    kill "$pid" 2>/dev/null || true
    while is_alive "$file" && [ "$tries" -gt 0 ]; do
      sleep 0.02
      tries=$((tries - 1))
    done
    ! is_alive "$file" || kill -9 "$pid"
  fi
  rm -f "$file"
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
  local tries=$(($1 * 20))
  shift
  until "$@"; do
    [ "$tries" -gt 0 ] || return 1
    sleep 0.05
    tries=$((tries - 1))
  done
}

# put FILE: writes standard input there, keeping the file as it is when nothing changed.
put() {
  cat >"$1.new"
  if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv "$1.new" "$1"; fi
}
