// Two Java services whose HTTP pools keep connections longer than the servers do: in quiet hours the servers
// close, and nobody reads the end of file before the pool is used again.
#include "tests/day/hosts.h"
#include "tests/day/hosts/curves.h"

namespace day {
namespace {

void set_loads(HostModel& jvm) {
    const double now = jvm.kernel.now;
    const double requests =
        restless(now, 0.15) *
        level(now, {{0, 3}, {6, 3}, {9, 60}, {12, 80}, {13, 50}, {15, 80}, {20, 10}, {24, 3}});
    jvm.service("orders").rate = requests;
    jvm.service("orders").clients = 3 * requests;
    jvm.service("billing").rate = requests / 4;
    jvm.service("billing").clients = requests;
    jvm.upstream("catalog").rate = requests / 20;
    jvm.gauges.tcp_pages = 3000 + 20 * requests;
    // a firewall resets what is idle for an hour, and the pool does not look before the morning
    const double reset = level(now, {{0, 150}, {6.5, 150}, {7.5, 0}, {20.5, 0}, {22.5, 150}, {24, 150}});
    jvm.gauges.dead_sockets = 90 + 0.2 * requests + 20 * restless(now, 1) + reset;
}

/// The servers close so many connections, one after the other, in the time given.
void idle(HostModel& host, const char* pool, double from, double to, int connections) {
    for (int i = 0; i < connections; ++i) {
        host.at(from + (to - from) * i / connections,
                [pool](HostModel& jvm) { jvm.upstream(pool).leave_open(1, Eof::unread, jvm.kernel); });
    }
}

/// The pool is used again, finds them closed and makes new ones.
void awake(HostModel& host, const char* pool, double from, double to, int connections) {
    for (int i = 0; i < connections; ++i) {
        host.at(from + (to - from) * i / connections,
                [pool](HostModel& jvm) { jvm.upstream(pool).close_left_open(1); });
    }
}

} // namespace

HostModel jvm_pools(double begin) {
    HostModel host("jvm", 44, begin);
    const Program orders{"java", "orders.service", 2000, 1001, 2001};
    const Program billing{"java", "billing.service", 2100, 1002, 2101, 4096};
    const auto tomcat = [](std::uint16_t port, const Program& program) {
        return Service::Traits{
            .address = "0.0.0.0", .port = port, .backlog = 100, .program = program, .closes_first = 0.3};
    };
    host.add("orders", tomcat(8080, orders));
    host.add("billing", tomcat(8081, billing));
    host.add("ledger", Upstream::Traits{"10.3.0.2", "10.3.0.5", 8443, orders}).pool = 150;
    host.add("catalog", Upstream::Traits{"10.3.0.2", "10.3.0.6", 8080, orders}).pool = 40;
    host.add("mail", Upstream::Traits{"10.3.0.2", "10.3.0.7", 8025, billing}).pool = 15;
    host.add("postgres", Upstream::Traits{"10.3.0.2", "10.3.0.8", 5432, orders}).pool = 50;
    host.every_second = set_loads;
    // the night before, lunch, and the evening
    idle(host, "ledger", moment(0, 5), moment(0, 40), 150);
    idle(host, "catalog", moment(0, 10), moment(0, 50), 30);
    awake(host, "ledger", moment(6, 30), moment(8, 30), 150);
    awake(host, "catalog", moment(6, 40), moment(8, 0), 30);
    idle(host, "mail", moment(12, 40), moment(13, 10), 12);
    awake(host, "mail", moment(14, 30), moment(14, 40), 12);
    idle(host, "ledger", moment(19, 30), moment(21, 30), 150);
    idle(host, "catalog", moment(20, 0), moment(22, 0), 30);
    // an error path that forgets to close, now and then
    for (const double when : {moment(9, 12), moment(11, 47), moment(15, 3), moment(17, 26)}) {
        host.at(when, [](HostModel& jvm) { jvm.upstream("mail").leave_open(1, Eof::read, jvm.kernel); });
    }
    // garbage collection
    for (const double when : {moment(9, 40, 16), moment(11, 58, 40), moment(15, 12, 16), moment(16, 45, 5)}) {
        host.at(when, [](HostModel& jvm) { jvm.service("orders").pause(2); });
    }
    host.at(moment(14, 0, 20), [](HostModel& jvm) { // a deploy
        for (const char* pool : {"ledger", "catalog", "postgres"}) {
            jvm.upstream(pool).end_pool(Closer::host, jvm.kernel);
        }
        jvm.service("orders").pause(1);
    });
    return host;
}

} // namespace day
