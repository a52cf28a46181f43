#!/usr/bin/env bash
# Three members of etcd on loopback, from the distribution's package, which is unpacked and not installed: what committed writes
# are measured against. Needs Debian or Ubuntu, and root to read the package lists.
#
#   etcd.sh up     start them, with their data in a new folder below TMPDIR
#   etcd.sh env    print how to reach them, as NAME=VALUE lines
#   etcd.sh down   stop them and forget their data
#
# CLAW_LAB_DIR holds the state (/tmp/clawlab).
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$here/common.sh"
# shellcheck source-path=SCRIPTDIR source=packages.sh
. "$here/packages.sh"

PLACE=$LAB/etcd
PROGRAM=$CACHE/etcd/usr/bin/etcd
client_port() { echo $((23790 + $1)); }
peer_port() { echo $((23800 + $1)); }

fetch() {
  lock_cache
  [ -x "$PROGRAM" ] || unpack "$CACHE/etcd" etcd-server
}

start_member() {
  local number=$1 cluster=$2 client peer
  client=http://127.0.0.1:$(client_port "$number")
  peer=http://127.0.0.1:$(peer_port "$number")
  spawn "$PLACE/$number.pid" "$PLACE/$number.log" "$PROGRAM" --name "m$number" --data-dir "$(cat "$PLACE/data")/$number" \
    --listen-client-urls "$client" --advertise-client-urls "$client" --listen-peer-urls "$peer" \
    --initial-advertise-peer-urls "$peer" --initial-cluster "$cluster" --initial-cluster-state new
}

is_healthy() { curl -fsS "http://127.0.0.1:$(client_port "$1")/health" 2>/dev/null | grep -q '"true"'; }

up() {
  local number cluster
  open_lab
  lock_lab
  install_tools curl
  fetch
  forget
  mkdir -p "$PLACE"
  mktemp -d -t claw-etcd-XXXXXX >"$PLACE/data"
  cluster=$(for number in 1 2 3; do echo "m$number=http://127.0.0.1:$(peer_port "$number")"; done | paste -sd,)
  for number in 1 2 3; do start_member "$number" "$cluster"; done
  for number in 1 2 3; do
    wait_for 30 is_healthy "$number" || die "etcd $number does not answer: $(tail -3 "$PLACE/$number.log")"
  done
  say "up: $("$PROGRAM" --version | head -1)"
}

forget() {
  local number
  for number in 1 2 3; do [ ! -f "$PLACE/$number.pid" ] || stop "$PLACE/$number.pid"; done
  [ ! -f "$PLACE/data" ] || rm -rf "$(cat "$PLACE/data")"
  rm -rf "$PLACE"
}

case ${1:-} in
  up) up ;;
  env) echo "CLAW_LAB_ETCD=$(for number in 1 2 3; do echo "http://127.0.0.1:$(client_port "$number")"; done | paste -sd,)" ;;
  down)
    open_lab
    lock_lab
    forget
    say "down"
    ;;
  *)
    sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 64
    ;;
esac
