#!/usr/bin/env bash
# The programs `nginx` and `wrk` from the distribution's packages, which are unpacked and not installed: what requests from outside are
# measured against, and what sends them. The benchmark starts them itself. Needs Debian or Ubuntu, and root to read the package lists.
#
#   nginx.sh up     unpack them
#   nginx.sh env    print where they are, as NAME=VALUE lines
#   nginx.sh down   forget them
#
# CLAW_LAB_DIR holds them (/tmp/clawlab).
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$here/common.sh"
# shellcheck source-path=SCRIPTDIR source=packages.sh
. "$here/packages.sh"

PLACE=$CACHE/nginx
NGINX=$PLACE/usr/sbin/nginx
WRK=$PLACE/wrk

# wrk needs a library that few machines have: it is started by a line that says where it is.
fetch() {
  lock_cache
  [ ! -x "$WRK" ] || return 0
  unpack "$PLACE" nginx wrk libluajit-5.1-2
  cat >"$WRK" <<SCRIPT
#!/bin/sh
LD_LIBRARY_PATH=$(dirname "$(find "$PLACE" -name 'libluajit-5.1.so.2' | head -1)") exec $PLACE/usr/bin/wrk "\$@"
SCRIPT
  chmod +x "$WRK"
}

up() {
  open_lab
  lock_lab
  fetch
  say "up: $("$NGINX" -v 2>&1), $("$WRK" -v 2>&1 | head -1)"
}

case ${1:-} in
  up) up ;;
  env)
    echo "CLAW_LAB_NGINX=$NGINX"
    echo "CLAW_LAB_WRK=$WRK"
    ;;
  down)
    open_lab
    lock_lab
    forget_unpacked "$PLACE"
    say "down"
    ;;
  *)
    sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 64
    ;;
esac
