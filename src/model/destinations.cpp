#include "model/destinations.h"

#include "model/ports.h"
#include "model/tables.h"

#include <algorithm>
#include <map>
#include <numeric>

#include <fmt/format.h>

namespace model {

namespace {

using facts::Basis;
using facts::Value;
using snapshot::TcpState;

/// Do outgoing connections have several source addresses of one family? Looked for when it is first asked.
class Sources {
  public:
    explicit Sources(const PortModel& ports) : ports_(ports) {}

    bool are_several() const {
        if (!several_) {
            several_ = look();
        }
        return *several_;
    }

  private:
    bool look() const {
        std::map<bool, std::string> first; // by family
        for (std::size_t place = 0; ports_.book && place < ports_.book->order().size(); ++place) {
            const PortUse use = ports_.use(place);
            if (use.loopback()) {
                continue;
            }
            const std::string source = use.flow().source.to_text();
            const bool is_ipv6 = source.find(':') != std::string::npos;
            if (first.try_emplace(is_ipv6, source).first->second != source) {
                return true;
            }
        }
        return false;
    }

    const PortModel& ports_;
    mutable std::optional<bool> several_;
};

/// The listeners here whose accept queue is full: connections to them from here hang as well.
class FullListeners {
  public:
    explicit FullListeners(const snapshot::Netns& netns) {
        for (const snapshot::Listener& listener : netns.sockets.listeners()) {
            if (netns.source == snapshot::SocketSource::sock_diag &&
                listener.accept_queue > listener.backlog) {
                full_.push_back(&listener);
            }
        }
    }

    bool have_end_of(const snapshot::Flow& flow) const {
        return std::any_of(full_.begin(), full_.end(),
                           [&](const snapshot::Listener* listener) { return ends_at(flow, *listener); });
    }

  private:
    std::vector<const snapshot::Listener*> full_;
};

/// One destination, and what is asked of it beside its ports.
class DestinationRow {
  public:
    DestinationRow(const PortModel& ports, const Growth& growth, const Sources& sources,
                   const FullListeners& full, std::size_t place)
        : use(ports.use(place)), no_timers(ports.no_timers(use.tally())), ports_(ports), place_(place),
          growth_(growth), sources_(sources), full_(full) {}

    const PortUse use;
    const std::optional<base::Gap>& no_timers;

    snapshot::Quiet quiet() const { return ports_.netns_of.sockets.quiet_of(ports_.book->order()[place_]); }
    Value quiet(std::uint32_t snapshot::Quiet::*which, double unit = 1) const {
        const auto& asked = ports_.netns_of.idle;
        return asked ? Value(quiet().*which / unit) : Value(asked.error());
    }
    Value holder() const {
        const auto holders = destination().holders;
        return holders.empty() ? Value(snapshot::not_asked("who holds the connections"))
                               : Value(holders.front().name);
    }
    snapshot::Queues queues() const {
        return ports_.netns_of.sockets.queues_of(ports_.book->order()[place_]);
    }
    std::string remote() const { return snapshot::end_point_text(use.flow().remote, use.flow().remote_port); }
    bool listener_full() const { return full_.have_end_of(use.flow()); }

    /// Per second; none without earlier runs.
    std::optional<double> lasting_growth() const {
        if (!growth_.known()) {
            return std::nullopt;
        }
        const auto key = level_key_of_destination(use.flow().source.to_text(), remote(), use.flow().device);
        return growth_.per_second(key, use.lasting());
    }
    /// Seconds; none if `lasting` does not grow.
    std::optional<double> growth_exhausted_in() const {
        const auto rate = lasting_growth();
        return rate && *rate > least_growth ? std::optional(use.estimate().free / *rate) : std::nullopt;
    }
    /// What grows without an end exhausts the ports, too.
    std::optional<double> exhausted_in() const {
        const auto full_after = use.next_minute().full_after;
        const auto grown = growth_exhausted_in();
        return full_after && grown ? std::min(*full_after, *grown) : full_after ? full_after : grown;
    }

    Value timed(double number, Basis basis = Basis::measured) const {
        return no_timers ? Value(*no_timers) : Value(number, basis);
    }
    Basis basis() const {
        return use.bounds().free_min == use.bounds().free_max ? Basis::measured : Basis::inferred;
    }
    Basis basis_of_reuse() const { return use.reuse().inferred ? Basis::inferred : Basis::measured; }
    facts::Destination destination() const { return destination_of(use); }

    std::string towards() const {
        const bool is_plain = use.loopback() || !sources_.are_several();
        return is_plain ? remote() : remote() + " from " + use.flow().source.to_text();
    }
    std::string outlook() const {
        if (use.estimate().free < 1) {
            return "fail now";
        }
        const auto seconds = no_timers ? std::nullopt : exhausted_in();
        return seconds && *seconds >= 1 ? "will fail in " + time_left(*seconds) : "are about to fail";
    }
    /// "5 s", or "5 to 9 s" if it depends on whether the rate goes on growing.
    std::string time_left(double soonest) const {
        const auto latest = use.next_minute().at_this_rate;
        return latest && *latest >= soonest + 1 ? fmt::format("{:.0f} to {:.0f} s", soonest, *latest)
                                                : fmt::format("{:.0f} s", soonest);
    }

  private:
    const PortModel& ports_;
    std::size_t place_;
    const Growth& growth_;
    const Sources& sources_;
    const FullListeners& full_;
};

constexpr auto destination_getters = std::to_array<Getter<DestinationRow>>({
    {"source", [](const DestinationRow& d) { return Value(d.use.flow().source.to_text()); }},
    {"remote", [](const DestinationRow& d) { return Value(d.remote()); }},
    {"towards", [](const DestinationRow& d) { return Value(d.towards()); }},
    {"remote_address", [](const DestinationRow& d) { return Value(d.use.flow().remote.to_text()); }},
    {"remote_port", [](const DestinationRow& d) { return Value(d.use.flow().remote_port); }},
    {"device", [](const DestinationRow& d) { return Value(d.use.flow().device); }},
    {"loopback", [](const DestinationRow& d) { return Value(d.use.loopback()); }},
    {"connections", [](const DestinationRow& d) { return Value(d.use.tally().connections); }},
    {"established", [](const DestinationRow& d) { return Value(d.use.in_state(TcpState::established)); }},
    {"established_retrying", [](const DestinationRow& d) { return d.timed(d.use.tally().established_retrying); }},
    {"established_retrying_10s", [](const DestinationRow& d) { return d.timed(d.use.tally().retrying_long); }},
    {"syn_sent", [](const DestinationRow& d) { return Value(d.use.in_state(TcpState::syn_sent)); }},
    {"syn_sent_retried", [](const DestinationRow& d) { return d.timed(d.use.tally().syn_sent_retried); }},
    {"listener_full", [](const DestinationRow& d) { return Value(d.listener_full()); }},
    {"fin_wait", [](const DestinationRow& d) { return Value(d.use.fin_wait()); }},
    {"time_wait", [](const DestinationRow& d) { return Value(d.use.in_state(TcpState::time_wait)); }},
    {"close_wait", [](const DestinationRow& d) { return Value(d.use.in_state(TcpState::close_wait)); }},
    {"send_queue", [](const DestinationRow& d) { return Value(d.queues().send_bytes); }},
    {"recv_queue", [](const DestinationRow& d) { return Value(d.queues().recv_bytes); }},
    {"stalled", [](const DestinationRow& d) { return d.timed(d.queues().stalled); }},
    {"stalled_bytes", [](const DestinationRow& d) { return d.timed(static_cast<double>(d.queues().stalled_bytes)); }},
    {"quiet_60s", [](const DestinationRow& d) { return d.quiet(&snapshot::Quiet::for_60s); }},
    {"quiet_3600s", [](const DestinationRow& d) { return d.quiet(&snapshot::Quiet::for_3600s); }},
    {"quiet_longest", [](const DestinationRow& d) { return d.quiet(&snapshot::Quiet::longest_ms, 1000); }},
    {"holder", [](const DestinationRow& d) { return d.holder(); }},
    {"lasting", [](const DestinationRow& d) { return Value(d.use.lasting()); }},
    {"lasting_growth",
     [](const DestinationRow& d) {
         const auto growth = d.lasting_growth();
         return growth ? Value(*growth)
                       : Value(base::Gap{"lasting_growth", base::Why::absent, "no earlier runs to compare with"});
     }},
    {"in_use", [](const DestinationRow& d) { return Value(d.use.estimate().in_use); }},
    {"held_by", [](const DestinationRow& d) { return Value(held_by(d.destination()), d.basis()); }},
    {"outlook", [](const DestinationRow& d) { return Value(d.outlook(), d.basis()); }},
    {"blocked", [](const DestinationRow& d) { return Value(d.use.estimate().blocked, d.basis()); }},
    {"free", [](const DestinationRow& d) { return Value(d.use.estimate().free, d.basis()); }},
    {"free_min", [](const DestinationRow& d) { return Value(d.use.bounds().free_min); }},
    {"free_max", [](const DestinationRow& d) { return Value(d.use.bounds().free_max); }},
    {"used_percent", [](const DestinationRow& d) { return Value(d.use.estimate().used_percent, d.basis()); }},
    {"used_percent_worst", [](const DestinationRow& d) { return Value(d.use.worst().used_percent, d.basis()); }},
    {"untold", [](const DestinationRow& d) { return Value(d.use.untold()); }},
    {"reuse_applies", [](const DestinationRow& d) { return Value(d.use.reuse().applies, d.basis_of_reuse()); }},
    {"reusable", [](const DestinationRow& d) { return Value(d.use.estimate().reusable); }},
    {"births_5s", [](const DestinationRow& d) { return d.timed(d.use.entries().over_5s); }},
    {"births_15s", [](const DestinationRow& d) { return d.timed(d.use.entries().over_15s); }},
    {"births_60s", [](const DestinationRow& d) { return d.timed(d.use.entries().over_60s); }},
    {"turnover", [](const DestinationRow& d) { return Value(std::max(d.use.estimate().room, 0.0), d.basis()); }},
    {"port_time", [](const DestinationRow& d) { return Value(d.use.port_time(), d.basis_of_reuse()); }},
    {"sustainable_rate", [](const DestinationRow& d) { return Value(d.use.load().sustainable_rate, d.basis()); }},
    {"load_percent", [](const DestinationRow& d) { return d.timed(d.use.load().percent, d.basis()); }},
    {"load_percent_15s", [](const DestinationRow& d) { return d.timed(d.use.load().percent_15s, d.basis()); }},
    {"load_percent_lasting", [](const DestinationRow& d) { return d.timed(d.use.load().percent_lasting, d.basis()); }},
    {"peak_percent", [](const DestinationRow& d) { return d.timed(d.use.next_minute().peak_percent, d.basis()); }},
    {"exhausted_in",
     [](const DestinationRow& d) {
         if (d.no_timers) {
             return Value(*d.no_timers);
         }
         const auto seconds = d.exhausted_in();
         return seconds ? Value(*seconds, d.basis())
                        : Value(base::Gap{"exhausted_in", base::Why::absent, "the rate is sustainable"});
     }},
    {"time_left",
     [](const DestinationRow& d) {
         const auto seconds = d.no_timers ? std::nullopt : d.exhausted_in();
         return seconds ? Value(d.time_left(*seconds), d.basis())
                        : Value(base::Gap{"time_left", base::Why::absent, "the rate is sustainable"});
     }},
    {"growth_exhausted_in",
     [](const DestinationRow& d) {
         const auto seconds = d.growth_exhausted_in();
         return seconds ? Value(*seconds, Basis::inferred)
                        : Value(base::Gap{"growth_exhausted_in", base::Why::absent, "nothing is known to grow"});
     }},
});
static_assert(follows(facts::destination_columns, destination_getters));

/// All that the columns of a kind are made of, of a destination about whose live sockets nothing more is
/// known.
using Kind = std::array<std::uint64_t, snapshot::state_count + 3UL * 4 + 17>;

Kind kind_of(const DestinationRow& row) {
    const Tally& tally = row.use.tally();
    Kind kind{};
    auto next = std::copy(tally.states.begin(), tally.states.end(), kind.begin());
    for (const PortCounts* counts : {&tally.fixed, &tally.perhaps, &tally.ready}) {
        for (const std::uint32_t number :
             {counts->ports, counts->blocked, counts->suspect, counts->doubted}) {
            *next++ = number;
        }
    }
    const snapshot::Queues queues = row.queues();
    const snapshot::Quiet quiet = row.quiet();
    for (const std::uint64_t number : std::initializer_list<std::uint64_t>{
             tally.connections, tally.syn_sent_retried, tally.established_retrying, tally.retrying_long,
             tally.time_wait_ports, row.use.flow().device, row.use.loopback(), row.use.reuse().applies,
             row.use.reuse().inferred, queues.send_bytes, queues.recv_bytes, queues.stalled,
             queues.stalled_bytes, quiet.for_60s, quiet.for_3600s, quiet.longest_ms, row.listener_full()}) {
        *next++ = number;
    }
    return kind;
}

/// Texts tell one row from another, and what depends on the ages of TIME_WAIT sockets is rarely the same.
facts::ColumnSet columns_of_kind() {
    facts::ColumnSet columns;
    for (const std::string_view name : {"device",
                                        "loopback",
                                        "connections",
                                        "established",
                                        "established_retrying",
                                        "established_retrying_10s",
                                        "syn_sent",
                                        "syn_sent_retried",
                                        "listener_full",
                                        "fin_wait",
                                        "time_wait",
                                        "close_wait",
                                        "send_queue",
                                        "recv_queue",
                                        "stalled",
                                        "stalled_bytes",
                                        "quiet_60s",
                                        "quiet_3600s",
                                        "quiet_longest",
                                        "lasting",
                                        "in_use",
                                        "blocked",
                                        "free",
                                        "free_min",
                                        "free_max",
                                        "used_percent",
                                        "used_percent_worst",
                                        "reuse_applies"}) {
        columns.set(*facts::schema(facts::TableId::destination).find(name));
    }
    return columns;
}

class DestinationTable : public facts::Table {
  public:
    DestinationTable(std::shared_ptr<const PortModel> ports, const Growth& growth)
        : ports_(std::move(ports)), growth_(growth), sources_(*ports_), full_(ports_->netns_of) {}

    const facts::Schema& schema() const override { return facts::schema(facts::TableId::destination); }
    std::size_t size() const override { return ports_->book ? ports_->book->order().size() : 0; }

    facts::Value get(std::size_t row, std::size_t column) const override {
        return destination_getters[column].get(current(row));
    }

    std::optional<base::Gap> incomplete() const override { return ports_->incomplete(); }

    std::string_view kind(std::size_t row) const override {
        const DestinationRow& destination = current(row);
        if (ports_->seen_at(destination.use.flow()) != nullptr) {
            return {};
        }
        kind_ = kind_of(destination);
        const void* bytes = &kind_;
        return {static_cast<const char*>(bytes), sizeof kind_};
    }
    facts::ColumnSet kind_columns() const override { return columns_of_kind(); }

  private:
    const DestinationRow& current(std::size_t row) const {
        if (!current_ || current_row_ != row) {
            current_.emplace(*ports_, growth_, sources_, full_, row);
            current_row_ = row;
        }
        return *current_;
    }

    std::shared_ptr<const PortModel> ports_;
    Growth growth_;
    Sources sources_;
    FullListeners full_;
    mutable Kind kind_{};
    mutable std::optional<DestinationRow> current_; // rules ask for several columns of one row
    mutable std::size_t current_row_ = 0;
};

} // namespace

namespace {

/// A reuse that is only assumed is judged when its delay has passed: then all TIME_WAIT of now is old enough.
ReuseDelay delay_for(const snapshot::Netns& netns, const snapshot::Sysctls& sysctls,
                     const ReuseSettings& settings) {
    const auto now = netns.sysctls.integer("net.ipv4.tcp_tw_reuse");
    const auto then = sysctls.integer("net.ipv4.tcp_tw_reuse");
    return now && then && *now != *then ? ReuseDelay{0, 0} : settings.delay;
}

} // namespace

bool ends_at(const snapshot::Flow& flow, const snapshot::Listener& listener) {
    const bool is_here = flow.remote == flow.source || flow.remote.is_loopback();
    return is_here && flow.remote_port == listener.port &&
           (listener.address.is_wildcard() || listener.address == flow.remote);
}

PortModel::PortModel(const snapshot::Netns& of, const snapshot::Sysctls& sysctls)
    : netns_of(of), ports(ephemeral_ports(of, sysctls)), settings(reuse_settings(sysctls)) {
    if (ports && of.source != snapshot::SocketSource::none) {
        book = std::make_unique<TallyBook>(of.sockets, *ports, delay_for(of, sysctls, settings));
    }
}

PortUse PortModel::use(std::size_t place) const {
    const snapshot::Flow& flow = netns_of.sockets.flows()[book->order()[place]];
    return {flow, book->tally(place), *ports, book->occupation(), settings, seen_at(flow)};
}

facts::Destination PortModel::destination(std::size_t place) const {
    const PortUse of = use(place);
    facts::Destination d = destination_of(of);
    d.no_timers = no_timers(of.tally());
    return d;
}

const std::optional<base::Gap>& PortModel::no_timers(const Tally& tally) const {
    static const std::optional<base::Gap> none;
    const auto any = [&](TcpState state) { return tally.states[static_cast<std::size_t>(state)] > 0; };
    const bool needed = any(TcpState::time_wait) || any(TcpState::syn_sent) || any(TcpState::established);
    return needed ? netns_of.provenance.no_timers : none;
}

const snapshot::Timestamps* PortModel::seen_at(const snapshot::Flow& flow) const {
    const snapshot::Peer* peer = netns_of.find_peer({flow.remote, flow.remote_port});
    return peer == nullptr ? nullptr : &peer->timestamps;
}

std::optional<base::Gap> PortModel::incomplete() const {
    if (const auto& gap = netns_of.incomplete_sockets(); gap && gap->why == base::Why::absent) {
        return gap; // files of settings have no sockets by design
    }
    if (!ports) {
        return ports.error();
    }
    if (const auto& gap = netns_of.incomplete_sockets()) {
        return gap;
    }
    for (const auto* setting : {&settings.mode, &settings.timestamps}) {
        if (!*setting && setting->error().why != base::Why::absent) {
            return setting->error(); // without it nobody knows which ports TIME_WAIT gives back
        }
    }
    return std::nullopt;
}

WorstPorts PortModel::worst() const {
    WorstPorts worst;
    if (ports && ports->usable == 0) {
        worst.used_percent = 100; // everything is reserved
    }
    for (std::size_t place = 0; book && place < book->busy_count(); ++place) {
        const PortUse one = use(place);
        if (one.tally().connections > 0) { // not only ports outside the range
            worst.used_percent = std::max(worst.used_percent, one.estimate().used_percent);
            worst.load_percent = std::max(worst.load_percent, one.load().percent);
        }
    }
    return worst;
}

std::unique_ptr<facts::Table> destination_table(std::shared_ptr<const PortModel> ports,
                                                const Growth& growth) {
    return std::make_unique<DestinationTable>(std::move(ports), growth);
}

namespace {

/// One source address, whose ports are one pool for all programs that bind() it before they connect.
class Source {
  public:
    Source(std::shared_ptr<const PortModel> ports, std::size_t number)
        : ports_(std::move(ports)), number_(number) {}

    const SourceTally& tally() const { return ports_->book->sources()[number_]; }
    std::uint32_t held() const { return static_cast<std::uint32_t>(held_ports().count()); }
    std::uint32_t usable() const { return ports_->ports->usable; }
    std::uint32_t bound() const {
        snapshot::PortSet bound = held_ports() & ports_->book->occupation().suspect;
        if (const snapshot::PortSet* known = ports_->netns_of.sockets.explicit_ports()) {
            bound |= held_ports() & *known;
        }
        return static_cast<std::uint32_t>(bound.count());
    }
    const std::optional<base::Gap>& no_timers() const { return ports_->netns_of.provenance.no_timers; }
    /// How fast the pool empties: bind() takes no port in TIME_WAIT again, whatever tcp_tw_reuse says.
    double load_percent() const {
        return load_of(entries(ages()), room(), time_wait_seconds).percent_lasting;
    }
    std::optional<double> exhausted_in() const {
        const auto growing = trend(ages());
        const auto soonest = forecast(ages(), {present_rate(entries(ages()))}, room()).full_after;
        const auto grown = growing ? forecast(ages(), *growing, room()).full_after : std::nullopt;
        return soonest && grown ? std::min(*soonest, *grown) : soonest ? soonest : grown;
    }

  private:
    snapshot::PortSet held_ports() const { return tally().ports & ports_->ports->eligible; }
    const Ages& ages() const {
        if (!ages_) {
            ages_ = ports_->book->ages_of_source(number_);
        }
        return *ages_;
    }
    /// Ports that TIME_WAIT of this source may fill.
    double room() const { return usable() - held() + std::accumulate(ages().begin(), ages().end(), 0.0); }

    std::shared_ptr<const PortModel> ports_;
    std::size_t number_;
    mutable std::optional<Ages> ages_; // rules ask for several facts of them
};

constexpr auto source_getters = std::to_array<Getter<Source>>({
    {"source", [](const Source& s) { return Value(s.tally().address.to_text()); }},
    {"connections", [](const Source& s) { return Value(s.tally().connections); }},
    {"ports", [](const Source& s) { return Value(s.held()); }},
    {"bound_ports", [](const Source& s) { return Value(s.bound(), Basis::inferred); }},
    {"pool_percent",
     [](const Source& s) {
         return s.usable() == 0 ? Value(base::Gap{"pool_percent", base::Why::absent, "no port is usable"})
                                : Value(100.0 * s.held() / s.usable());
     }},
    {"pool_load_percent",
     [](const Source& s) {
         return s.no_timers() ? Value(*s.no_timers()) : Value(s.load_percent(), Basis::inferred);
     }},
    {"pool_exhausted_in",
     [](const Source& s) {
         if (s.no_timers()) {
             return Value(*s.no_timers());
         }
         const auto seconds = s.exhausted_in();
         return seconds ? Value(*seconds, Basis::inferred)
                        : Value(base::Gap{"pool_exhausted_in", base::Why::absent, "the rate is sustainable"});
     }},
    {"destinations", [](const Source& s) { return Value(s.tally().destinations); }},
});
static_assert(follows(facts::source_columns, source_getters));

} // namespace

std::unique_ptr<facts::Table> source_table(const std::shared_ptr<const PortModel>& ports) {
    std::vector<Source> rows;
    std::optional<base::Gap> incomplete = ports->incomplete();
    if (ports->book) {
        const auto& sources = ports->book->sources();
        for (std::size_t number = 0; number < sources.size(); ++number) {
            if (sources[number].connections > 0) {
                rows.emplace_back(ports, number);
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
