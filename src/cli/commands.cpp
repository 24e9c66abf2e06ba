#include "cli/commands.h"

#include "base/number.h"
#include "base/text.h"
#include "cli/observe.h"
#include "cli/output.h"
#include "model/ports_answer.h"
#include "model/states.h"

#include <sstream>

namespace cli {
namespace {

/// The answer is complete if no namespace lacks its sockets.
template <typename Answer>
int exit_of(const std::vector<Answer>& answers) {
    constexpr int incomplete = 3;
    for (const Answer& answer : answers) {
        if (answer.unknown) {
            return incomplete;
        }
    }
    return 0;
}

int deliver_or_fail(const Options& options, const std::string& text, int exit_code) {
    if (const base::Status delivered = deliver(options, text); !delivered) {
        return fail(options, delivered.error().what);
    }
    return exit_code;
}

/// Takes "%3" out of "[fe80::1%3]:443" or "192.0.2.1%3:443"; none if there is no '%'.
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

/// The number of an interface: it may be higher than that of any port.
std::optional<std::uint32_t> device_number(std::string_view text) {
    const auto number = base::parse_unsigned(text);
    return number && *number <= UINT32_MAX ? std::optional(static_cast<std::uint32_t>(*number))
                                           : std::nullopt;
}

base::Result<model::PortsQuery> query_of(const Options& options) {
    model::PortsQuery query;
    if (options.to) {
        std::string to = *options.to;
        if (const auto device = cut_device(to); device) {
            query.device = device_number(*device);
            if (!query.device) {
                return base::Error{
                    "--to '" + base::printable(*options.to) +
                    "': expected the number of an interface after '%' (ip link shows it), or no '%'"};
            }
        }
        query.to = snapshot::parse_end_point(to);
        if (!query.to) {
            return base::Error{"--to '" + base::printable(*options.to) +
                               "': expected ADDRESS:PORT, such as 192.0.2.1:443 or [2001:db8::1]:443"};
        }
        if (query.to->address.is_wildcard()) { // connect() takes it for loopback
            query.to->address = *snapshot::Address::parse(query.to->address.is_v4() ? "127.0.0.1" : "::1");
        }
    }
    if (options.from) {
        query.from = snapshot::Address::parse(*options.from);
        if (!query.from) {
            return base::Error{"--from '" + base::printable(*options.from) + "': expected an IP address"};
        }
        if (query.from->is_wildcard()) {
            return base::Error{"--from '" + base::printable(*options.from) +
                               "': name the address, or leave --from out for the one that routing chooses"};
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
    return query;
}

} // namespace

int ports(const Options& options) {
    const auto query = query_of(options);
    if (!query) {
        return fail(options, query.error().what);
    }
    const auto assumed = assumptions(options);
    if (!assumed) {
        return fail(options, assumed.error().what);
    }
    model::Needs needs;
    needs.exact_ports = true;
    needs.towards = query->to;
    const auto observed = observe(options, *assumed, needs);
    if (!observed) {
        return fail(options, observed.error().what);
    }
    std::vector<facts::NamespacePorts> answers;
    for (std::size_t place = 0; place < observed->host.namespaces.size(); ++place) {
        const snapshot::Namespace& space = observed->host.namespaces[place];
        model::PortsQuery here = *query;
        if (here.to && !here.from) {
            here.from = observed->places[place].machine->source_towards(here.to->address);
        }
        answers.push_back(model::ports_answer(space, space.sysctls.assuming(*assumed), here));
    }
    std::ostringstream out;
    if (options.format == "json") {
        render::ports_json(origin_of(observed->host, *assumed), answers, out);
    } else {
        const auto view = options.to ? render::PortsView::one : render::PortsView::table;
        render::ports_text(origin_of(observed->host, *assumed), answers, view, style_for(options), out);
    }
    return deliver_or_fail(options, out.str(), exit_of(answers));
}

int states(const Options& options) {
    const auto assumed = assumptions(options); // no sysctl changes a count, but a mistake is a mistake
    if (!assumed) {
        return fail(options, assumed.error().what);
    }
    model::Needs needs;
    needs.bound_count = true;
    const auto observed = observe(options, *assumed, needs);
    if (!observed) {
        return fail(options, observed.error().what);
    }
    std::vector<facts::NamespaceStates> answers;
    for (const snapshot::Namespace& space : observed->host.namespaces) {
        answers.push_back(model::states_answer(space));
    }
    std::ostringstream out;
    if (options.format == "json") {
        render::states_json(origin_of(observed->host, *assumed), answers, out);
    } else {
        render::states_text(origin_of(observed->host, *assumed), answers, style_for(options), out);
    }
    return deliver_or_fail(options, out.str(), exit_of(answers));
}

} // namespace cli
