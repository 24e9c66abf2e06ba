#!/usr/bin/env python3
"""The work of each reader grows with its input and no faster: linear.py DIRECTORY_OF_HARNESSES [NAME...]

Compares the processor time for an input and for one eight times as long, of the worst shapes that were thought of. Four
times as much as eightfold is too much: a sort and a tree stay below, what is quadratic does not."""
import argparse
import itertools
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

SMALL = 4096
TIMES = 8
MOST = 4 * TIMES  # what is quadratic has 64
NO_MATTER = 1_000_000  # nanoseconds: what takes less is measured badly, and a larger input is tried
LARGEST = 1 << 20


def repeat(unit, size):
    return (unit * (size // len(unit) + 1))[:size]


def numbered(row, size, head=b""):
    """Rows that differ: `row` has a %d, once or more."""
    out = bytearray(head)
    for number in itertools.count():
        if len(out) >= size:
            return bytes(out)
        out += row.replace(b"%d", b"%d" % (number % 65000))


def cycle(rows, size, head=b""):
    return head + repeat(b"".join(rows), size)


def of(row, head=b""):
    return lambda size: numbered(row, size, head)


def same(unit, head=b""):
    return lambda size: head + repeat(unit, size)


SS_HEAD = b"State Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n"
SS_ROW = b"ESTAB 0 0 192.0.2.1:%d 192.0.2.2:443"
SS = {
    "rows": of(SS_ROW + b"\n", SS_HEAD),
    "listeners": of(b"LISTEN 0 5 192.0.2.1:%d 0.0.0.0:*\n", SS_HEAD),
    "one row": same(SS_ROW.replace(b"%d", b"7") + b"\n", SS_HEAD),
    "headings": same(SS_HEAD),
    "snapshots": same(SS_HEAD + SS_ROW.replace(b"%d", b"7") + b"\n"),
    "tables without headings": lambda size: cycle([SS_ROW.replace(b"%d", b"%d" % n) + b"\n" for n in range(9)], size),
    "listening again": lambda size: cycle([b"LISTEN 0 5 192.0.2.1:80 0.0.0.0:*\n"] + [SS_ROW.replace(b"%d", b"%d" % n) +
                                          b"\n" for n in range(4)], size),
    "details": same(b"\t ts sack cubic rto:204\n", SS_HEAD + SS_ROW.replace(b"%d", b"7") + b"\n"),
    "one line": same(b"x"),
    "one word": same(b"a ", SS_HEAD),
    "users": lambda size: SS_HEAD + SS_ROW.replace(b"%d", b"7") + b" users:(" + repeat(b'("a",pid=1,fd=2),', size),
    "groups": of(SS_ROW + b" ino:%d sk:1 cgroup:/a%d\n", SS_HEAD),
    "processes": of(b'CLOSE-WAIT 1 0 192.0.2.1:%d 192.0.2.2:443 users:(("a%d",pid=%d,fd=3))\n', SS_HEAD),
    "strangers": of(b"stranger %d\n", SS_HEAD + SS_ROW.replace(b"%d", b"7") + b"\n"),
    "sysctls": of(b"net.a%d = 1\n", SS_HEAD),
    "colours": same(b"\x1b[1m"),
}
NETSTAT_HEAD = b"Active Internet connections (servers and established)\nProto Recv-Q Send-Q Local Address Foreign Address State\n"
NETSTAT_ROW = b"tcp 0 0 192.0.2.1:%d 192.0.2.2:443 ESTABLISHED\n"
PROC_HEAD = b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
PROC_ROW = b"   0: 0A0200C0:0016 1E0200C0:1388 01 00000000:00000000 00:00000000 00000000 0 0 2741 1\n"


def capture(records):
    return lambda size: b"tcpadvisor-capture 1\n" + records(size)


def record(kind, key, content=b""):
    return kind + b" %d " % len(content) + key + b"\n" + content + b"\n"


def capture_of(kind, key, content=b"x\n", before=b""):
    def make(size):
        out = [record(b"byte-order", b"", b"little-endian"), record(b"place", b"1", b"a"), record(b"time", b"", b"1.0"),
               before]
        total = 0
        for number in itertools.count(1):
            if total >= size:
                return b"tcpadvisor-capture 1\n" + b"".join(out) + record(b"end", b"")
            out.append(record(kind, key.replace(b"%d", b"%d" % number), content))
            total += len(out[-1])
    return make


def netlink(which, message):
    return lambda size: bytes([which]) + b"\0\0" + repeat(message, size)


MESSAGE = struct.pack("<IHHII", 88, 18, 2, 1, 0) + bytes([2, 1, 0, 0]) + bytes(68)
ATTRIBUTES = lambda size: bytes([8, 0, 0]) + struct.pack("<IHHII", 88 + size // 4 * 4, 18, 2, 1, 0) + bytes([2, 1, 0, 0]) + \
    bytes(68) + repeat(struct.pack("<HH", 4, 99), size // 4 * 4)
RULE = b'[[rule]]\nid = "r%d"\nfor_each = "host"\ncondition = "1 == 1"\nseverity = "info"\nsummary = "x"\n'
SHAPES = {
    "ss": SS,
    "pasted": {**SS, "quotes": of(b"> " + SS_ROW + b"\n"), "json": lambda size: b'{"a": "' + repeat(b"ESTAB 0 0 192.0.2.1:1 "
               b'192.0.2.2:443\\n', size) + b'"}', "braces": same(b'{"a":['), "wrapped": same(b"ESTAB 0 0\n192.0.2.1:1\n192.0.2.2:443\n"),
               "counts": of(b"%d ESTAB\n"), "backslashes": same(b"\\"), "prefixes": of(b"host%d: " + SS_ROW + b"\n"),
               "tools in turn": same(SS_HEAD + SS_ROW.replace(b"%d", b"7") + b"\n" + PROC_HEAD),
               "hosts": of(b"root@h%d:~# ss -tan\n" + SS_HEAD + SS_ROW + b"\n"), "titles": of(b"== h%d ==\n" + SS_HEAD + SS_ROW + b"\n"),
               "shells": of(b"$ ssh h%d\n$ exit\n", SS_HEAD), "unplaced": of(SS_HEAD + b"$ hostname\nh%d\n"),
               "one command": lambda size: b"root@a:~# " + repeat(b"ssh a ", size) + b"\n" + SS_HEAD,
               "commands": same(b"root@a:~# ssh a ssh b ssh c ssh d ssh e ss -tan\n" + SS_HEAD)},
    "netstat": {"rows": of(NETSTAT_ROW, NETSTAT_HEAD), "headings": same(NETSTAT_HEAD), "one line": same(b"tcp 0 "),
                "one row": same(NETSTAT_ROW.replace(b"%d", b"7"), NETSTAT_HEAD),
                "programs": of(NETSTAT_ROW[:-1] + b" %d/a%d\n", NETSTAT_HEAD)},
    "proc_tables": {"rows": same(PROC_ROW, PROC_HEAD), "headings": same(PROC_HEAD), "both": same(PROC_HEAD + PROC_ROW),
                    "one line": same(b"0: ")},
    "ss_dump": {"messages": same(MESSAGE)},
    "capture": {"places": capture_of(b"place", b"%d", b"a"), "files": capture_of(b"file", b"/a%d"),
                "processes": capture_of(b"process", b"%d", b"0\x001\x001\0/\0a"), "groups": capture_of(b"cgroup", b"%d"),
                "routes": capture_of(b"route", b"192.0.2.1", b"192.0.2.2"),
                "dumps": capture_of(b"dump", b"%d", b"", b""), "long name": capture_of(b"file", b"/a" * 40 + b"%d")},
    "netlink": {"messages": netlink(1, MESSAGE), "attributes": ATTRIBUTES, "of others": netlink(1, MESSAGE[:8] + b"\2" + MESSAGE[9:]),
                "nat": netlink(18, struct.pack("<IHHII", 20, 0x100, 2, 1, 0) + b"\2\0\0\0"),
                "numbers": netlink(19, struct.pack("<IHHII", 28, 0x58, 2, 1, 0) + bytes(4) + struct.pack("<HHI", 8, 1, 7))},
    "proc_files": {"mounts": of(b"90 26 0:4 net:[%d] /run/netns/a rw - nsfs nsfs rw\n"), "counters": of(b"TcpExt: a%d\nTcpExt: 1\n"),
                   "words": same(b"a "), "columns": same(b"0 1 "), "escapes": same(b"\\040"), "groups": of(b"%d:a:/kubepods/pod%d\n")},
    "rules": {"rules": of(RULE), "unknown keys": of(b"k%d = 1\n"), "unknown keys of a rule": of(b"k%d = 1\n", b"[[rule]]\n"),
              "brackets": same(b"["), "a list": same(b"1,", b"a = ["), "a text": same(b"x", b'a = "'), "one id": same(RULE.replace(b"%d", b"1")),
              "tags": lambda size: b'[[rule]]\ntags = [' + repeat(b'"a",', size) + b"]\n"},
    "settings": {"overrides": of(b'[[override]]\nrule = "ports"\nremote = "192.0.2.1:%d"\nreason = "x"\nwarning = "5"\n'),
                 "unknown rules": of(b"[rule.r%d]\nenabled = false\n"), "ports": lambda size: b'[[override]]\nrule = "ports"\nremote = "*:' +
                 repeat(b"1,", size) + b'1"\nreason = "x"\nwarning = "5"\n'},
    "rule_options": {"sets": same(b"sports.busy=1\n"), "unknown": of(b"sx%d.y=1\n"), "rules": same(b"rports\n"), "excluded": of(b"ex%d\n")},
    "expressions": {"sums": same(b"1+"), "depth": same(b"("), "not": same(b"not "), "names": of(b"a%d + "), "places": same(b"{remote}"),
                    "unknown places": of(b"{x%d}"), "braces": same(b"{{")},
    "ranges": {"digits": same(b"1"), "colons": same(b"1:")},
    "end_points": {"ports": same(b"1,", b"192.0.2.1:"), "colons": same(b":"), "zeros": same(b"0:"), "stars": same(b"*"),
                   "star and letter": same(b"*a")},
    "state_file": {"levels": of(b"level %d 1\n"), "sockets": of(b"socket %d 1.00\n", b"close_wait 5.00 all\n"), "judged": of(b"judged %d 1.00 1.00\n"),
                   "alerts": of(b"alert %d 1 WARNING 1.00 2.00 3 2.00 1.00\n"), "names": of(b" c%d", b"counters"), "one line": same(b"x ")},
    "sysctl_files": {"names": of(b"net.a%d=1\n"), "globs": of(b"net.ipv4.conf.*.a%d=1\n"), "stars": same(b"*/"), "one line": same(b"a."),
                     "known": same(b"net.ipv4.tcp_tw_reuse=1\n"), "files": same(b"a=1\n===\n"), "no sign": of(b"a%d\n")},
    "audit_files": {"names": of(b"net.a%d=1\n"), "yaml": of(b"net.core.a%d: 1\n"), "lists": same(b"- "), "brackets": same(b"["),
                    "braces": same(b"{a: "), "anchors": of(b"- &a%d x\n"), "indented": same(b" a:\n"), "quotes": same(b'"'),
                    "pods": same(b"- name: net.core.somaxconn\n  value: 1\n"), "profiles": of(b"include=a%d\n", b"[main]\n"),
                    "open names": of(b"sysctl -w $a%d\n"), "one command": same(b"sysctl -q "), "encoded": same(b"sysctl.d/a base64\n"),
                    "one line": same(b"x")},
    "host_report": {"files": of(b"=== a%d\nx\n"), "netns": of(b"=== sos_commands/networking/namespaces/a%d/ss_-peaonmi\n" + SS_HEAD + SS_ROW + b"\n"),
                    "ss": of(b"=== sos_commands/networking/ss_-a%d\n" + SS_HEAD + SS_ROW + b"\n"),
                    "links": of(b"=== l%d -> l1\n\n"), "deep": same(b"a/", b"=== "),
                    "hosts": of(b"=== h%d/sos_commands/networking/ss_-peaonmi\n" + SS_HEAD + SS_ROW + b"\n")},
}


def costs(program, contents):
    """The processor time of each, in nanoseconds: the least of several runs."""
    with tempfile.TemporaryDirectory(prefix="tcpadvisor-linear-") as directory:
        paths = [Path(directory, str(number)) for number in range(len(contents))]
        for path, content in zip(paths, contents):
            path.write_bytes(content)
        run = subprocess.run([program, "--cost", *map(str, paths)], check=False, capture_output=True, text=True, errors="replace")
    if run.returncode != 0:
        sys.exit(f"{program}: {run.stderr[-4000:]}")
    return [int(line) for line in run.stdout.split()]


def measured(program, make):
    """The smallest size whose time can be measured, its time, and that of the larger one."""
    size = SMALL
    while True:
        small, large = costs(program, [make(size), make(size * TIMES)])
        if small >= NO_MATTER or size * TIMES >= LARGEST:
            return size, small, large
        size *= 4


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    bad = shapes = 0
    for name in arguments.names or SHAPES:
        for shape, make in SHAPES[name].items():
            size, small, large = measured(arguments.directory / f"fuzz_{name}", make)
            times = large / max(small, NO_MATTER)
            bad += times > MOST
            shapes += 1
            if times > MOST or arguments.names:
                print(f"{name}, {shape}: from {size} bytes to {TIMES} times as many, {times:.1f} times the processor time "
                      f"({large / 1e6:.1f} ms){' TOO MUCH' if times > MOST else ''}")
    print(f"{shapes} shapes, {bad} grow too fast")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
