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
    {TableId::netns, "namespace", "The network namespace: one row.", netns_columns, no_subject},
    {TableId::destination, "destination",
     "A remote address and port that this host connects to, for each source address.", destination_columns,
     destination_subject},
    {TableId::source, "source", "A local address that outgoing connections use.", source_columns,
     source_subject},
    {TableId::listener, "listener", "A listening socket.", listener_columns, listener_subject},
    {TableId::close_wait, "close_wait", "An owner of sockets in CLOSE_WAIT.", close_wait_columns,
     close_wait_subject, Collection::owners},
    {TableId::sysctl, "sysctl", "A sysctl that the program reads.", sysctl_columns, sysctl_subject},
});

} // namespace

std::optional<std::size_t> Schema::find(std::string_view column) const {
    const auto found = std::find_if(columns.begin(), columns.end(),
                                    [&](const Column& candidate) { return candidate.name == column; });
    return found != columns.end() ? std::optional(static_cast<std::size_t>(found - columns.begin()))
                                  : std::nullopt;
}

std::string plain_name(const Column& column) {
    std::string name(column.plain.empty() ? column.name : column.plain);
    if (column.plain.empty()) {
        std::replace(name.begin(), name.end(), '_', ' ');
    }
    return name;
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

} // namespace facts
