#include "model/destinations.h"

#include "model/ports.h"
#include "model/tables.h"

#include <algorithm>

namespace model {

namespace {

using facts::Basis;
using facts::Destination;
using facts::Value;

constexpr double least_growth = 0.01; // sockets per second: less is no trend

Value count(std::uint32_t number) {
    return static_cast<double>(number);
}

Value timed(const Destination& d, double number, Basis basis = Basis::measured) {
    return d.no_timers ? Value(*d.no_timers) : Value(number, basis);
}

Basis basis_of(const Destination& d) {
    return d.free_min == d.free_max ? Basis::measured : Basis::inferred;
}

constexpr auto getters = std::to_array<Getter<Destination>>({
    {"source", [](const Destination& d) { return Value(d.local.value_or("")); }},
    {"remote",
     [](const Destination& d) {
         const auto address = snapshot::Address::parse(d.remote);
         return Value(snapshot::end_point_text(address.value_or(snapshot::Address()), d.remote_port));
     }},
    {"remote_address", [](const Destination& d) { return Value(d.remote); }},
    {"remote_port", [](const Destination& d) { return count(d.remote_port); }},
    {"device", [](const Destination& d) { return count(d.device); }},
    {"loopback", [](const Destination& d) { return Value(d.loopback); }},
    {"connections", [](const Destination& d) { return count(d.connections); }},
    {"established", [](const Destination& d) { return count(d.established); }},
    {"established_retrying", [](const Destination& d) { return timed(d, d.established_retrying); }},
    {"syn_sent", [](const Destination& d) { return count(d.syn_sent); }},
    {"syn_sent_retried", [](const Destination& d) { return timed(d, d.syn_sent_retried); }},
    {"fin_wait", [](const Destination& d) { return count(d.fin_wait); }},
    {"time_wait", [](const Destination& d) { return count(d.time_wait); }},
    {"close_wait", [](const Destination& d) { return count(d.close_wait); }},
    {"lasting", [](const Destination& d) { return count(d.lasting); }},
    {"lasting_growth",
     [](const Destination& d) {
         return d.lasting_growth ? Value(*d.lasting_growth)
                                 : Value(base::Gap{"lasting_growth", base::Why::absent, "no earlier runs to compare with"});
     }},
    {"in_use", [](const Destination& d) { return count(d.in_use); }},
    {"held_by", [](const Destination& d) { return Value(held_by(d), basis_of(d)); }},
    {"blocked", [](const Destination& d) { return Value(d.blocked, basis_of(d)); }},
    {"free", [](const Destination& d) { return Value(d.free, basis_of(d)); }},
    {"free_min", [](const Destination& d) { return count(d.free_min); }},
    {"free_max", [](const Destination& d) { return count(d.free_max); }},
    {"used_percent", [](const Destination& d) { return Value(d.used_percent, basis_of(d)); }},
    {"reuse_applies",
     [](const Destination& d) { return Value(d.reuse.applies, d.reuse.inferred ? Basis::inferred : Basis::measured); }},
    {"reusable", [](const Destination& d) { return count(d.reuse.reusable); }},
    {"births_5s", [](const Destination& d) { return timed(d, d.births_5s); }},
    {"births_15s", [](const Destination& d) { return timed(d, d.births_15s); }},
    {"births_60s", [](const Destination& d) { return timed(d, d.births_60s); }},
    {"turnover", [](const Destination& d) { return Value(d.turnover, basis_of(d)); }},
    {"port_time",
     [](const Destination& d) { return Value(d.port_time, d.reuse.inferred ? Basis::inferred : Basis::measured); }},
    {"sustainable_rate", [](const Destination& d) { return Value(d.sustainable_rate, basis_of(d)); }},
    {"load_percent", [](const Destination& d) { return timed(d, d.load_percent, basis_of(d)); }},
    {"load_percent_15s", [](const Destination& d) { return timed(d, d.load_percent_15s, basis_of(d)); }},
    {"load_percent_lasting", [](const Destination& d) { return timed(d, d.load_percent_lasting, basis_of(d)); }},
    {"peak_percent", [](const Destination& d) { return timed(d, d.peak_percent, basis_of(d)); }},
    {"exhausted_in",
     [](const Destination& d) {
         return d.no_timers      ? Value(*d.no_timers)
                : d.exhausted_in ? Value(*d.exhausted_in, basis_of(d))
                               : Value(base::Gap{"exhausted_in", base::Why::absent, "the rate is sustainable"});
     }},
    {"growth_exhausted_in",
     [](const Destination& d) {
         return d.growth_exhausted_in
                    ? Value(*d.growth_exhausted_in, Basis::inferred)
                    : Value(base::Gap{"growth_exhausted_in", base::Why::absent, "nothing is known to grow"});
     }},
});
static_assert(follows(facts::destination_columns, getters));

/// What grows without an end exhausts the ports, too.
void grow(Destination& d, const Growth& growth) {
    if (!growth.known()) {
        return;
    }
    const auto address = snapshot::Address::parse(d.remote).value_or(snapshot::Address());
    const auto key = level_key_of_destination(d.local.value_or(""),
                                              snapshot::end_point_text(address, d.remote_port), d.device);
    d.lasting_growth = growth.per_second(key, d.lasting);
    if (*d.lasting_growth > least_growth) {
        d.growth_exhausted_in = d.free / *d.lasting_growth;
        d.exhausted_in = std::min(d.exhausted_in.value_or(*d.growth_exhausted_in), *d.growth_exhausted_in);
    }
}

class DestinationTable : public facts::Table {
  public:
    DestinationTable(std::shared_ptr<const PortModel> ports, Growth growth)
        : ports_(std::move(ports)), growth_(growth) {}

    const facts::Schema& schema() const override { return facts::schema(facts::TableId::destination); }
    std::size_t size() const override { return ports_->book ? ports_->book->order().size() : 0; }
    std::size_t quiet_from() const override { return ports_->book ? ports_->book->busy_count() : 0; }

    Value get(std::size_t row, std::size_t column) const override {
        if (!current_ || current_row_ != row) {
            current_ = ports_->destination(row);
            grow(*current_, growth_);
            current_row_ = row;
        }
        return getters[column].get(*current_);
    }

    std::optional<facts::Bounds> quiet_bounds(std::size_t column) const override {
        const std::string_view name = facts::destination_columns[column].name;
        if (ports_->book->has_siblings()) {
            return std::nullopt;
        }
        if (ports_->space_of.provenance.no_timers &&
            (rate_seconds(name) || name == "syn_sent_retried" || name == "established_retrying")) {
            return std::nullopt;
        }
        const double most = ports_->book->quiet_most();
        for (const std::string_view counted :
             {"connections", "established", "established_retrying", "syn_sent", "syn_sent_retried",
              "fin_wait", "time_wait", "close_wait", "lasting", "in_use", "reusable"}) {
            if (name == counted) {
                return facts::Bounds{0, most};
            }
        }
        if (const auto seconds = rate_seconds(name)) {
            return facts::Bounds{0, reuse_is_off() ? most / *seconds : most}; // see births_under_reuse()
        }
        const double usable = ports_->space->usable;
        const double taken = std::min(usable, most + quiet_blocked());
        if (name == "free") {
            return facts::Bounds{usable - taken, usable};
        }
        if (name == "used_percent" && usable > 0) {
            return facts::Bounds{0, 100 * (1 - (usable - taken) / usable)}; // rounds as the fact does
        }
        return std::nullopt;
    }

    std::optional<base::Gap> incomplete() const override { return ports_->incomplete(); }

  private:
    /// The seconds that a rate is counted over; none for other columns.
    static std::optional<double> rate_seconds(std::string_view column) {
        constexpr std::array rates = {std::pair("births_5s", 5.0), std::pair("births_15s", 15.0),
                                      std::pair("births_60s", 60.0)};
        for (const auto& [name, seconds] : rates) {
            if (column == name) {
                return seconds;
            }
        }
        return std::nullopt;
    }

    bool reuse_is_off() const { return ports_->settings.mode && *ports_->settings.mode == 0; }

    double quiet_blocked() const {
        return static_cast<double>(ports_->space->blocked_count) + ports_->book->occupation().suspects;
    }

    std::shared_ptr<const PortModel> ports_;
    Growth growth_;
    mutable std::optional<Destination> current_;
    mutable std::size_t current_row_ = 0;
};

} // namespace

PortModel::PortModel(const snapshot::Namespace& of, const snapshot::Sysctls& sysctls)
    : space_of(of), space(port_space(of, sysctls)), settings(reuse_settings(sysctls)) {
    if (space && of.source != snapshot::SocketSource::none) {
        book = std::make_unique<TallyBook>(of.sockets, *space, settings.delay);
    }
}

facts::Destination PortModel::destination(std::size_t place) const {
    const snapshot::Flow& flow = space_of.sockets.flows()[book->order()[place]];
    const Tally& tally = book->tally(place);
    facts::Destination d = destination_of(flow, tally, *space, book->occupation(), settings, seen_at(flow));
    if (d.time_wait > 0 || d.syn_sent > 0 || d.established > 0) {
        d.no_timers = space_of.provenance.no_timers;
    }
    return d;
}

const snapshot::Timestamps* PortModel::seen_at(const snapshot::Flow& flow) const {
    const snapshot::Peer* peer = space_of.find_peer({flow.remote, flow.remote_port});
    return peer == nullptr ? nullptr : &peer->timestamps;
}

std::optional<base::Gap> PortModel::incomplete() const {
    if (!space) {
        return space.error();
    }
    if (space_of.lost_sockets) {
        return space_of.lost_sockets;
    }
    for (const auto* setting : {&settings.mode, &settings.timestamps}) {
        if (!*setting && setting->error().why != base::Why::absent) {
            return setting->error(); // without it nobody knows which ports TIME_WAIT gives back
        }
    }
    return std::nullopt;
}

Headline PortModel::worst() const {
    Headline worst;
    if (space && space->usable == 0) {
        worst.used_percent = 100; // everything is reserved
    }
    for (std::size_t place = 0; book && place < book->busy_count(); ++place) {
        const Tally& tally = book->tally(place);
        if (tally.connections == 0) {
            continue; // only ports outside the range: not a destination
        }
        const snapshot::Flow& flow = space_of.sockets.flows()[book->order()[place]];
        const Headline one = headline_of(flow, tally, *space, book->occupation(), settings, seen_at(flow));
        worst.used_percent = std::max(worst.used_percent, one.used_percent);
        worst.load_percent = std::max(worst.load_percent, one.load_percent);
    }
    return worst;
}

std::unique_ptr<facts::Table> destination_table(std::shared_ptr<const PortModel> ports, Growth growth) {
    return std::make_unique<DestinationTable>(std::move(ports), growth);
}

namespace {

struct Source {
    std::string address;
    std::uint32_t connections = 0;
    std::uint32_t ports = 0;
    std::uint32_t bound = 0;
    std::uint32_t usable = 0;
    std::uint32_t destinations = 0;
};

constexpr auto source_getters = std::to_array<Getter<Source>>({
    {"source", [](const Source& s) { return Value(s.address); }},
    {"connections", [](const Source& s) { return Value(static_cast<double>(s.connections)); }},
    {"ports", [](const Source& s) { return Value(static_cast<double>(s.ports)); }},
    {"bound_ports",
     [](const Source& s) { return Value(static_cast<double>(s.bound), facts::Basis::inferred); }},
    {"pool_percent",
     [](const Source& s) {
         return s.usable == 0 ? Value(base::Gap{"pool_percent", base::Why::absent, "no port is usable"})
                              : Value(100.0 * s.ports / s.usable);
     }},
    {"destinations", [](const Source& s) { return Value(static_cast<double>(s.destinations)); }},
});
static_assert(follows(facts::source_columns, source_getters));

Source source_of(const SourceTally& tally, const PortSpace& space, const TallyBook& book,
                 const snapshot::PortSet* explicit_ports) {
    const snapshot::PortSet held = tally.ports & space.eligible;
    snapshot::PortSet bound = held & book.occupation().suspect;
    if (explicit_ports != nullptr) {
        bound |= held & *explicit_ports;
    }
    return {tally.address.to_text(),
            tally.connections,
            static_cast<std::uint32_t>(held.count()),
            static_cast<std::uint32_t>(bound.count()),
            space.usable,
            tally.destinations};
}

} // namespace

std::unique_ptr<facts::Table> source_table(std::shared_ptr<const PortModel> ports) {
    std::vector<Source> rows;
    std::optional<base::Gap> incomplete = ports->incomplete();
    if (ports->book) {
        for (const SourceTally& tally : ports->book->sources()) {
            if (tally.connections > 0) {
                rows.push_back(
                    source_of(tally, *ports->space, *ports->book, ports->space_of.sockets.explicit_ports()));
            }
        }
        if (!incomplete && ports->book->sources_dropped() > 0) {
            incomplete =
                base::Gap{"source addresses", base::Why::truncated,
                          std::to_string(ports->book->sources_dropped()) + " destinations have further ones"};
        }
    }
    return std::make_unique<RowTable<Source>>(facts::TableId::source, std::move(rows), source_getters,
                                              std::move(incomplete));
}

} // namespace model
