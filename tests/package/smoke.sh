#!/bin/sh
# What an installed package must do on any host: judge it, as a person and as a plugin sees it.
set -eu
version=$(tcpadvisor --version)
echo "$version" | grep -Eq '^tcpadvisor [0-9]+\.[0-9]+\.[0-9]+$'
status=0
line=$(/usr/lib/nagios/plugins/check_tcpadvisor --no-state) || status=$?
[ "$status" -le 2 ]
echo "$line" | head -1 | grep -Eq '^TCP (OK|WARNING|CRITICAL): .*\|ports_used_percent='
tcpadvisor explain close-wait-leak | grep -q 'CLOSE_WAIT'
tcpadvisor rules lint
man -w tcpadvisor >/dev/null 2>&1 || ! command -v man >/dev/null
echo "$version: passed"
