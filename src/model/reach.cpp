#include "model/reach.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace model {
namespace {

using snapshot::Route;
using snapshot::RouteQuery;

std::string_view family_of(const snapshot::Address& address) {
    return address.is_v4() ? "IPv4" : "IPv6";
}

std::string reason_of(const RouteQuery& asked, const Route& route) {
    const std::string remote = asked.remote.to_text();
    if (route.failed == Route::Step::bind) {
        return route.error == "EADDRNOTAVAIL"
                   ? fmt::format("{} is not an address of this host", asked.from->to_text())
                   : fmt::format("the kernel does not take {} as a source", asked.from->to_text());
    }
    if (asked.remote.is_multicast()) {
        return "TCP does not connect to a multicast address";
    }
    if (route.error == "ENETUNREACH") {
        return fmt::format("there is no route to {}", remote);
    }
    if (route.error == "EADDRNOTAVAIL") {
        return fmt::format("this host has no {} address to connect from", family_of(asked.remote));
    }
    if (route.error == "EAFNOSUPPORT") {
        return fmt::format("{} is switched off on this host", family_of(asked.remote));
    }
    if (route.error == "EHOSTUNREACH") {
        return fmt::format("a route declares {} unreachable", remote);
    }
    if (route.error == "EACCES") {
        return fmt::format("a route prohibits connections to {}", remote);
    }
    if (route.error == "EPERM") {
        return "a firewall or a program of the control group refuses it";
    }
    if (route.error == "ENODEV") {
        return "there is no such interface";
    }
    if (asked.remote.is_link_local() && asked.device == 0) {
        return "a link-local address needs its interface: [ADDRESS%INTERFACE]:PORT";
    }
    return asked.from ? fmt::format("routing takes nothing from {} to {}", asked.from->to_text(), remote)
                      : fmt::format("routing takes nothing to {}", remote);
}

} // namespace

facts::Reach reach_of(const RouteQuery& asked, const Route& route) {
    facts::Reach reach;
    reach.possible = route.failed == Route::Step::none;
    if (!reach.possible) {
        reach.call = route.failed == Route::Step::bind ? "bind()" : "connect()";
        reach.error = route.error;
        reach.reason = reason_of(asked, route);
    }
    return reach;
}

namespace {

/// Where a run of ports lies and how many of its ports the flow holds.
facts::PortBand extended(facts::PortBand band, const snapshot::PortSet& held) {
    while (band.low > 0 && held.test(band.low - 1)) {
        --band.low;
    }
    while (band.high < held.size() - 1 && held.test(band.high + 1)) {
        ++band.high;
    }
    for (std::size_t port = band.low; port <= band.high; ++port) {
        band.in_use += held.test(port) ? 1 : 0;
    }
    return band;
}

} // namespace

std::optional<facts::PortBand> own_range(const snapshot::Census& census, const snapshot::Flow& flow,
                                         const EphemeralPorts& ports) {
    constexpr std::uint32_t fewest_odd = 8; // so many side by side are no chance
    snapshot::PortSet held;
    for (std::size_t i = 0; i < census.record_count(); ++i) {
        const snapshot::SocketRecord& record = census.record(i);
        if (census.flows()[record.flow].same_as(flow)) {
            held.set(record.port);
        }
    }
    held &= ports.eligible;
    if (census.explicit_ports() != nullptr) {
        held &= ~*census.explicit_ports(); // a program that chooses its ports itself
    }
    facts::PortBand band;
    std::uint32_t odd = 0;
    for (std::uint32_t port = ports.range.low; port <= ports.range.high; ++port) {
        if (held.test(port) && (port ^ ports.parity_low) % 2 == 1) {
            band.low = odd == 0 ? port : band.low;
            band.high = port;
            ++odd;
        }
    }
    if (odd < fewest_odd) {
        return std::nullopt;
    }
    band = extended(band, held);
    const bool narrow = band.size() * 2 <= ports.range.size();
    const bool dense = band.in_use * 4 >= band.size() * 3; // the even ones alone are half of it
    return narrow && dense ? std::optional(band) : std::nullopt;
}

} // namespace model
