#!/usr/bin/env bash
# Pebble, the test server of Let's Encrypt for ACME, and its name server, from the distribution's package, which is unpacked and not
# installed: what certificates are ordered from in tests. The tests start it themselves. Needs Debian or Ubuntu, and root to read the
# package lists.
#
#   pebble.sh up     unpack it
#   pebble.sh env    print where it is, as a NAME=VALUE line
#   pebble.sh down   forget it
#
# CLAW_LAB_DIR holds it (/tmp/clawlab).
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$here/common.sh"
# shellcheck source-path=SCRIPTDIR source=packages.sh
. "$here/packages.sh"

PLACE=$CACHE/pebble
PROGRAM=$PLACE/usr/bin/pebble

fetch() {
  lock_cache
  [ -x "$PROGRAM" ] || unpack "$PLACE" pebble
}

up() {
  open_lab
  lock_lab
  fetch
  say "up: $PROGRAM"
}

case ${1:-} in
  up) up ;;
  env) echo "CLAW_LAB_PEBBLE=$PROGRAM" ;;
  down)
    open_lab
    lock_lab
    forget_unpacked "$PLACE"
    say "down"
    ;;
  *)
    sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 64
    ;;
esac
