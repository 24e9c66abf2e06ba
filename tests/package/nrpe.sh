#!/bin/sh
# NRPE as Debian installs it, with the one line of packaging/README.md: every shipped command gives a verdict.
set -eu
shipped=/usr/share/tcpadvisor/nrpe/tcpadvisor.cfg
ours=/etc/nagios/nrpe.d/tcpadvisor-test.cfg
work=$(mktemp -d)
server=
clean_up() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || :
    rm -rf "$work" "$ours"
}
trap clean_up EXIT
chmod 755 "$work"

echo "include=$shipped" >"$ours"
# the configuration of the system, but for a port and a pid file of this test's own
sed -e "s|^pid_file=.*|pid_file=$work/nrpe.pid|" -e 's|^server_port=.*|server_port=15666|' /etc/nagios/nrpe.cfg >"$work/nrpe.cfg"
/usr/sbin/nrpe -c "$work/nrpe.cfg" -f &
server=$!

ask() { /usr/lib/nagios/plugins/check_nrpe -H 127.0.0.1 -p 15666 -c "$1"; }

tries=0
until ask check_tcpadvisor 2>&1 | grep -q '^TCP '; do
    tries=$((tries + 1))
    [ "$tries" -lt 50 ] || { ask check_tcpadvisor; exit 1; }
    sleep 0.2
done
commands=$(sed -n 's/^command\[\(.*\)\]=.*/\1/p' "$shipped")
[ -n "$commands" ]
for command in $commands; do
    status=0
    line=$(ask "$command") || status=$?
    echo "$command: $line" | head -1
    [ "$status" -le 2 ]
    echo "$line" | head -1 | grep -Eq '^TCP (OK|WARNING|CRITICAL): .*\|ports_used_percent='
done
echo "NRPE: passed"
