#include "history/samples.h"

#include <algorithm>

namespace history {

namespace {

constexpr double recent = 150; // all of these are kept
constexpr double old_spacing = 240;

} // namespace

const Sample* NetnsHistory::before(double uptime, double age) const {
    const auto found = std::find_if(samples.rbegin(), samples.rend(),
                                    [&](const Sample& sample) { return uptime - sample.uptime >= age; });
    return found != samples.rend() && uptime - found->uptime <= oldest_sample ? &*found : nullptr;
}

void add(NetnsHistory& history, Sample sample) {
    const double now = sample.uptime;
    std::vector<Sample>& samples = history.samples;
    std::erase_if(samples,
                  [&](const Sample& old) { return old.uptime > now || now - old.uptime > oldest_sample; });
    if (samples.empty() || now - samples.back().uptime >= sample_spacing) {
        samples.push_back(std::move(sample));
    }
    std::vector<Sample> kept;
    for (Sample& each : samples) {
        const bool crowded = !kept.empty() && each.uptime - kept.back().uptime < old_spacing;
        if (now - each.uptime <= recent || !crowded) {
            kept.push_back(std::move(each));
        }
    }
    samples = std::move(kept);
}

} // namespace history
