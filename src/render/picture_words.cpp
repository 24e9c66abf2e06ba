#include "render/picture_words.h"

#include "base/number.h"
#include "render/wording.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

namespace render {

std::vector<const facts::NamespacePicture*> namespaces_with_findings(const facts::Picture& picture,
                                                                     const findings::Report& report) {
    std::vector<const facts::NamespacePicture*> all;
    std::vector<const facts::NamespacePicture*> named;
    for (const facts::NamespacePicture& space : picture.namespaces) {
        all.push_back(&space);
        if (std::any_of(report.findings.begin(), report.findings.end(), [&](const findings::Finding& f) {
                return f.network_namespace == space.states.label;
            })) {
            named.push_back(&space);
        }
    }
    return named.empty() ? all : named;
}

std::string age_bin_name(std::size_t bin) {
    const std::size_t from = bin * facts::age_bin_seconds;
    constexpr std::size_t slack = 2; // seconds, of the kernel's timer wheel
    const bool last = bin + 1 == facts::age_bin_count;
    return fmt::format("{}-{} s", from, from + (last ? slack : facts::age_bin_seconds));
}

std::string step_name(std::uint32_t seconds) {
    return duration(seconds);
}

std::uint32_t time_wait_count(const facts::NamespacePicture& picture) {
    return std::accumulate(picture.time_wait_ages.begin(), picture.time_wait_ages.end(), std::uint32_t{0});
}

std::string queue_share(const facts::ListenerQueue& queue) {
    if (!queue.limit) {
        return "unknown";
    }
    return base::to_text(100.0 * queue.queue / std::max<std::uint32_t>(*queue.limit, 1), 0) + " %";
}

std::string empty_queues_text(const facts::NamespacePicture& picture) {
    return picture.listeners == 0
               ? "nothing listens here"
               : fmt::format("empty at {}", count_of(picture.listeners, "listener", "listeners"));
}

} // namespace render
