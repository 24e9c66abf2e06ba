// Captures of ours.
#include "replay/capture.h"
#include "replay/mask.h"
#include "replay/recorder.h"
#include "tests/fuzz/harness.h"

#include <span>
#include <string>

namespace {

using fuzz::require;

/// Written again it reads the same.
void check_identity(const replay::Capture& capture) {
    const std::string bytes = replay::to_bytes(capture);
    const auto again = replay::parse_capture(bytes);
    require(again.has_value() && replay::to_bytes(*again) == bytes,
            "a capture that is written reads the same");
}

void walk(const replay::Capture& capture) {
    for (kernel::Target& target : replay::replaying(capture)) {
        for (const kernel::Walk walk :
             {kernel::Walk::listeners, kernel::Walk::connections, kernel::Walk::close_waits}) {
            target.machine->sockets({walk}, [](std::span<const snapshot::Socket>) {});
        }
        (void)target.machine->nat([](const snapshot::NatEntry&) {});
        target.machine->holders({});
    }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto capture = [&] {
        const fuzz::MemoryLimit limit(size);
        return replay::parse_capture(fuzz::text_of(data, size));
    }();
    if (!capture) {
        require(!capture.error().what.empty(), "a refusal says why");
        return 0;
    }
    check_identity(*capture);
    walk(*capture);
    replay::mask(*capture);
    check_identity(*capture);
    return 0;
}
