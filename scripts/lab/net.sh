# What can go wrong with the network between lab hosts: cut in both directions or one, cable out, narrow or long line.
# shellcheck shell=bash

# cut_one FROM TO: what FROM sends no longer reaches TO; the way back stays open.
cut_one() { on_bridge nft add element bridge lab cut "{ \"v$1\" . \"v$2\" }"; }
mend_one() { on_bridge nft delete element bridge lab cut "{ \"v$1\" . \"v$2\" }" 2>/dev/null || true; }

cut_both() {
  cut_one "$1" "$2"
  cut_one "$2" "$1"
}

mend() {
  if [ "$1" = all ]; then
    on_bridge nft flush set bridge lab cut
  else
    mend_one "$1" "$2"
    mend_one "$2" "$1"
  fi
}

isolate() { on_bridge ip link set "v$1" down; }
rejoin() { on_bridge ip link set "v$1" up; }

# lose PERCENT|off: drops that share of all frames between hosts.
lose() {
  on_bridge nft flush chain bridge lab loss 2>/dev/null ||
    on_bridge nft add chain bridge lab loss '{ type filter hook forward priority 1; }'
  [ "$1" = off ] || on_bridge nft add rule bridge lab loss numgen random mod 100 "<" "$1" counter drop
}

# rate HOST MBIT|off: limits what the host sends.
rate() {
  in_host "$1" tc qdisc del dev eth0 root 2>/dev/null || true
  [ "$2" = off ] || in_host "$1" tc qdisc add dev eth0 root tbf rate "$2mbit" burst 64kbit latency 400ms
}

# slow HOST MS|off: what the host gets arrives so much later.
slow() {
  local place rule=(INPUT -i eth0 -j NFQUEUE --queue-num 1 --queue-bypass)
  place=$(place_of "$1")
  in_host "$1" iptables -D "${rule[@]}" 2>/dev/null || true
  stop "$place/delay.pid"
  [ "$2" != off ] || return 0
  spawn "$place/delay.pid" "$place/delay.log" \
    nsenter -t "$(pid_of "$place/anchor.pid")" -n -- /usr/bin/python3 "$here/delay.py" 1 "$2"
  wait_for 5 grep -q ready "$place/delay.log" || die "host $1 stays fast: $(tail -1 "$place/delay.log")"
  in_host "$1" iptables -A "${rule[@]}"
}
