#!/bin/bash
# A real store of objects with an S3 door: OpenStack Swift (Debian: swift-proxy swift-account swift-container swift-object), one copy of
# everything, on 127.0.0.1. Needs root. State under $S3LAB_DIR (default /tmp/claw-s3lab).
#   s3.sh up | down | env
set -eu
DIR="${S3LAB_DIR:-/tmp/claw-s3lab}"
PORT="${S3LAB_PORT:-18480}"
KEYS="lab:user:lab-secret-key"

config() {
  mkdir -p "$DIR"/etc "$DIR"/run "$DIR"/srv/d1 "$DIR"/log
  printf '[swift-hash]\nswift_hash_path_suffix = lab\nswift_hash_path_prefix = lab\n' > "$DIR/etc/swift.conf"
  local kind port
  for kind in account container object; do
    case $kind in account) port=$((PORT + 1)) ;; container) port=$((PORT + 2)) ;; object) port=$((PORT + 3)) ;; esac
    (cd "$DIR/etc" && [ -f "$kind.ring.gz" ] || { swift-ring-builder "$kind.builder" create 4 1 0 && swift-ring-builder "$kind.builder" add "r1z1-127.0.0.1:$port/d1" 1 && swift-ring-builder "$kind.builder" rebalance; }) > "$DIR/log/$kind-ring.log" 2>&1 || true
    cat > "$DIR/etc/$kind.conf" <<C
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $port
workers = 0
mount_check = false
devices = $DIR/srv
swift_dir = $DIR/etc
user = $(id -un)
log_level = WARN
[pipeline:main]
pipeline = $kind-server
[app:$kind-server]
use = egg:swift#$kind
C
  done
  cat > "$DIR/etc/proxy.conf" <<C
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $PORT
workers = 0
swift_dir = $DIR/etc
user = $(id -un)
log_level = WARN
[pipeline:main]
pipeline = catch_errors cache s3api tempauth bulk slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
[filter:tempauth]
use = egg:swift#tempauth
user_lab_user = lab-secret-key .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
C
}

case "${1:-}" in
  up)
    config
    for kind in account container object proxy; do
      setsid nohup "swift-$kind-server" "$DIR/etc/$kind.conf" > "$DIR/log/$kind.log" 2>&1 &
      echo $! > "$DIR/run/$kind.pid"
    done
    for _ in $(seq 300); do curl -s -m 2 -o /dev/null "http://127.0.0.1:$PORT/info" && exit 0; sleep 0.1; done
    echo "it did not come up: see $DIR/log" >&2
    exit 1
    ;;
  down)
    for kind in proxy object container account; do [ ! -f "$DIR/run/$kind.pid" ] || kill "$(cat "$DIR/run/$kind.pid")" 2> /dev/null || true; done
    rm -rf "$DIR"
    ;;
  env) echo "CLAW_LAB_S3=http://127.0.0.1:$PORT CLAW_LAB_S3_KEYS=$KEYS" ;;
  *) sed -n 2,5p "$0" ;;
esac
