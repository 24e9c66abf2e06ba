// The five hosts and their healthy days: what a host of that kind does when nothing is wrong, with its
// deploys, its nightly jobs and the small accidents that nobody wants to be woken for.
#pragma once

#include "tests/day/host_model.h"

#include <array>
#include <string_view>

namespace day {

struct Kind {
    std::string_view name;
    HostModel (*make)(double begin); // begin: seconds since midnight
};

HostModel web_server(double begin);
HostModel websocket_proxy(double begin);
HostModel batch_host(double begin);
HostModel jvm_pools(double begin);
HostModel kubernetes_node(double begin);

inline constexpr std::array<Kind, 5> kinds{{
    {"web server", web_server},
    {"websocket proxy", websocket_proxy},
    {"batch host", batch_host},
    {"JVM pools", jvm_pools},
    {"Kubernetes node", kubernetes_node},
}};

/// "14:05:20" is moment(14, 5, 20). Hours count on after midnight: 25 is one o'clock of the next day.
constexpr double moment(int hours, int minutes, int seconds = 0) {
    return hours * 3600.0 + minutes * 60.0 + seconds;
}

} // namespace day
