#include "tests/render/answers.h"

#include "tests/render/reports.h"

namespace test {

render::Origin origin() {
    return {"db1", "6.1.0-18-amd64", 1772330405};
}

facts::NetnsStates busy_states() {
    facts::NetnsStates netns;
    netns.label = "this namespace";
    netns.id = 4026531840;
    netns.states = {{"LISTEN", 12, 4},          {"SYN_SENT", 3, 0},      {"SYN_RECV", 0, 0},
                    {"ESTABLISHED", 1204, 193}, {"FIN_WAIT1", 1, 0},     {"FIN_WAIT2", 17, 2},
                    {"CLOSING", 0, 0},          {"TIME_WAIT", 28110, 4}, {"CLOSE_WAIT", 42, 0},
                    {"LAST_ACK", 0, 0},         {"CLOSE", 0, 0},         {"BOUND", {}, {}}};
    netns.source = "sock_diag";
    netns.sockstat = {1279, 199, 5, 28131, 1502, 311};
    netns.summary = {
        1790,
        29633,
        1397,
        28155,
        {{"RAW", 1, 0}, {"UDP", 9, 4}, {"TCP", 1279, 199}, {"INET", 1289, 203}, {"FRAG", 0, {}}}};
    netns.gaps = {{"BOUND sockets", base::Why::not_collected, "costs another walk of the socket table"}};
    return netns;
}

facts::NetnsStates unknown_states() {
    facts::NetnsStates netns = busy_states();
    netns.label = "web";
    netns.id = 4026532200;
    netns.source = "";
    netns.sockstat = {};
    netns.summary = {};
    netns.gaps.clear();
    netns.unknown = base::Gap{"the socket table", base::Why::denied, "Permission denied"};
    return netns;
}

facts::Destination busy_destination() {
    facts::Destination destination;
    destination.local = "192.0.2.1";
    destination.remote = "192.0.2.7";
    destination.remote_port = 443;
    destination.connections = 950;
    destination.states = {{"SYN_SENT", 0}, {"ESTABLISHED", 10}, {"FIN_WAIT1", 0},  {"FIN_WAIT2", 0},
                          {"CLOSING", 0},  {"TIME_WAIT", 940},  {"CLOSE_WAIT", 0}, {"LAST_ACK", 0}};
    destination.established = 10;
    destination.time_wait = 940;
    destination.usable = 1000;
    destination.in_use = 950;
    destination.blocked = 3;
    destination.blocked_by = facts::BlockedBy{1, 0, 0, 0, 2};
    destination.holders = {
        {"nginx.service, nginx (pid 812)", 30, false},
        {"\x1b[31mcurl|\n (pid 4711)", 4, false},
        {"TIME_WAIT, no process; by its live connections nginx.service, nginx (pid 812)", 9, true}};
    destination.free = 47;
    destination.free_min = 40;
    destination.free_max = 47;
    destination.used_percent = 95.3;
    destination.inferred_because = "7 ports may be taken by bind() before connect()";
    destination.reuse = {false, false, 0, "net.ipv4.tcp_tw_reuse is 0"};
    destination.entries_5s = 15.6;
    destination.entries_15s = 15.4;
    destination.entries_60s = 15.5;
    destination.sustainable_rate = 16.2;
    destination.load_percent = 95.7;
    destination.load_percent_15s = 95.1;
    destination.peak_percent = 96.1;
    return destination;
}

facts::Destination idle_destination() {
    facts::Destination destination;
    destination.remote = "2001:db8::7";
    destination.remote_port = 5432;
    destination.states = {{"ESTABLISHED", 0}, {"TIME_WAIT", 0}};
    destination.usable = 1000;
    destination.free = destination.free_min = destination.free_max = 1000;
    destination.reuse = {true, false, 0, "net.ipv4.tcp_tw_reuse is 1 and both ends use timestamps"};
    destination.sustainable_rate = 1000;
    return destination;
}

facts::NetnsPorts busy_ports() {
    facts::NetnsPorts netns;
    netns.label = "this namespace";
    netns.id = 4026531840;
    netns.low = 40000;
    netns.high = 40999;
    netns.size = 1000;
    netns.destinations = {busy_destination(), busy_destination(), busy_destination()};
    facts::Destination& rising = netns.destinations[1];
    rising.remote = "2001:db8:1234:5678:9abc:def0:1234:5678";
    rising.local = "2001:db8:1234:5678:9abc:def0:1234:1";
    rising.remote_port = 8443;
    rising.connections = 301;
    rising.free = rising.free_min = rising.free_max = 699;
    rising.used_percent = 30.1;
    rising.exhausted_in = 42.4;
    rising.entries_5s = 16500;
    rising.inferred_because.clear();
    facts::Destination& foreign = netns.destinations[2];
    foreign.remote = hostile_text();
    foreign.local.reset();
    foreign.free = foreign.free_min = foreign.free_max = 1000;
    foreign.used_percent = 0;
    foreign.entries_5s = 0;
    foreign.time_wait = 0;
    return netns;
}

facts::NetnsPorts unknown_ports() {
    facts::NetnsPorts netns;
    netns.label = "web";
    netns.id = 4026532200;
    netns.unknown = base::Gap{"net.ipv4.ip_local_port_range", base::Why::denied, "Permission denied"};
    return netns;
}

} // namespace test
