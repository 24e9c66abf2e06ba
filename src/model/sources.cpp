#include "model/row_table.h"
#include "model/tables.h"

namespace model {
namespace {

using facts::Value;

struct Source {
    std::string address;
    std::uint32_t connections = 0;
    std::uint32_t ports = 0;
    std::uint32_t bound = 0;
    std::uint32_t usable = 0;
    std::uint32_t destinations = 0;
};

constexpr auto getters = std::to_array<Getter<Source>>({
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
static_assert(follows(facts::source_columns, getters));

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
    return std::make_unique<RowTable<Source>>(facts::TableId::source, std::move(rows), getters,
                                              std::move(incomplete));
}

} // namespace model
