#!/usr/bin/env bash
# One private container engine with simulated GPUs, for the tests that start real containers. Nothing of the machine's own
# engine, network or firewall is touched. Needs root and Debian or Ubuntu.
#
#   docker.sh up [GPUS]   start it (4 GPUs unless told otherwise), with the image claw/busybox:1
#   docker.sh env         print how to reach it, as NAME=VALUE lines
#   docker.sh run ARG...  run the docker command against it
#   docker.sh status      succeed if it is up
#   docker.sh restart     stop it as the system would, and start it again; CLAW_LAB_LIVE_RESTORE=true is for the next restart
#   docker.sh down        stop it and forget its state; what was downloaded is kept
#
# CLAW_LAB_DIR holds the state (/tmp/clawlab), CLAW_LAB_NAME tells several engines apart (docker).
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$here/common.sh"
# shellcheck source-path=SCRIPTDIR source=packages.sh
. "$here/packages.sh"
# shellcheck source-path=SCRIPTDIR source=gpu.sh
. "$here/gpu.sh"
# shellcheck source-path=SCRIPTDIR source=engine.sh
. "$here/engine.sh"

NAME=${CLAW_LAB_NAME:-docker}
PLACE=$LAB/$NAME
IMAGE=claw/busybox:1

# An engine named run-PID belongs to that process. One that died without stopping it cannot do so any more.
sweep() {
  local place owner
  for place in "$LAB"/run-*; do
    owner=${place##*-}
    if [ ! -d "$place" ] || [ -d "/proc/$owner" ]; then continue; fi
    engine_down "$place"
    place_remove "$place"
  done
}

up() {
  open_lab
  lock_lab
  sweep
  install_tools "${TOOLS[@]}"
  fetch_engine
  mkdir -p "$PLACE"
  engine_up "$PLACE" "${1:-4}"
  image_import "$PLACE" "$IMAGE"
  say "up: $(engine_socket "$PLACE")"
}

down() {
  [ -d "$PLACE" ] || return 0
  open_lab
  lock_lab
  engine_down "$PLACE"
  place_remove "$PLACE"
  say "down"
}

restart() {
  open_lab
  lock_lab
  stop "$PLACE/dockerd.pid" 30
  engine_up "$PLACE" 0
}

env_lines() {
  echo "CLAW_LAB_DOCKER=$(engine_socket "$PLACE")"
  echo "CLAW_LAB_DOCKER_CLI=$ENGINE/usr/bin/docker"
  echo "CLAW_LAB_IMAGE=$IMAGE"
  echo "CLAW_LAB_GPUS=$(gpu_count "$PLACE/gpu")"
  echo "CLAW_LAB_GPU_TABLE=$PLACE/gpu/inventory/gpus.csv"
  echo "CLAW_LAB_NVIDIA_SMI=$PLACE/gpu/bin/nvidia-smi"
}

case ${1:-} in
  up) up "${@:2}" ;;
  env) env_lines ;;
  run) docker_at "$PLACE" "${@:2}" ;;
  status) is_alive "$PLACE/dockerd.pid" && engine_answers "$PLACE" ;;
  restart) restart ;;
  down) down ;;
  *)
    sed -n '2,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 64
    ;;
esac
