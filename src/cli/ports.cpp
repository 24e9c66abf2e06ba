// ports: would connect() succeed, from each source that is in use and from the one that routing chooses?
#include "cli/commands.h"

#include "base/number.h"
#include "base/text.h"
#include "cli/observe.h"
#include "cli/output.h"
#include "model/ports_answer.h"
#include "model/reach.h"

#include <sstream>

namespace cli {

namespace {

/// `device`: name or number of an interface, which each namespace has its own of.
struct Asked {
    model::PortsQuery query;
    std::optional<std::string> device;
};

/// Takes "%eth0" out of "[fe80::1%eth0]:443" or "192.0.2.1%eth0:443"; none if there is no '%'.
std::optional<std::string> cut_device(std::string& to) {
    const std::size_t from = to.find('%');
    if (from == std::string::npos) {
        return std::nullopt;
    }
    const std::size_t end = std::min(to.find_first_of("]:", from), to.size());
    const std::string device = to.substr(from + 1, end - from - 1);
    to.erase(from, end - from);
    return device;
}

/// The number of an interface may be higher than that of any port.
std::optional<std::uint32_t> device_number(kernel::Machine& machine, const std::string& device) {
    const auto number = base::parse_unsigned(device);
    return number && *number <= UINT32_MAX ? std::optional(static_cast<std::uint32_t>(*number))
                                           : machine.device(device);
}

base::Error wrong_to(const std::string& given, std::string_view expected) {
    return base::Error{"--to '" + base::printable(given) + "': expected " + std::string(expected)};
}

/// ":5432" or "*:5432".
std::optional<std::string_view> bare_port(std::string_view to) {
    for (const std::string_view start : {":", "*:"}) {
        if (to.starts_with(start) && to.find(':', start.size()) == std::string_view::npos) {
            return to.substr(start.size());
        }
    }
    return std::nullopt;
}

/// What --to says goes into `asked`.
base::Status take_to(const std::string& given, Asked& asked) {
    model::PortsQuery& query = asked.query;
    constexpr std::string_view expected =
        "ADDRESS:PORT, such as 192.0.2.1:443 or [2001:db8::1]:443, or :PORT for every address in use";
    if (const auto port = bare_port(given)) {
        query.to_port = base::parse_port(*port);
        return query.to_port && *query.to_port != 0 ? base::Status(base::Nothing{})
                                                    : base::Status(wrong_to(given, expected));
    }
    std::string to = given;
    if (const auto device = cut_device(to); device) {
        if (device->empty()) {
            return wrong_to(given, "an interface after '%' (ip link shows them), or no '%'");
        }
        if (asked.device && *asked.device != *device) {
            return base::Error{"--to and --device name different interfaces"};
        }
        asked.device = *device;
    }
    query.to = snapshot::parse_end_point(to);
    if (!query.to) {
        return wrong_to(given,
                        std::string(expected) + "; a name is not looked up, 'getent ahosts NAME' does it");
    }
    if (query.to->address.is_wildcard()) { // connect() takes it for loopback
        query.to->address = *snapshot::Address::parse(query.to->address.is_v4() ? "127.0.0.1" : "::1");
    }
    return base::Nothing{};
}

base::Status take_from(const std::string& given, model::PortsQuery& query) {
    query.from = snapshot::Address::parse(given);
    if (!query.from) {
        return base::Error{"--from '" + base::printable(given) + "': expected an IP address"};
    }
    if (query.from->is_wildcard()) {
        return base::Error{"--from '" + base::printable(given) +
                           "': name the address, or leave --from out for the one that routing chooses"};
    }
    return base::Nothing{};
}

base::Result<Asked> asked_of(const Options& options) {
    Asked asked;
    asked.device = options.device;
    model::PortsQuery& query = asked.query;
    if (options.to) {
        if (const base::Status taken = take_to(*options.to, asked); !taken) {
            return taken.error();
        }
    }
    if (options.from) {
        if (const base::Status taken = take_from(*options.from, query); !taken) {
            return taken.error();
        }
    }
    if (query.to && query.from && query.to->address.is_v4() != query.from->is_v4()) {
        return base::Error{"--to and --from must be of one address family"};
    }
    query.top = options.top;
    query.order = options.sort == "connections" ? model::PortsQuery::Order::connections
                  : options.sort == "rate"      ? model::PortsQuery::Order::rate
                  : options.sort == "left"      ? model::PortsQuery::Order::left
                                                : model::PortsQuery::Order::used;
    return asked;
}

/// What comes before the ports: the route from this source, and whether it is the one that routing chooses.
void add_route(kernel::Machine& machine, facts::Destination& destination) {
    snapshot::RouteQuery asked{*snapshot::Address::parse(destination.remote), {}, destination.device};
    const auto usual = machine.route(asked);
    if (destination.local) {
        asked.from = snapshot::Address::parse(*destination.local);
        destination.routed =
            usual ? std::optional(usual->source && usual->source == asked.from) : std::nullopt;
    }
    const bool is_usual = !asked.from || destination.routed == true;
    if (const auto route = is_usual ? usual : machine.route(asked)) {
        destination.reach = model::reach_of(asked, *route);
    }
}

std::optional<snapshot::Address> routed_source(kernel::Machine& machine, const model::PortsQuery& query) {
    if (!query.to || query.from) {
        return std::nullopt;
    }
    const auto route = machine.route({query.to->address, {}, query.device.value_or(0)});
    return route ? route->source : std::nullopt;
}

/// None if it has no such interface. Of one that was not seen nobody knows which it has.
std::optional<facts::NetnsPorts> netns_answer(Observation& observed, std::size_t place,
                                              const model::Assumptions& assumed, const Asked& asked) {
    const snapshot::Netns& netns = observed.host.namespaces[place];
    kernel::Machine& machine = *observed.targets[place].machine;
    model::PortsQuery query = asked.query;
    if (asked.device && !(query.device = device_number(machine, *asked.device)) && !netns.lost_sockets) {
        return std::nullopt;
    }
    query.routed = routed_source(machine, query);
    facts::NetnsPorts answer = model::ports_answer(netns, netns.sysctls.assuming(assumed), query);
    if (query.to || query.to_port) {
        for (facts::Destination& destination : answer.destinations) {
            add_route(machine, destination);
        }
    }
    return answer;
}

} // namespace

int ports(const Options& options) {
    const auto asked = asked_of(options);
    if (!asked) {
        return fail(options, asked.error().what);
    }
    const auto assumed = assumptions(options);
    if (!assumed) {
        return fail(options, assumed.error().what);
    }
    model::ModelNeeds needs;
    needs.exact_ports = true;
    needs.towards = asked->query.to;
    needs.holders = asked->query.to_port.has_value();
    auto observed = observe(options, *assumed, needs);
    if (!observed) {
        return fail(options, observed.error().what);
    }
    const model::Assumptions judged = with_default_range(observed->host, *assumed).value_or(*assumed);
    std::vector<facts::NetnsPorts> answers;
    for (std::size_t place = 0; place < observed->host.namespaces.size(); ++place) {
        if (auto answer = netns_answer(*observed, place, judged, *asked)) {
            answers.push_back(std::move(*answer));
        }
    }
    if (answers.empty() && asked->device) {
        return fail(options, "there is no interface '" + base::printable(*asked->device) +
                                 (options.replay ? "' in a replay: it tells numbers only"
                                                 : "' here; ip link shows those that there are"));
    }
    std::ostringstream out;
    const auto view = options.to ? render::PortsView::asked : render::PortsView::table;
    format_of(options).ports(origin_of(observed->host, judged), answers, view, style_for(options), out);
    return deliver_or_fail(options, out.str(), exit_of_answers(answers));
}

} // namespace cli
