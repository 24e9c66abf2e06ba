// record: everything that any other command could ask, into one file.
#include "cli/commands.h"

#include "cli/observe.h"
#include "cli/output.h"
#include "kernel/collect.h"
#include "kernel/mask.h"
#include "kernel/privileges.h"

namespace cli {
namespace {

model::Needs everything() {
    model::Needs needs;
    needs.ports = true;
    needs.fixed_listeners = true;
    needs.exact_ports = true;
    needs.boot_sysctls = true;
    needs.bound_count = true;
    needs.effects = true;
    needs.holders = true;
    return needs;
}

} // namespace

int record(const Options& options) {
    if (options.arguments.size() != 1) {
        return fail(options, "record needs one argument: the FILE to write");
    }
    auto live = open_live(options);
    if (!live) {
        return fail(options, live.error().what);
    }
    kernel::Capture capture;
    std::vector<kernel::Place> places = kernel::recording(std::move(*live), capture);
    snapshot::Host host = collect(places, {}, everything());
    for (std::size_t place = 0; place < places.size(); ++place) {
        kernel::collect({.place = place, .owners_of_age_ms = 0}, places, host);
    }
    kernel::give_up_capabilities();
    if (options.mask) {
        kernel::mask(capture);
    }
    const base::Status saved = kernel::save_capture(capture, options.arguments.front());
    return saved ? 0 : fail(options, saved.error().what);
}

} // namespace cli
