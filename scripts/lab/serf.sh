#!/usr/bin/env bash
# The program `serf` from the distribution's package, which is unpacked and not installed: what finding out that a member has died is
# measured against. The benchmark starts the agents itself, since it kills them and starts them again. Needs Debian or Ubuntu, and
# root to read the package lists.
#
#   serf.sh up     unpack it
#   serf.sh env    print where it is, as a NAME=VALUE line
#   serf.sh down   forget it
#
# CLAW_LAB_DIR holds it (/tmp/clawlab).
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$here/common.sh"
# shellcheck source-path=SCRIPTDIR source=packages.sh
. "$here/packages.sh"

PLACE=$CACHE/serf
PROGRAM=$PLACE/usr/bin/serf

fetch() {
  lock_cache
  [ -x "$PROGRAM" ] || unpack "$PLACE" serf
}

# The program tells the version of its source tree, which is not that of the package.
up() {
  open_lab
  lock_lab
  fetch
  say "up: serf $("$PROGRAM" version | head -1)"
}

case ${1:-} in
  up) up ;;
  env) echo "CLAW_LAB_SERF=$PROGRAM" ;;
  down)
    open_lab
    lock_lab
    forget_unpacked "$PLACE"
    say "down"
    ;;
  *)
    sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 64
    ;;
esac
