// record: everything that any other command could ask, into one file.
#include "cli/commands.h"

#include "cli/observe.h"
#include "cli/output.h"
#include "kernel/collect.h"

namespace cli {

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
    snapshot::Host host = kernel::collect(places);
    for (std::size_t place = 0; place < places.size(); ++place) {
        kernel::collect({.place = place,
                         .explicit_binds = true,
                         .bound_sockets = true,
                         .boot_sysctls = true,
                         .owners_of_age_ms = 0},
                        places, host);
    }
    const base::Status saved = kernel::save_capture(capture, options.arguments.front());
    return saved ? 0 : fail(options, saved.error().what);
}

} // namespace cli
