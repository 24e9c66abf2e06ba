#include "base/text.h"
#include "model/row_table.h"
#include "model/tables.h"

namespace model {
namespace {

using facts::Value;
using snapshot::SysctlInfo;

struct Row {
    const SysctlInfo* info;
    snapshot::Reading<std::string> text;
    snapshot::Reading<std::int64_t> number;
    std::optional<snapshot::BootValue> boot; // none: no file sets it
    bool boot_known = false;                 // the files were read
};

/// Spaces and tabs between numbers do not matter.
bool same(std::string_view a, std::string_view b) {
    return base::words(a) == base::words(b);
}

template <typename F>
Value of_boot(const Row& row, F value) {
    if (!row.boot_known) {
        return unread_boot();
    }
    return row.boot ? value(*row.boot)
                    : Value(base::Gap{std::string(row.info->name), base::Why::absent, "no file sets it"});
}

Value absent(const Row& row, std::string_view why) {
    return base::Gap{std::string(row.info->name), base::Why::absent, std::string(why)};
}

constexpr auto getters = std::to_array<Getter<Row>>({
    {"name", [](const Row& r) { return Value(std::string(r.info->name)); }},
    {"runtime", [](const Row& r) { return r.text ? Value(*r.text) : Value(r.text.error()); }},
    {"number",
     [](const Row& r) {
         return r.info->kind == SysctlInfo::Kind::integer ? value_of(r.number)
                                                          : absent(r, "more than one number");
     }},
    {"default",
     [](const Row& r) {
         const bool fixed = !r.info->default_value.empty() || r.info->kind == SysctlInfo::Kind::ports;
         return fixed ? Value(std::string(r.info->default_value))
                      : absent(r, "the default depends on the machine");
     }},
    {"default_number",
     [](const Row& r) {
         snapshot::Sysctls defaults;
         defaults.set(r.info->name, r.info->default_value);
         const auto number = defaults.integer(r.info->name);
         return number ? Value(static_cast<double>(*number)) : absent(r, "no default with one number");
     }},
    {"per_namespace", [](const Row& r) { return Value(r.info->per_namespace); }},
    {"boot", [](const Row& r) { return of_boot(r, [](const auto& boot) { return Value(base::printable(boot.value)); }); }},
    {"boot_origin",
     [](const Row& r) { return of_boot(r, [](const auto& boot) { return Value(base::printable(boot.origin)); }); }},
    {"drifted",
     [](const Row& r) {
         if (!r.text) {
             return Value(r.text.error());
         }
         return of_boot(r, [&](const auto& boot) { return Value(!same(boot.value, *r.text)); });
     }},
});
static_assert(follows(facts::sysctl_columns, getters));

} // namespace

base::Gap unread_boot() {
    return {"sysctl.d", base::Why::not_collected, "not read for this run, or not of this namespace"};
}

std::unique_ptr<facts::Table> sysctl_table(const snapshot::Namespace& space,
                                           const snapshot::Sysctls& sysctls) {
    std::vector<Row> rows;
    for (const SysctlInfo& info : snapshot::known_sysctls()) {
        Row row{&info, sysctls.text(info.name), sysctls.integer(info.name), std::nullopt,
                space.boot_sysctls.has_value()};
        if (space.boot_sysctls) {
            const auto found = space.boot_sysctls->find(info.name);
            row.boot = found != space.boot_sysctls->end() ? std::optional(found->second) : std::nullopt;
        }
        rows.push_back(std::move(row));
    }
    return std::make_unique<RowTable<Row>>(facts::TableId::sysctl, std::move(rows), getters, std::nullopt);
}

} // namespace model
