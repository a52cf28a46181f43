#!/usr/bin/env bash
# Runs everything the lab offers once, for real, and says what does not work. About a minute.
# shellcheck disable=SC2317 # functions are called through works, fails and prints
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export CLAW_LAB_NAME=selftest
lab() { "$here/lab.sh" "$@"; }
docker() { "$here/docker.sh" "$@"; }
NET=${CLAW_LAB_NET:-10.77.0}
IMAGE=claw/busybox:1
failed=0

# works NAME COMMAND..., fails NAME COMMAND..., prints NAME TEXT COMMAND...
works() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then echo "ok    $name"; else
    failed=1
    echo "FAIL  $name: $output"
  fi
}
fails() {
  local name=$1
  shift
  if "$@" >/dev/null 2>&1; then
    failed=1
    echo "FAIL  $name: it should not work"
  else echo "ok    $name"; fi
}
prints() {
  local name=$1 text=$2 output
  shift 2
  output=$("$@" 2>&1)
  if grep -q -- "$text" <<<"$output"; then echo "ok    $name"; else
    failed=1
    echo "FAIL  $name: $output"
  fi
}

oom() {
  docker run run --name oom -m 32m --memory-swap 32m "$IMAGE" tail /dev/zero
  docker run inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' oom
}

works 'one engine' docker up 4
works 'it is up' docker status
prints 'two of four GPUs' '^2$' docker run run --rm --gpus '"device=0,2"' $IMAGE sh -c 'nvidia-smi -L | wc -l'
prints 'their device files' '/dev/nvidia2' docker run run --rm --gpus '"device=0,2"' $IMAGE sh -c 'ls /dev/nvidia*'
prints 'by their CDI name' '^GPU 1' docker run run --rm --device nvidia.com/gpu=1 $IMAGE nvidia-smi -L
prints 'by the runtime' '^GPU 3' docker run run --rm --runtime nvidia -e NVIDIA_VISIBLE_DEVICES=3 $IMAGE nvidia-smi -L
prints 'a GPU that is not there' 'unknown device' docker run run --rm --gpus device=9 $IMAGE true
prints 'out of memory' 'true 137' oom
prints 'a missing image' 'No such image' docker run inspect --type image claw/nope:1
works 'stop it' docker down
fails 'it is down' docker status

works 'three hosts' lab hosts up 3
works 'again' lab hosts up 3
works 'h1 reaches h3' lab sh 1 ping -c1 -W1 "$NET.3"
works 'this machine reaches h2' ping -c1 -W1 "$NET.2"
works 'engine without GPUs' lab engine up 1
works 'engine with GPUs' lab engine up 2 2
prints 'no GPU, no grant' 'could not select device driver' lab docker 1 run --rm --gpus all $IMAGE true
prints 'GPUs in a host' '^2$' lab docker 2 run --rm --gpus all $IMAGE sh -c 'nvidia-smi -L | wc -l'
works 'a published port' lab docker 2 run -d --name web -p 8080:80 $IMAGE httpd -f -p 80 -h /etc
sleep 0.5
fetch() { curl -sf -m1 -o /dev/null "http://$NET.2:8080/passwd"; }
fetch_from() { lab sh "$1" curl -sf -m1 -o /dev/null "http://$NET.2:8080/passwd"; }
works 'is reached' fetch
works 'cut' lab cut 3 2
fails 'h3 cannot reach h2' fetch_from 3
works 'h1 still can' fetch_from 1
works 'mend' lab mend 3 2
works 'h3 can again' fetch_from 3
works 'slow' lab slow 2 300
prints 'h2 is far away' 'time=3[0-9][0-9]' lab sh 1 ping -c1 -W2 "$NET.2"
works 'not slow' lab slow 2 off
prints 'h2 is near' 'time=0' lab sh 1 ping -c1 -W2 "$NET.2"
works 'isolate' lab isolate 2
fails 'h2 is out of reach' fetch
works 'rejoin' lab rejoin 2
works 'h2 is back' fetch
works 'crash' lab engine crash 2
works 'the engine is back' lab engine up 2 2
prints 'its container ended' exited lab docker 2 inspect -f '{{.State.Status}}' web
works 'stop everything' lab down
fails 'the bridge is gone' test -e /run/netns/claw-br
exit $failed
