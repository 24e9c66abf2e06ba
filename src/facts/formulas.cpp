#include "facts/formulas.h"

#include <algorithm>

namespace facts {
namespace {

constexpr auto all = std::to_array<Formula>({
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
    return all;
}

std::string_view formula_of(TableId table, std::string_view fact) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const Formula& formula) {
        return formula.table == table && formula.fact == fact;
    });
    return found == all.end() ? std::string_view() : found->expression;
}

} // namespace facts
