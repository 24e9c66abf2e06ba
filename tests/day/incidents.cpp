#include "tests/day/incidents.h"

#include <cmath>

namespace day {
namespace {

bool at_once(const HostModel&, const Counted&) {
    return true;
}

bool connect_fails(const HostModel& host, const Counted& before) {
    return host.kernel.counted.failed_connects > before.failed_connects;
}

bool turns_clients_away(const HostModel& host, const Counted& before) {
    return host.kernel.counted.listen_overflows > before.listen_overflows;
}

Incident no_keep_alive() {
    Incident made{"connections without keep-alive to the database", web_server, moment(14, 5, 20),
                  moment(15, 35, 20)};
    made.begins = [](HostModel& web) { web.upstream("database").more = 500; };
    made.ends = [](HostModel& web) { web.upstream("database").more = 0; };
    made.harm = "the first connect() fails";
    made.harms = connect_fails;
    return made;
}

Incident half_of_the_ports() {
    Incident made{"the database's ports hover about the half", web_server, moment(14, 5, 20),
                  moment(16, 5, 20)};
    made.every_second = [](HostModel& web) {
        const double wanted =
            231 * (1 + 0.06 * std::sin(web.kernel.now / 97) + 0.04 * std::sin(web.kernel.now / 31));
        web.upstream("database").more = wanted - web.upstream("database").rate;
    };
    made.ends = [](HostModel& web) { web.upstream("database").more = 0; };
    made.harm = "half of the ports are taken, connect() is slow";
    made.harms = [](const HostModel& web, const Counted&) {
        return web.upstream("database").ports_held() > 14'116;
    };
    return made;
}

Incident dead_back_end() {
    Incident made{"a back end is dead", websocket_proxy, moment(13, 30, 10), moment(14, 40, 10)};
    made.begins = [](HostModel& proxy) { proxy.upstream("app-2").answers = false; };
    made.ends = [](HostModel& proxy) { proxy.upstream("app-2").answers = true; };
    made.harm = "the first SYN is not answered";
    made.harms = at_once;
    return made;
}

Incident forgotten_connections() {
    Incident made{"a firewall forgets open connections", websocket_proxy, moment(13, 30, 10),
                  moment(13, 45, 34)}; // then the kernel gives up, and the pool is made anew
    made.begins = [](HostModel& proxy) { proxy.upstream("app-3").forgotten = true; };
    made.harm = "the first data are not acknowledged";
    made.harms = at_once;
    return made;
}

Incident deaf_clients() {
    Incident made{"nothing gets back from the clients", websocket_proxy, moment(10, 0, 40),
                  moment(10, 12, 40)};
    made.begins = [](HostModel& proxy) { proxy.service("wss").reachable = false; };
    made.ends = [](HostModel& proxy) { proxy.service("wss").reachable = true; };
    made.harm = "half of the clients wait for an answer";
    made.harms = [](const HostModel& proxy, const Counted&) {
        return proxy.kernel.now >= moment(10, 0, 40) + 25;
    };
    return made;
}

Incident close_wait_leak() {
    Incident made{"an error path does not close", jvm_pools, moment(10, 10, 50), moment(12, 10, 50)};
    made.every_second = [](HostModel& jvm) {
        jvm.upstream("catalog").leave_open(jvm.kernel.random.events(1 / 12.0), Eof::read, jvm.kernel);
        jvm.upstream("catalog").pool = 40 + static_cast<double>(jvm.upstream("catalog").left_open());
    };
    made.ends = [](HostModel& jvm) {
        jvm.upstream("catalog").end_pool(Closer::host, jvm.kernel);
        jvm.upstream("catalog").pool = 40;
    };
    made.harm = "20 connections have been leaked for 5 minutes: before, it may be a busy moment";
    made.harms = [](const HostModel& jvm, const Counted&) {
        return jvm.upstream("catalog").left_open_for(300, jvm.kernel.now) >= 20;
    };
    return made;
}

Incident stalled_accept_loop() {
    Incident made{"an accept loop stands still", jvm_pools, moment(15, 20, 40), moment(16, 30, 40)};
    made.begins = [](HostModel& jvm) { jvm.service("orders").accepts = 0; };
    made.ends = [](HostModel& jvm) { jvm.service("orders").accepts = 20'000; };
    made.harm = "the first client is turned away";
    made.harms = turns_clients_away;
    return made;
}

Incident syn_flood() {
    Incident made{"a SYN flood in waves, cookies are off", web_server, moment(16, 40, 30), moment(18, 0, 30)};
    made.begins = [](HostModel& web) {
        web.set_sysctl("net.ipv4.tcp_syncookies", "0");
        web.kernel.syn_cookies = false;
    };
    made.every_second = [](HostModel& web) { // seven minutes of flood, two of rest
        const double phase = std::fmod(web.kernel.now - moment(16, 40, 30), 540);
        web.service("https").flood = phase < 420 ? 3000 : 0;
    };
    made.ends = [](HostModel& web) { web.service("https").flood = 0; };
    made.harm = "the first SYN is dropped";
    made.harms = [](const HostModel& web, const Counted& before) {
        return web.kernel.counted.syn_queue_drops > before.syn_queue_drops;
    };
    return made;
}

/// The table goes towards this share of its limit.
void fill_conntrack(HostModel& node, double share) {
    Gauges& gauges = node.gauges;
    gauges.conntrack_more += 0.02 * (share * gauges.conntrack_most - gauges.conntrack);
}

/// Entries go when their timers have run out.
void empty_conntrack(HostModel& node) {
    for (int i = 1; i < 300; ++i) {
        node.at(node.kernel.now + i, [](HostModel& each) { each.gauges.conntrack_more *= 0.97; });
    }
}

Incident full_conntrack() {
    Incident made{"the conntrack table is full", kubernetes_node, moment(11, 0, 30), moment(12, 15, 30)};
    made.every_second = [](HostModel& node) {
        fill_conntrack(node, 1.02 + 0.06 * std::sin(node.kernel.now / 150));
        const double beyond = node.gauges.conntrack - node.gauges.conntrack_most;
        node.kernel.counted.conntrack_drops += node.kernel.random.events(beyond / 60);
    };
    made.ends = empty_conntrack;
    made.harm = "the first packet is dropped";
    made.harms = [](const HostModel& node, const Counted&) {
        return node.gauges.conntrack >= node.gauges.conntrack_most;
    };
    return made;
}

Incident conntrack_at_three_quarters() {
    Incident made{"conntrack hovers about three quarters", kubernetes_node, moment(11, 0, 30),
                  moment(13, 0, 30)};
    made.every_second = [](HostModel& node) {
        fill_conntrack(node, 0.75 + 0.02 * std::sin(node.kernel.now / 200));
    };
    made.ends = empty_conntrack;
    made.harm = "three quarters of the table are used";
    made.harms = [](const HostModel& node, const Counted&) {
        return node.gauges.conntrack > 0.75 * node.gauges.conntrack_most;
    };
    return made;
}

Incident few_time_wait_buckets() {
    Incident made{"somebody lowers tcp_max_tw_buckets", web_server, moment(12, 15, 30), moment(13, 45, 30)};
    const auto set = [](const char* text, std::uint32_t most) {
        return [text, most](HostModel& web) {
            web.set_sysctl("net.ipv4.tcp_max_tw_buckets", text);
            web.kernel.most_time_waits = most;
        };
    };
    made.begins = set("16384", 16'384);
    made.ends = set("262144", 262'144);
    made.harm = "the first connection ends without TIME_WAIT";
    made.harms = [](const HostModel& web, const Counted& before) {
        return web.kernel.counted.time_wait_overflows > before.time_wait_overflows;
    };
    return made;
}

Incident memory_pressure() {
    Incident made{"clients do not read, TCP memory is short", websocket_proxy, moment(15, 10, 30),
                  moment(16, 20, 30)};
    made.every_second = [](HostModel& proxy) { // the kernel pushes back, again and again
        const double part = std::min((proxy.kernel.now - moment(15, 10, 30)) / 600, 1.0);
        const double squeezed = 253'024 * (1.0 + 0.08 * std::sin(proxy.kernel.now / 140));
        proxy.gauges.tcp_pages += part * (squeezed - proxy.gauges.tcp_pages);
    };
    made.harm = "the kernel is under pressure";
    made.harms = [](const HostModel& proxy, const Counted&) { return proxy.gauges.tcp_pages > 253'024; };
    return made;
}

Incident growing_pool() {
    Incident made{"a pool without a limit", jvm_pools, moment(10, 0, 30), moment(11, 10, 30)};
    made.every_second = [](HostModel& jvm) { jvm.upstream("ledger").pool += jvm.kernel.random.events(20); };
    made.ends = [](HostModel& jvm) {
        jvm.upstream("ledger").end_pool(Closer::host, jvm.kernel);
        jvm.upstream("ledger").pool = 150;
    };
    made.harm = "the first connect() fails";
    made.harms = connect_fails;
    return made;
}

Incident loss() {
    Incident made{"a path loses 8 % of the packets", web_server, moment(14, 0, 30), moment(15, 10, 30)};
    made.every_second = [](HostModel& web) { web.kernel.loss = 0.08 + 0.02 * std::sin(web.kernel.now / 83); };
    made.ends = [](HostModel& web) { web.kernel.loss = 0.013; };
    made.harm = "the loss begins";
    made.harms = at_once;
    made.bound = 5 * 60;
    made.because = "a route that changes loses packets for two minutes, too: the rule waits for 150 s";
    return made;
}

Incident dead_sockets() {
    Incident made{"sockets leak after errors", jvm_pools, moment(9, 0, 30), moment(13, 0, 30)};
    made.every_second = [](HostModel& jvm) {
        jvm.gauges.dead_sockets += 0.2 * (jvm.kernel.now - moment(9, 0, 30));
    };
    made.harm = "the first socket leaks";
    made.harms = at_once;
    made.bound = 62 * 60;
    made.because = "the rule compares two times of 25 minutes each, from samples 4 minutes apart";
    return made;
}

Incident narrow_range() {
    Incident made{"somebody narrows ip_local_port_range", web_server, moment(12, 25, 30), moment(13, 55, 30)};
    made.begins = [](HostModel& web) { web.change_port_range({40'000, 41'999}); };
    made.ends = [](HostModel& web) { web.change_port_range({32'768, 60'999}); };
    made.harm = "the first connect() fails";
    made.harms = connect_fails;
    return made;
}

} // namespace

std::vector<Incident> incidents() {
    return {no_keep_alive(),
            half_of_the_ports(),
            narrow_range(),
            growing_pool(),
            dead_back_end(),
            forgotten_connections(),
            deaf_clients(),
            close_wait_leak(),
            dead_sockets(),
            stalled_accept_loop(),
            syn_flood(),
            full_conntrack(),
            conntrack_at_three_quarters(),
            few_time_wait_buckets(),
            memory_pressure(),
            loss()};
}

} // namespace day
