#include "model/expected.h"

#include "model/time_wait.h"

#include <cmath>

namespace model {

namespace {

Expected given(const std::optional<double>& value, std::string_view option) {
    if (value) {
        return *value;
    }
    return base::Gap{std::string(option), base::Why::absent, "not given"};
}

/// Rounded up, but not for what binary fractions add to 500 x 62.3.
double rounded_up(double number) {
    constexpr double noise = 1e-6;
    return std::ceil(number - noise);
}

/// One missing part makes the whole missing.
template <typename F>
Expected combine(const Expected& a, const Expected& b, F f) {
    return !a ? a : !b ? b : Expected(f(*a, *b));
}

} // namespace

Expected expected_rate(const Expectation& load) {
    return given(load.rate, "--expect-rate");
}

Expected expected_destinations(const Expectation& load) {
    return given(load.destinations, "--expect-destinations");
}

Expected expected_hold(const Expectation& load) {
    return given(load.hold, "--expect-hold");
}

Expected expected_open(const Expectation& load) {
    return combine(expected_rate(load), expected_hold(load),
                   [](double rate, double hold) { return rounded_up(rate * hold); });
}

Expected expected_time_wait(const Expectation& load) {
    const Expected rate = expected_rate(load);
    return rate ? Expected(*rate * time_wait_length) : rate; // sockets: a port is gone for longer
}

Expected expected_conntrack(const Expectation& load, double linger) {
    return combine(expected_rate(load), expected_hold(load),
                   [&](double rate, double hold) { return rounded_up(rate * (hold + linger)); });
}

Expected expected_memory(const Expectation& load) {
    const Expected open = expected_open(load);
    return open ? Expected(*open * pages_a_connection) : open;
}

Expected expected_port_time(const Expectation& load, const ReuseSettings& reuse) {
    if (!load.rate) {
        return expected_rate(load);
    }
    if (!reuse.mode) {
        return reuse.mode.error();
    }
    if (!reuse.timestamps) {
        return reuse.timestamps.error();
    }
    const bool applies = reuse_of(snapshot::Flow(), reuse, nullptr).applies; // to anyone off loopback
    return load.hold.value_or(0) + reuse.port_time(applies);
}

Expected expected_ports(const Expectation& load, const ReuseSettings& reuse) {
    const Expected rate = combine(expected_rate(load), expected_destinations(load),
                                  [](double all, double destinations) { return all / destinations; });
    return combine(rate, expected_port_time(load, reuse),
                   [](double each, double seconds) { return rounded_up(each * seconds); });
}

Expected expected_ports_percent(const Expectation& load, const ReuseSettings& reuse,
                                const KnownPorts& ports) {
    Expected needed = expected_ports(load, reuse);
    if (!needed) {
        return needed;
    }
    if (!ports) {
        return ports.error();
    }
    const double free = static_cast<double>(ports->usable) - static_cast<double>(ports->blocked_count);
    if (free <= 0) {
        return base::Gap{"expected_ports_percent", base::Why::failed, "no port is usable"};
    }
    return 100 * *needed / free;
}

} // namespace model
