#include "model/row_table.h"
#include "model/tables.h"

namespace model {
namespace {

using facts::Value;
using snapshot::State;

struct Row {
    const snapshot::Listener* listener;
    std::optional<std::uint32_t> backlog; // none: only sock_diag tells it
    base::Result<bool, base::Gap> in_range;
    base::Result<bool, base::Gap> reserved;
    std::optional<bool> fixed;
    const base::Gap* no_timers = nullptr;
};

Value number(std::uint32_t value) {
    return static_cast<double>(value);
}

Value in_state(const Row& row, State state) {
    return number(row.listener->connections[static_cast<std::size_t>(state)]);
}

template <typename F>
Value of_backlog(const Row& row, F value) {
    return row.backlog ? Value(value(*row.backlog)) : Value(unknown_backlog());
}

Value truth_of(const base::Result<bool, base::Gap>& truth) {
    return truth ? Value(*truth) : Value(truth.error());
}

constexpr auto getters = std::to_array<Getter<Row>>({
    {"listener",
     [](const Row& r) { return Value(snapshot::end_point_text(r.listener->address, r.listener->port)); }},
    {"address", [](const Row& r) { return Value(r.listener->address.to_text()); }},
    {"port", [](const Row& r) { return number(r.listener->port); }},
    {"uid", [](const Row& r) { return number(r.listener->uid); }},
    {"accept_queue", [](const Row& r) { return number(r.listener->accept_queue); }},
    {"backlog", [](const Row& r) { return of_backlog(r, [](std::uint32_t backlog) { return backlog; }); }},
    {"queue_percent",
     [](const Row& r) { return of_backlog(r, [&](std::uint32_t) { return queue_percent(*r.listener); }); }},
    {"full",
     [](const Row& r) {
         return of_backlog(r, [&](std::uint32_t backlog) { return r.listener->accept_queue > backlog; });
     }},
    {"in_range", [](const Row& r) { return truth_of(r.in_range); }},
    {"is_reserved", [](const Row& r) { return truth_of(r.reserved); }},
    {"fixed",
     [](const Row& r) {
         return r.fixed ? Value(*r.fixed) : Value(base::Gap{"explicit binds", base::Why::not_collected, {}});
     }},
    {"established", [](const Row& r) { return in_state(r, State::established); }},
    {"established_retrying",
     [](const Row& r) {
         return r.no_timers != nullptr ? Value(*r.no_timers) : number(r.listener->established_retrying);
     }},
    {"syn_recv", [](const Row& r) { return in_state(r, State::syn_recv); }},
    {"time_wait", [](const Row& r) { return in_state(r, State::time_wait); }},
    {"close_wait", [](const Row& r) { return in_state(r, State::close_wait); }},
});
static_assert(follows(facts::listener_columns, getters));

} // namespace

double queue_percent(const snapshot::Listener& listener) {
    return 100.0 * listener.accept_queue / std::max<std::uint32_t>(listener.backlog, 1);
}

base::Gap unknown_backlog() {
    return {"the backlog of listeners", base::Why::failed, "only sock_diag tells it"};
}

std::unique_ptr<facts::Table> listener_table(const snapshot::Namespace& space, const PortModel& ports) {
    std::vector<Row> rows;
    for (const snapshot::Listener& listener : space.sockets.listeners()) {
        Row row{&listener, std::nullopt, false, false, std::nullopt};
        if (space.source == snapshot::SocketSource::sock_diag) {
            row.backlog = listener.backlog;
        }
        if (space.provenance.no_timers) {
            row.no_timers = &*space.provenance.no_timers;
        }
        if (ports.space) {
            row.in_range = ports.space->range.contains(listener.port);
            row.reserved = *row.in_range && !ports.space->eligible.test(listener.port);
        } else {
            row.in_range = ports.space.error();
            row.reserved = ports.space.error();
        }
        if (const snapshot::PortSet* explicit_ports = space.sockets.explicit_ports()) {
            row.fixed = explicit_ports->test(listener.port);
        }
        rows.push_back(row);
    }
    return std::make_unique<RowTable<Row>>(facts::TableId::listener, std::move(rows), getters,
                                           space.lost_sockets);
}

} // namespace model
