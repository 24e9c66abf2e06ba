// A capture with a marker in every place that may hold somebody's name, and none may be left in the masked
// one. check_marked_kinds.py sees to it that each kind of record is here.
#include "replay/capture.h"
#include "replay/mask.h"

#include "tests/catch.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace {

using std::literals::string_literals::operator""s;

struct Marked {
    std::string kind;
    std::string key;
    std::string content;
};

/// Each with a marker of its own in each name: "zq" and a number.
std::vector<Marked> marked_records() {
    return {
        {"byte-order", "", "little-endian"},
        {"place", "7", "zq01"},
        {"time", "", "1.5"},
        {"netns-file", "", "/run/netns/zq02"},
        {"sysctls-read-only", "", ""},
        {"file", "/proc/sys/kernel/hostname", "zq03\n"},
        {"file", "/proc/sys/kernel/osrelease", "6.1.0-zq04\n"},
        {"file", "/etc/sysctl.d/60-zq05.conf",
         "# zq06\nnet.ipv4.tcp_zq07 = zq08\nnet.ipv4.conf.zq09.rp_filter = 1\nnet.ipv4.tcp_tw_reuse = "
         "zq10\nzq11\n"},
        {"file", "/etc/modules-load.d/zq12.conf", "# zq13\n"},
        {"file", "/proc/thread-self/net/zq14", "zq15\n"},
        {"file", "/somewhere/zq16", "zq17\n"},
        {"file", "/proc/sys/net/ipv4/tcp_congestion_control", "zq18\n"},
        {"file-gap", "/etc/sysctl.d/70-zq19.conf", "denied\n/etc/sysctl.d/70-zq19.conf\nPermission denied"},
        {"list", "/etc/sysctl.d", "60-zq05.conf\nzq20.conf\nzq21"},
        {"list", "/zq22", "zq23"},
        {"list", "/proc/sys/net/ipv4/conf", "zq30\nall"},
        {"list", "/proc/sys/net/ipv4/conf/zq31", "rp_filter"},
        {"list-gap", "/run/zq24", "failed\n/run/zq24\nInput/output error"},
        {"changed", "/etc/sysctl.d/60-zq05.conf", "1"},
        {"dump", "00", ""},
        {"frame", "", "zq25, which is no message"},
        {"dump-gap", "", "truncated\nthe socket table\ncut"},
        {"dump", "01", ""},
        {"dump-end", "", ""},
        {"cgroup", "9", "/system.slice/zq26.service/zq27"},
        {"cgroup-gap", "10", "absent\na control group\nremoved"},
        {"process", "42", "1000\0001024\00017\0/user.slice/zq28.scope\0zq29"s},
        {"holders", "", "11 0 3\n"},
        {"unseen", "", "denied\nwho holds the sockets\nneeds CAP_SYS_PTRACE"},
        {"route", "192.0.2.77", "198.51.100.66"},
    };
}

std::string text_of(const std::vector<Marked>& records) {
    std::string text = "tcpadvisor-capture 1\n";
    for (const Marked& record : records) {
        text += fmt::format("{} {} {}\n{}\n", record.kind, record.content.size(), record.key, record.content);
    }
    return text + "end 0 \n\n";
}

} // namespace

TEST_CASE("no marker is left in a masked capture, in whichever record it stands") {
    auto capture = replay::parse_capture(text_of(marked_records()));
    if (!capture) {
        FAIL(capture.error().what);
    }
    replay::mask(*capture);
    const std::string masked = replay::to_bytes(*capture);
    for (const char* marker : {"zq", "7A71", "7a71", "enEw", "192.0.2.77", "198.51.100.66"}) {
        const std::size_t at = masked.find(marker);
        INFO(marker << " in: "
                    << masked.substr(at == std::string::npos ? 0 : at - std::min<std::size_t>(at, 60), 120));
        CHECK(at == std::string::npos);
    }
    CHECK(replay::parse_capture(masked));
}
