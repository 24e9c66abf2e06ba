// HAProxy with 15 000 websockets over three back ends.
#include "tests/day/hosts.h"
#include "tests/day/hosts/curves.h"

#include <fmt/format.h>

namespace day {
namespace {

constexpr const char* apps[] = {"app-1", "app-2", "app-3"};

void set_proxy_loads(HostModel& proxy) {
    const double now = proxy.kernel.now;
    const double clients =
        restless(now, 0.01) * level(now, {{0, 14'000}, {5, 13'000}, {9, 15'000}, {20, 15'000}, {24, 14'000}});
    proxy.service("wss").rate = clients / 700;
    proxy.service("wss").clients = clients;
    for (const char* app : apps) {
        proxy.upstream(app).rate = clients / 2100; // those that come and go
        proxy.upstream(app).pool = clients / 3;
    }
    proxy.gauges.tcp_pages = 60'000 * restless(now, 0.2);
}

/// A back end is restarted: its clients come back at once, over the proxy, to any of them.
void deploy(HostModel& host, double when, const char* app) {
    host.at(when, [app](HostModel& proxy) {
        proxy.upstream(app).end_pool(Closer::peer, proxy.kernel);
        proxy.service("wss").herd(5000);
    });
}

/// The proxy itself: all clients come back within two seconds.
void restart(HostModel& host, double when) {
    host.at(when, [](HostModel& proxy) {
        for (const char* app : apps) {
            proxy.upstream(app).end_pool(Closer::host, proxy.kernel);
        }
        proxy.service("wss").pause(1);
        proxy.service("wss").herd(9000);
    });
    host.at(when + 1, [](HostModel& proxy) { proxy.service("wss").herd(6000); });
}

/// A firewall between hands over to its twin: for so long nothing is answered.
void fail_over(HostModel& host, double when, double seconds) {
    const auto set_answers = [](bool answers) {
        return [answers](HostModel& proxy) {
            for (const char* app : apps) {
                proxy.upstream(app).answers = answers;
            }
        };
    };
    host.at(when, set_answers(false));
    host.at(when + seconds, set_answers(true));
}

/// The clients' way here: a router of the provider is restarted.
void cut_off(HostModel& host, double when, double seconds) {
    host.at(when, [](HostModel& proxy) { proxy.service("wss").reachable = false; });
    host.at(when + seconds, [](HostModel& proxy) { proxy.service("wss").reachable = true; });
}

} // namespace

HostModel websocket_proxy(double begin) {
    HostModel host("proxy", 22, begin);
    const Program haproxy{"haproxy", "haproxy.service", 700, 110, 701, 100'000};
    Service& wss = host.add("wss", Service::Traits{.address = "0.0.0.0",
                                                   .port = 443,
                                                   .backlog = 4096,
                                                   .program = haproxy,
                                                   .closes_first = 0.1,
                                                   .vanishing = 0.05,
                                                   .segments = 30});
    wss.accepts = 4000;
    for (std::uint16_t number = 1; number <= 3; ++number) {
        const auto port = static_cast<std::uint16_t>(8000 + number);
        Upstream& app =
            host.add(fmt::format("app-{}", number), Upstream::Traits{"10.1.0.2", "10.1.0.11", port, haproxy});
        app.pool_pace = 1000;
        app.traits.hold = 20;
    }
    host.every_second = set_proxy_loads;
    host.kernel.loss = 0.02;
    deploy(host, moment(11, 20, 5), apps[0]);
    deploy(host, moment(11, 22, 16), apps[1]);
    deploy(host, moment(11, 24, 40), apps[2]);
    restart(host, moment(4, 10, 15)); // just before the check looks
    fail_over(host, moment(6, 40, 4), 15);
    cut_off(host, moment(17, 44, 50), 50);
    return host;
}

} // namespace day
