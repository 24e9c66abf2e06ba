#include "facts/schema.h"

#include <algorithm>

namespace facts {

namespace {

constexpr std::array<std::string_view, 0> no_subject = {};
constexpr std::array<std::string_view, 2> destination_subject = {"source", "remote"};
constexpr std::array<std::string_view, 1> source_subject = {"source"};
constexpr std::array<std::string_view, 1> listener_subject = {"listener"};
constexpr std::array<std::string_view, 1> close_wait_subject = {"owner"};
constexpr std::array<std::string_view, 1> sysctl_subject = {"name"};

constexpr auto all = std::to_array<Schema>({
    {TableId::host, "host", "The host: one row.", host_columns, no_subject},
    {TableId::network_namespace, "namespace", "The network namespace: one row.", namespace_columns,
     no_subject},
    {TableId::destination, "destination",
     "A remote address and port that this host connects to, for each source address.", destination_columns,
     destination_subject},
    {TableId::source, "source", "A local address that outgoing connections use.", source_columns,
     source_subject},
    {TableId::listener, "listener", "A listening socket.", listener_columns, listener_subject},
    {TableId::close_wait, "close_wait", "An owner of sockets in CLOSE_WAIT.", close_wait_columns,
     close_wait_subject},
    {TableId::sysctl, "sysctl", "A sysctl that the program reads.", sysctl_columns, sysctl_subject},
});

} // namespace

std::optional<std::size_t> Schema::find(std::string_view column) const {
    const auto found = std::find_if(columns.begin(), columns.end(),
                                    [&](const Column& candidate) { return candidate.name == column; });
    return found != columns.end() ? std::optional(static_cast<std::size_t>(found - columns.begin()))
                                  : std::nullopt;
}

std::span<const Schema> schemas() {
    return all;
}

const Schema& schema(TableId which) {
    return all[static_cast<std::size_t>(which)];
}

const Schema* find_schema(std::string_view name) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Schema& candidate) { return candidate.name == name; });
    return found != all.end() ? &*found : nullptr;
}

namespace {

constexpr auto all_formulas = std::to_array<Formula>({
    {TableId::host, "orphan_percent", "100 * orphans / max_orphans"},
    {TableId::host, "tcp_memory_percent", "100 * tcp_memory / tcp_memory_limit"},
    {TableId::host, "files_percent", "100 * files_open / files_max"},
    {TableId::network_namespace, "fin_wait", "fin_wait1 + fin_wait2"},
    {TableId::network_namespace, "range_size", "range_high - range_low + 1"},
    {TableId::network_namespace, "usable", "range_size - reserved"},
    {TableId::network_namespace, "reserved_percent", "100 * reserved / range_size"},
    {TableId::network_namespace, "blocked_percent", "100 * blocked / usable"},
    {TableId::network_namespace, "tw_bucket_percent", "100 * tw_buckets / max_tw_buckets"},
    {TableId::network_namespace, "conntrack_percent", "100 * conntrack_count / conntrack_max"},
    {TableId::network_namespace, "expected_time_wait", "60 * expected_rate"},
    {TableId::network_namespace, "expected_memory", "2 * expected_open"},
    {TableId::network_namespace, "expected_ports_percent", "100 * expected_ports / (usable - blocked)"},
    {TableId::destination, "lasting", "established + fin_wait + close_wait"},
    {TableId::destination, "free", "usable - in_use - blocked"},
    {TableId::destination, "used_percent", "100 * (1 - free / usable)"},
    {TableId::destination, "sustainable_rate", "turnover / port_time"},
    {TableId::destination, "load_percent", "min(100 * births_60s / sustainable_rate, 1000)"},
    {TableId::destination, "load_percent_15s", "min(100 * births_15s / sustainable_rate, 1000)"},
    {TableId::destination, "load_percent_lasting",
     "min(100 * min(births_5s, (15 * births_15s - 5 * births_5s) / 10) / sustainable_rate, 1000)"},
    {TableId::source, "pool_percent", "100 * ports / usable"},
    {TableId::listener, "queue_percent", "100 * accept_queue / backlog"},
    {TableId::close_wait, "files_left", "max(nofile - open_files, 0)"},
});

} // namespace

std::span<const Formula> formulas() {
    return all_formulas;
}

std::string_view formula_of(TableId table, std::string_view fact) {
    const auto found = std::find_if(all_formulas.begin(), all_formulas.end(), [&](const Formula& formula) {
        return formula.table == table && formula.fact == fact;
    });
    return found == all_formulas.end() ? std::string_view() : found->expression;
}

} // namespace facts
