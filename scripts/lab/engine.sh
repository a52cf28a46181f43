# A real container engine in a folder of its own: socket, data, log and simulated GPUs. Sourced after common, packages, gpu.
#
# A "place" is such a folder. The engine runs on the machine itself, or inside a lab host when the place has one.
# shellcheck shell=bash

engine_socket() { echo "unix://$1/docker.sock"; }
engine_answers() { [ "$(curl -s -m1 --unix-socket "$1/docker.sock" http://engine/_ping)" = OK ]; }

# Runs the docker command against the engine of a place.
docker_at() {
  local place=$1
  shift
  "$ENGINE/usr/bin/docker" -H "$(engine_socket "$place")" "$@"
}

# The control group of everything an engine runs, told apart by the folder's name.
engine_group() { echo "/claw-lab-$(basename "$1")"; }

# The words to run a command where the place is: in its host's namespaces if it is a lab host's folder.
inside() { if [ -f "$1/anchor.pid" ]; then echo "nsenter -t $(pid_of "$1/anchor.pid") -m -n -u --"; fi; }

# On the machine itself the engine must not touch bridges and firewall, so containers there have loopback or the host's network.
network_options() {
  if [ -f "$1/anchor.pid" ]; then
    echo "--bip 172.20.${1##*/h}.1/24 --insecure-registry ${NET:?}.0/24"
  else
    echo "--bridge=none --iptables=false --ip6tables=false"
  fi
}

# engine_up PLACE GPUS: with no GPUs, a request for one fails as it does on a machine without NVIDIA's hook.
engine_up() {
  local place=$1 gpus=$2 path=$ENGINE/usr/sbin:$ENGINE/usr/bin:$PATH runtimes=()
  if is_alive "$place/dockerd.pid" && engine_answers "$place"; then return 0; fi
  mkdir -p "$place/cdi"
  # Simulated: gVisor cannot be had from Debian, so what is called by the name of its runtime runs containers as usual.
  printf '#!/bin/sh\nexec runc "$@"\n' | put "$LAB/bin/simulated-runsc"
  chmod 755 "$LAB/bin/simulated-runsc"
  runtimes=(--add-runtime "runsc=$LAB/bin/simulated-runsc")
  if [ "$gpus" -gt 0 ]; then
    gpu_up "$place" "$gpus"
    path=$LAB/bin:$path # the hook on the engine's PATH is what makes it accept requests for GPUs
    runtimes+=(--add-runtime "nvidia=$LAB/bin/nvidia-container-runtime")
  fi
  echo "{\"features\":{\"cdi\":true},\"live-restore\":${CLAW_LAB_LIVE_RESTORE:-false}}" >"$place/daemon.json"
  # shellcheck disable=SC2046,SC2086
  PATH=$path SIMULATED_GPU_HOME=$place/gpu SIMULATED_GPU_LOG=$place/gpu/hook.log \
    spawn "$place/dockerd.pid" "$place/dockerd.log" $(inside "$place") "$ENGINE/usr/sbin/dockerd" \
    -H "$(engine_socket "$place")" --group "${SUDO_GID:-0}" --data-root "$place/data" --exec-root "$place/exec" \
    --pidfile "$place/dockerd.own" --config-file "$place/daemon.json" --cdi-spec-dir "$place/cdi" \
    --cgroup-parent "$(engine_group "$place")" --exec-opt native.cgroupdriver=cgroupfs \
    $(network_options "$place") "${runtimes[@]}"
  wait_for 30 engine_answers "$place" || {
    tail -5 "$place/dockerd.log" >&2
    die "the engine did not start: see $place/dockerd.log"
  }
}

# Ends what an engine that is gone has left running. Only processes that name this place's folder are its own.
engine_reap() {
  local file line pid child
  for file in /proc/[0-9]*/cmdline; do
    { line=$(tr '\0' ' ' <"$file"); } 2>/dev/null || continue
    pid=${file//[!0-9]/}
    case $line in
      *containerd-shim*"$1/exec/"*)
        # shellcheck disable=SC2013 # words are what is wanted
        for child in $(cat "/proc/$pid"/task/*/children 2>/dev/null); do kill -9 "$child" 2>/dev/null || true; done
        kill -9 "$pid" 2>/dev/null || true
        ;;
      *containerd*"--config $1/exec/"*) kill -9 "$pid" 2>/dev/null || true ;;
    esac
  done
}

engine_down() {
  local place=$1 ids=
  if is_alive "$place/dockerd.pid" && engine_answers "$place"; then
    # Otherwise the engine waits ten seconds for each container that does not mind being asked to end.
    ids=$(docker_at "$place" ps -q)
    # shellcheck disable=SC2086
    [ -z "$ids" ] || docker_at "$place" kill $ids >/dev/null 2>&1 || true
  fi
  stop "$place/dockerd.pid" 20
  engine_reap "$place"
  umount_below "$place"
  rm -f "$place/docker.sock" "$place/dockerd.own"
}

# Kills the engine and its containerd where they stand; the containers live on.
engine_crash() {
  local place=$1 pid child children
  is_alive "$place/dockerd.pid" || die "no engine runs in $place"
  pid=$(pid_of "$place/dockerd.pid")
  children=$(cat "/proc/$pid"/task/*/children)
  kill -9 "$pid"
  for child in $children; do
    if grep -qa '^containerd' "/proc/$child/cmdline" 2>/dev/null; then kill -9 "$child"; fi
  done
  rm -f "$place/dockerd.pid" "$place/dockerd.own" "$place/exec/containerd/containerd.pid"
}

umount_below() {
  local mount
  awk -v below="$1/" 'index($2, below) == 1 { print $2 }' /proc/mounts | sort -r | while read -r mount; do
    umount -l "$mount" 2>/dev/null || true
  done
}

# Removes a place, with the control groups its engine leaves behind.
place_remove() {
  local group
  umount_below "$1"
  rm -rf "$1"
  for group in /sys/fs/cgroup"$(engine_group "$1")" /sys/fs/cgroup/*"$(engine_group "$1")"; do
    [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true
  done
}

# A root file system of busybox and its applets, as a tar; made once.
busybox_tar() {
  local root=$CACHE/busybox tar=$CACHE/busybox.tar applet busybox
  busybox=$(command -v busybox)
  if [ ! -s "$tar" ] || [ "$busybox" -nt "$tar" ]; then
    rm -rf "$root"
    mkdir -p "$root"/{bin,etc,tmp,proc,sys,dev,root,var,run,usr/local/bin}
    cp "$busybox" "$root/bin/busybox"
    for applet in $(busybox --list); do [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"; done
    ln -s ../bin "$root/usr/bin"
    ln -s ../bin "$root/usr/sbin"
    ln -s bin "$root/sbin"
    chmod 1777 "$root/tmp"
    printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n' >"$root/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
    tar -C "$root" --numeric-owner --owner=0 --group=0 --mtime=@0 --sort=name -cf "$tar.new" .
    mv "$tar.new" "$tar"
    rm -rf "$root"
  fi
  echo "$tar"
}

# image_import PLACE NAME: the busybox image under a name, without a registry.
image_import() {
  ! docker_at "$1" image inspect "$2" >/dev/null 2>&1 || return 0
  docker_at "$1" import -c 'ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' -c 'CMD ["/bin/sh"]' \
    "$(busybox_tar)" "$2" >/dev/null
}
