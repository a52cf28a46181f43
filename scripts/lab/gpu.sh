# Simulated GPUs: what NVIDIA's driver, hook and tools would show of a machine's GPUs, made from one table that tests may edit.
# shellcheck shell=bash

# gpu_up PLACE COUNT: the table of the GPUs, the tool to read it on the machine, and the devices' descriptions for CDI.
gpu_up() {
  local home=$1/gpu tool
  mkdir -p "$home/inventory" "$home/bin"
  for tool in nvidia-smi nvidia-container-runtime nvidia-container-runtime-hook; do
    put "$LAB/bin/$tool" <"$HERE/gpu/$tool"
    chmod 755 "$LAB/bin/$tool"
  done
  [ "$(gpu_count "$home")" = "$2" ] || gpu_table "$1" "$2" >"$home/inventory/gpus.csv"
  [ -z "${SUDO_UID:-}" ] || chown -R "$SUDO_UID" "$home/inventory"
  # On the machine itself all GPUs of the table are there; inside a container, those whose device files are.
  printf '#!/bin/sh\nSIMULATED_GPU_TABLE=%s exec %s "$@"\n' "$home/inventory/gpus.csv" "$LAB/bin/nvidia-smi" |
    put "$home/bin/nvidia-smi"
  chmod 755 "$home/bin/nvidia-smi"
  gpu_cdi "$home" >"$1/cdi/nvidia.json"
}

gpu_count() { if [ -f "$1/inventory/gpus.csv" ]; then awk 'NR > 1' "$1/inventory/gpus.csv" | wc -l; else echo 0; fi; }

# Ids differ between the hosts of a lab, as those of real GPUs would.
gpu_table() {
  local seed gpu
  seed=$(basename "$1" | cksum | cut -d' ' -f1)
  echo "index,uuid,name,memory.total,memory.used,memory.free,utilization.gpu,temperature.gpu,power.draw,power.limit,clocks.sm,ecc.errors.uncorrected.volatile.total,clocks_event_reasons.active,pci.bus_id,driver_version,compute_cap,state"
  for gpu in $(seq 0 $(($2 - 1))); do
    printf '%d,GPU-%08x-0000-4000-8000-%012x,NVIDIA A100-SXM4-80GB (simulated),' "$gpu" "$seed" "$gpu"
    printf '81920,0,81920,0,35,60.50,400.00,1410,0,0x0000000000000001,00000000:%02X:00.0,550.54.15,8.0,ok\n' $((gpu + 1))
  done
}

# The Container Device Interface's description of the same GPUs, by index, by uuid and all together.
gpu_cdi() {
  awk -F, -v home="$1" -v smi="$LAB/bin/nvidia-smi" '
    function node(path, minor) {
      return sprintf("{\"path\":\"/dev/%s\",\"type\":\"c\",\"major\":195,\"minor\":%d,\"fileMode\":438,\"permissions\":\"rwm\"}", path, minor)
    }
    function device(name, nodes) { return sprintf("{\"name\":\"%s\",\"containerEdits\":{\"deviceNodes\":[%s]}}", name, nodes) }
    function mount(from, to) {
      return sprintf("{\"hostPath\":\"%s\",\"containerPath\":\"%s\",\"options\":[\"ro\",\"nosuid\",\"nodev\",\"bind\"]}", from, to)
    }
    NR > 1 {
      own = node("nvidia" $1, $1)
      all = all (all == "" ? "" : ",") own
      devices = devices device($1, own) "," device($2, own) ","
    }
    END {
      printf "{\"cdiVersion\":\"0.5.0\",\"kind\":\"nvidia.com/gpu\",\"devices\":[%s%s],", devices, device("all", all)
      printf "\"containerEdits\":{\"env\":[\"NVIDIA_VISIBLE_DEVICES=void\"],\"deviceNodes\":[%s],", node("nvidiactl", 255)
      printf "\"mounts\":[%s,%s]}}\n", mount(home "/inventory", "/run/simulated-gpu"), mount(smi, "/usr/bin/nvidia-smi")
    }' "$1/inventory/gpus.csv"
}
