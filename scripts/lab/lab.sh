#!/usr/bin/env bash
# Several hosts on one machine, each with a network and a real container engine of its own, and ways to break what is
# between them. Needs root and Debian or Ubuntu. Idempotent; only what it started is ever stopped.
#
#   lab.sh hosts up N           hosts h1 to hN, at 10.77.0.1 to .N; this machine is 10.77.0.254
#   lab.sh sh I COMMAND...      run a command inside host I
#   lab.sh engine up I [GPUS]   a container engine in host I, with simulated GPUs and the image claw/busybox:1
#   lab.sh engine down I        stop it
#   lab.sh engine crash I       kill it; its containers live on until it is up again
#   lab.sh docker I ARG...      run the docker command against host I's engine
#   lab.sh cut A B              drop what A and B send each other;  cut1 A B: only what A sends to B
#   lab.sh mend A B | mend all  undo it
#   lab.sh isolate I            pull host I's cable;  rejoin I: put it back
#   lab.sh nat I...             put hosts behind a router at .200, which hides them
#   lab.sh router N [random] I...  the same with another router, at .N; random: it takes another port for each destination
#   lab.sh wireguard            install WireGuard's tools, iperf3 and ping
#   lab.sh rate I MBIT|off      limit what host I sends;  lose PERCENT|off: lose frames between all hosts
#   lab.sh slow I MS|off        what host I gets arrives so many milliseconds later
#   lab.sh status | down        list what runs | stop everything
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$here/common.sh"
# shellcheck source-path=SCRIPTDIR source=packages.sh
. "$here/packages.sh"
# shellcheck source-path=SCRIPTDIR source=gpu.sh
. "$here/gpu.sh"
# shellcheck source-path=SCRIPTDIR source=engine.sh
. "$here/engine.sh"
# shellcheck source-path=SCRIPTDIR source=hosts.sh
. "$here/hosts.sh"
# shellcheck source-path=SCRIPTDIR source=net.sh
. "$here/net.sh"

usage() {
  sed -n '2,22s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
  exit 64
}

start_engine() {
  local place
  place=$(place_of "$1")
  is_alive "$place/anchor.pid" || die "host $1 is not up"
  fetch_engine
  engine_up "$place" "${2:-0}"
  image_import "$place" claw/busybox:1
  say "up: $(engine_socket "$place")"
}

router() {
  local number=${1:?which router}
  shift
  if [ "${1:-}" = random ]; then
    nat_up "$number" random
    shift
  else
    nat_up "$number"
  fi
  behind_nat "$number" "$@"
}

status() {
  local file state
  for file in "$LAB"/*/*.pid; do
    [ -e "$file" ] || continue
    state=dead
    ! is_alive "$file" || state=up
    echo "$state ${file#"$LAB"/} $(pid_of "$file")"
  done
}

prepare() {
  open_lab
  lock_lab
  install_tools "${TOOLS[@]}" "${HOST_TOOLS[@]}"
}

case "${1:-} ${2:-}" in
  'hosts up') prepare && hosts_up "${3:?how many}" ;;
  'engine up') prepare && start_engine "${@:3}" ;;
  'engine down') prepare && engine_down "$(place_of "${3:?which host}")" ;;
  'engine crash') prepare && engine_crash "$(place_of "${3:?which host}")" ;;
  'sh '*) in_host "${@:2}" ;;
  'docker '*) docker_at "$(place_of "${2:?which host}")" "${@:3}" ;;
  'cut '*) cut_both "$2" "${3:?which other}" ;;
  'cut1 '*) cut_one "$2" "${3:?which other}" ;;
  'mend '*) mend "${2:?who}" "${3:-}" ;;
  'nat '*) nat_up 200 && behind_nat 200 "${@:2}" ;;
  'router '*) router "${@:2}" ;;
  'wireguard '*) prepare && install_tools "${WIREGUARD_TOOLS[@]}" ;;
  'isolate '*) isolate "${2:?which host}" ;;
  'rejoin '*) rejoin "${2:?which host}" ;;
  'lose '*) lose "${2:?percent}" ;;
  'rate '*) rate "${2:?which host}" "${3:?megabits}" ;;
  'slow '*) slow "${2:?which host}" "${3:?milliseconds}" ;;
  'status '*) status ;;
  'down '*) prepare && hosts_down ;;
  *) usage ;;
esac
