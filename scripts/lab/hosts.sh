# Lab hosts: h1, h2, … on this machine, each with a network, mounts and a hostname of its own, joined by one bridge. The
# machine itself is on the bridge too, as .254, so that a test can reach every host.
# shellcheck shell=bash

# shellcheck disable=SC2034 # used by the scripts that source this
NET=${CLAW_LAB_NET:-10.77.0}
BRIDGE=${CLAW_LAB_TAG:-claw}-br
UPLINK=${CLAW_LAB_TAG:-claw}-gw
# Routers with hosts behind them: what their namespaces are called, before their numbers.
NAT=${CLAW_LAB_TAG:-claw}-nat

on_bridge() { nsenter --net="/run/netns/$BRIDGE" -- "$@"; }
place_of() { echo "$LAB/h$1"; }
each_host() { find "$LAB" -maxdepth 1 -name 'h[0-9]*' -printf '%f\n' | tr -d h | sort -n; }

in_host() {
  local anchor
  anchor=$(place_of "$1")/anchor.pid
  shift
  is_alive "$anchor" || die "that host is not up"
  nsenter -t "$(pid_of "$anchor")" -m -n -u -- "$@"
}

# The bridge lives in a namespace of its own, where frames between two hosts can be dropped by name.
bridge_up() {
  [ -e "/run/netns/$BRIDGE" ] || ip netns add "$BRIDGE"
  on_bridge sysctl -qw net.ipv6.conf.all.disable_ipv6=1
  on_bridge ip link set lo up
  on_bridge ip link show br0 >/dev/null 2>&1 || on_bridge ip link add br0 type bridge forward_delay 0
  on_bridge ip link set br0 up
  on_bridge nft list table bridge lab >/dev/null 2>&1 || on_bridge nft -f - <<'TABLE'
table bridge lab {
  set cut { type ifname . ifname; }
  chain forward { type filter hook forward priority 0; iifname . oifname @cut counter drop; }
}
TABLE
  if ! ip link show "$UPLINK" >/dev/null 2>&1; then
    ip link add "$UPLINK" type veth peer name v254 netns "$BRIDGE"
    on_bridge ip link set v254 master br0 up
    ip addr add "$NET.254/24" dev "$UPLINK"
    ip link set "$UPLINK" up
  fi
}

# What a host's first process does: a sysfs that shows the host's own network, with the machine's control groups kept, and
# a place of its own for the sockets of wireguard-go, which are called by the interface alone.
# shellcheck disable=SC2016
ANCHOR='
  hostname "$1"
  mkdir -p /run/claw-lab-cgroup
  mount --rbind /sys/fs/cgroup /run/claw-lab-cgroup
  mount -t sysfs sysfs /sys
  mount --rbind /run/claw-lab-cgroup /sys/fs/cgroup
  umount -l /run/claw-lab-cgroup
  mkdir -p /run/wireguard
  mount -t tmpfs tmpfs /run/wireguard
  ip link set lo up
  sysctl -qw net.ipv6.conf.all.disable_ipv6=1
  : >"$2"
  exec sleep infinity'

host_up() {
  local place anchor
  place=$(place_of "$1")
  mkdir -p "$place"
  ! is_alive "$place/anchor.pid" || return 0
  rm -f "$place/ready"
  spawn "$place/anchor.pid" "$place/anchor.log" \
    unshare -m -n -u --propagation private sh -ec "$ANCHOR" anchor "h$1" "$place/ready"
  wait_for 10 test -f "$place/ready" || die "host $1: $(cat "$place/anchor.log")"
  anchor=$(pid_of "$place/anchor.pid")
  on_bridge ip link add "v$1" type veth peer name eth0 netns "$anchor"
  on_bridge ip link set "v$1" master br0 up
  in_host "$1" ip addr add "$NET.$1/24" dev eth0
  in_host "$1" ip link set eth0 up
}

in_nat() { nsenter --net="/run/netns/$NAT$1" -- "${@:2}"; }
# What is behind the router has addresses that begin so.
inside_of() { echo "192.168.$(($1 - 123))"; }

# nat_up NUMBER [random]: a router at .NUMBER for the others, from 200 to 253. It lets in what answers something, and nothing else,
# neither to itself: what it took for itself would take the port away from a host behind it that sends there afterwards.
# It keeps the port of what it lets out where that is free; with random, it takes another for each destination.
nat_up() {
  local masquerade=masquerade
  [ "${2:-}" != random ] || masquerade='masquerade fully-random'
  [ ! -e "/run/netns/$NAT$1" ] || return 0
  ip netns add "$NAT$1"
  in_nat "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv4.ip_forward=1
  in_nat "$1" ip link set lo up
  on_bridge ip link add "v$1" type veth peer name out netns "$NAT$1"
  on_bridge ip link set "v$1" master br0 up
  in_nat "$1" ip addr add "$NET.$1/24" dev out
  in_nat "$1" ip link set out up
  in_nat "$1" ip link add br1 type bridge forward_delay 0
  in_nat "$1" ip addr add "$(inside_of "$1").254/24" dev br1
  in_nat "$1" ip link set br1 up
  in_nat "$1" nft -f - <<TABLE
table ip nat {
  chain out { type nat hook postrouting priority 100; oifname "out" $masquerade; }
  chain forward { type filter hook forward priority 0; iifname "out" ct state established,related accept; iifname "out" drop; }
  chain input { type filter hook input priority 0; iifname "out" ct state established,related accept; iifname "out" drop; }
}
TABLE
}

# behind_nat NUMBER HOST...: they have a network of their own, and everybody else sees the router's address.
behind_nat() {
  local host router=$1
  shift
  for host in "$@"; do
    on_bridge ip link set "v$host" netns "$NAT$router"
    in_nat "$router" ip link set "v$host" master br1 up
    in_host "$host" ip addr flush dev eth0
    in_host "$host" ip addr add "$(inside_of "$router").$host/24" dev eth0
    in_host "$host" ip route add default via "$(inside_of "$router").254"
  done
}

hosts_up() {
  local host
  bridge_up
  for host in $(seq 1 "$1"); do host_up "$host"; done
}

host_down() {
  local place
  place=$(place_of "$1")
  engine_down "$place"
  stop "$place/delay.pid" 1
  stop "$place/anchor.pid" 1
  place_remove "$place"
}

hosts_down() {
  local host namespace
  for host in $(each_host); do host_down "$host" & done
  wait
  ip link del "$UPLINK" 2>/dev/null || true
  ip netns del "$BRIDGE" 2>/dev/null || true
  for namespace in "/run/netns/$NAT"[0-9]*; do
    [ ! -e "$namespace" ] || ip netns del "${namespace##*/}"
  done
}
