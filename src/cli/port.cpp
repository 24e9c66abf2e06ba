// port: may a program have this local port, who holds it, and how to keep it free.
#include "cli/commands.h"

#include "base/number.h"
#include "cli/observe.h"
#include "cli/output.h"
#include "model/local_port.h"

#include <sstream>

namespace cli {

namespace {

std::optional<std::uint16_t> port_in(const Options& options) {
    if (options.arguments.size() != 1) {
        return std::nullopt;
    }
    std::string_view text = options.arguments.front();
    text.remove_prefix(text.starts_with(':') ? 1 : 0);
    const auto port = base::parse_port(text);
    return port && *port != 0 ? port : std::nullopt;
}

} // namespace

int port(const Options& options) {
    const auto asked = port_in(options);
    if (!asked) {
        return fail(options, "port needs one argument: the number of a local TCP port, 1 to 65535; 'getent "
                             "services NAME' tells it");
    }
    const auto assumed = assumptions(options);
    if (!assumed) {
        return fail(options, assumed.error().what);
    }
    model::ModelNeeds needs;
    needs.local_port = asked;
    const auto observed = observe(options, *assumed, needs);
    if (!observed) {
        return fail(options, observed.error().what);
    }
    std::vector<facts::PortAnswer> answers;
    for (const snapshot::Netns& netns : observed->host.namespaces) {
        answers.push_back(model::local_port_answer(netns, netns.sysctls.assuming(*assumed)));
        answers.back().netns_path = netns.path;
        answers.back().on_node = observed->host.sysctls_are_read_only;
    }
    std::ostringstream out;
    format_of(options).port(origin_of(observed->host, *assumed), answers, style_for(options), out);
    return deliver_or_fail(options, out.str(), exit_of_answers(answers));
}

} // namespace cli
