// nginx with PHP: up to 400 clients a second, whose TIME_WAITs lie here, and a database without keep-alive.
#include "tests/day/hosts.h"
#include "tests/day/hosts/curves.h"

namespace day {
namespace {

constexpr double usual_loss = 0.013; // many clients are on radio links

void set_web_loads(HostModel& web) {
    const double now = web.kernel.now;
    const double clients =
        restless(now, 0.1) *
        level(now, {{0, 60}, {5, 40}, {9, 250}, {12, 380}, {14, 350}, {20, 400}, {23, 120}, {24, 60}});
    web.service("https").rate = clients;
    web.service("https").clients = 8 * clients;
    web.upstream("database").rate = 0.3 * clients;
    web.upstream("search").rate = 0.05 * clients;
    web.gauges.tcp_pages = 8000 + 40 * clients;
    web.gauges.dead_sockets = 60 * restless(now, 0.5);
}

/// A route flaps.
void lose(HostModel& host, double from, double seconds, double loss) {
    host.at(from, [loss](HostModel& web) { web.kernel.loss = loss; });
    host.at(from + seconds, [](HostModel& web) { web.kernel.loss = usual_loss; });
}

/// The workers are gone for two seconds.
void deploy(HostModel& host, double when) {
    host.at(when, [](HostModel& web) {
        web.service("https").pause(2);
        web.upstream("cache").end_pool(Closer::host, web.kernel);
    });
}

/// The disk stands still.
void stall(HostModel& host, double when, double seconds) {
    host.at(when, [seconds](HostModel& web) { web.service("https").pause(seconds); });
}

/// The database is slow for some minutes: the queue runs over for a moment in each of them.
void sprinkle(HostModel& host, double from, int minutes) {
    for (int i = 0; i < minutes; ++i) {
        host.at(from + i * minute, [](HostModel& web) {
            web.service("https").pause(1);
            web.service("https").herd(150);
        });
    }
}

} // namespace

HostModel web_server(double begin) {
    HostModel host("web", 11, begin);
    const Program nginx{"nginx", "nginx.service", 800, 33, 801};
    const Program php{"php-fpm", "php-fpm.service", 900, 33, 901, 4096};
    const Program rsync{"rsync", "backup.service", 950, 0, 951};
    host.add(
        "https",
        Service::Traits{
            .address = "0.0.0.0", .port = 443, .program = nginx, .closes_first = 0.9, .vanishing = 0.01});
    host.add("database", Upstream::Traits{"10.0.0.2", "10.0.0.5", 3306, php});
    host.add("cache", Upstream::Traits{"10.0.0.2", "10.0.0.6", 11211, php}).pool = 120;
    host.add("search", Upstream::Traits{"10.0.0.2", "10.0.0.7", 9200, php, Closer::peer});
    host.add("backup", Upstream::Traits{"10.0.0.2", "10.0.0.9", 873, rsync});
    host.every_second = set_web_loads;
    host.kernel.loss = usual_loss;
    lose(host, moment(10, 41, 5), 70, 0.08);
    lose(host, moment(18, 5, 50), 100, 0.07);
    deploy(host, moment(11, 3, 37));
    deploy(host, moment(16, 30, 16)); // just when the check looks
    stall(host, moment(12, 10, 30), 2);
    stall(host, moment(13, 20, 15), 3); // the queue is full when the check looks
    sprinkle(host, moment(20, 2, 25), 6);
    host.at(moment(2, 30), [](HostModel& web) { web.upstream("backup").pool = 8; });
    host.at(moment(3, 15), [](HostModel& web) { web.upstream("backup").pool = 0; });
    // a train full of phones goes into a tunnel
    host.at(moment(19, 0), [](HostModel& web) { web.service("https").traits.vanishing = 0.05; });
    host.at(moment(19, 3), [](HostModel& web) { web.service("https").traits.vanishing = 0.01; });
    return host;
}

} // namespace day
