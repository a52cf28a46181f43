# What the lab takes from the distribution: small tools installed, programs to measure against and a container engine only unpacked.
# shellcheck shell=bash

# shellcheck disable=SC2034 # both are used by the scripts that source this
TOOLS=(ca-certificates curl procps util-linux runc tini busybox-static)
# shellcheck disable=SC2034
HOST_TOOLS=(iproute2 iptables nftables iputils-ping python3-minimal)
# shellcheck disable=SC2034
WIREGUARD_TOOLS=(wireguard-tools wireguard-go iperf3 iputils-ping)
ENGINE=$CACHE/engine

apt() { apt-get -o DPkg::Lock::Timeout=600 -qq "$@"; }

is_installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

# install_tools PACKAGE...: those that are missing. None of their services is started meanwhile.
install_tools() {
  local package missing=() policy=/usr/sbin/policy-rc.d ours=
  for package in "$@"; do is_installed "$package" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  if [ ! -e $policy ]; then
    ours=1
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
  fi
  apt update
  DEBIAN_FRONTEND=noninteractive apt install -y --no-install-recommends "${missing[@]}" >/dev/null
  [ -z "$ours" ] || rm -f $policy
}

# unpack FOLDER PACKAGE...: their files, and nothing else, below the folder: all of them, or it is not there. Nothing is installed.
unpack() {
  local folder=$1 new=$1.new downloads=$1-download package
  shift
  say "fetching $*"
  rm -rf "$downloads" "$new"
  mkdir -p "$downloads"
  apt update
  (cd "$downloads" && apt -o APT::Sandbox::User=root download "$@")
  for package in "$downloads"/*.deb; do dpkg -x "$package" "$new"; done
  rm -rf "$downloads" "$folder"
  mv "$new" "$folder"
}

# forget_unpacked FOLDER: in a cache that several labs may share it stays, since another one may run it.
forget_unpacked() {
  [ -z "${CLAW_LAB_CACHE:-}" ] || return 0
  lock_cache
  rm -rf "$1"
}

# The archive this machine already uses, and the suite whose engine to take: on Debian 12 the next release's, as its own
# is from 2020; elsewhere the machine's own.
archive() {
  cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null |
    sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\) .*/\2/p' | head -1
}

suite() {
  local id=
  id=$(. /etc/os-release && echo "$ID-${VERSION_CODENAME:-}")
  if [ "$id" = debian-bookworm ]; then echo "${CLAW_LAB_SUITE:-trixie}"; else echo "${CLAW_LAB_SUITE:-own}"; fi
}

# download_engine FOLDER SUITE: the packages of the engine, as files.
download_engine() {
  local state=$CACHE/apt options=() packages=(docker.io containerd)
  mkdir -p "$state"/{lists/partial,archives/partial,parts} "$1"
  if [ "$2" != own ]; then
    is_installed debian-archive-keyring || install_tools debian-archive-keyring
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(archive) $2 main" >"$state/sources.list"
    options=(-o "Dir::State::lists=$state/lists" -o "Dir::Cache=$state" -o "Dir::Etc::sourcelist=$state/sources.list"
      -o "Dir::Etc::sourceparts=$state/parts" -o "Dir::Etc::preferencesparts=$state/parts")
  fi
  apt "${options[@]}" update
  # The command line is a package of its own since 2024.
  ! apt-cache "${options[@]}" show docker-cli >/dev/null 2>&1 || packages+=(docker-cli)
  (cd "$1" && apt "${options[@]}" -o APT::Sandbox::User=root download "${packages[@]}")
}

# Unpacks the engine privately. It needs only the C library; runc stays the machine's own, which matches its kernel.
fetch_engine() {
  local wanted package downloads=$CACHE/downloads
  lock_cache
  wanted=$(suite)
  [ "$(cat "$ENGINE/suite" 2>/dev/null)" != "$wanted" ] || return 0
  say "fetching a container engine ($wanted)"
  rm -rf "$ENGINE" "$downloads"
  download_engine "$downloads" "$wanted"
  mkdir -p "$ENGINE"
  for package in "$downloads"/*.deb; do dpkg -x "$package" "$ENGINE"; done
  rm -rf "$downloads" "$ENGINE/usr/sbin/runc" "$ENGINE/usr/bin/runc"
  ln -sfn /usr/bin/tini-static "$ENGINE/usr/bin/docker-init"
  "$ENGINE/usr/sbin/dockerd" --version >&2
  echo "$wanted" >"$ENGINE/suite"
}
