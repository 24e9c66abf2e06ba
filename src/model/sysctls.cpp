#include "model/sysctls.h"

#include "base/text.h"
#include "model/tables.h"
#include "snapshot/sysctls.h"

#include <algorithm>
#include <array>

namespace model {

using facts::Basis;
using facts::Value;

base::Gap unread_boot() {
    return {"sysctl.d", base::Why::not_collected, "not read for this run, or not of this namespace"};
}

Value number_at_boot(const snapshot::Netns& netns, std::string_view name) {
    if (!netns.boot_sysctls) {
        return unread_boot();
    }
    const snapshot::BootSysctls& files = *netns.boot_sysctls;
    const auto found = files.values.find(name);
    if (found == files.values.end() && files.unread) {
        return *files.unread;
    }
    const snapshot::SysctlInfo& info = *snapshot::find_sysctl(name);
    snapshot::Sysctls boot;
    boot.set(name, info.default_value);
    if (found != files.values.end() && !files.refused.contains(name)) {
        if (const auto taken = snapshot::as_kernel_takes(info, found->second.value)) {
            boot.set(name, *taken);
        }
    }
    const auto number = boot.integer(name);
    return number ? Value(*number, files.unread ? Basis::inferred : Basis::measured) : Value(number.error());
}

Value no_assignments(const snapshot::Netns& netns) {
    return netns.boot_sysctls ? Value(netns.boot_sysctls->no_assignments) : Value(unread_boot());
}

Value first_no_assignment(const snapshot::Netns& netns) {
    if (!netns.boot_sysctls) {
        return unread_boot();
    }
    const auto& lines = netns.boot_sysctls->no_assignment_lines;
    return lines.empty() ? Value(base::Gap{"sysctl.d", base::Why::absent, "every line is an assignment"})
                         : Value(base::printable(lines.front()));
}

namespace {

using snapshot::BootSysctls;
using snapshot::SysctlInfo;

struct SysctlRow {
    std::string name;
    const SysctlInfo* info; // null if the program does not know it
    snapshot::Reading<std::string> text;
    snapshot::Reading<std::int64_t> number;
    const BootSysctls* files;                   // null if they were not read
    const snapshot::LateSysctl* late = nullptr; // null if the boot does set it, as far as is known
};

/// Spaces and tabs between numbers do not matter.
bool same(std::string_view a, std::string_view b) {
    return base::words(a) == base::words(b);
}

Value absent(const SysctlRow& row, std::string_view why) {
    return base::Gap{row.name, base::Why::absent, std::string(why)};
}

/// A fact about one of the assignments of the files. It may be another one if not all files could be read.
template <typename F>
Value of_assignment(const SysctlRow& row, const snapshot::BootValues BootSysctls::*which,
                    std::string_view none, F value) {
    if (row.files == nullptr) {
        return unread_boot();
    }
    const snapshot::BootValues& values = row.files->*which;
    if (row.info == nullptr && row.late != nullptr) {
        return value(row.late->boot, row.files->unread ? Basis::inferred : Basis::measured);
    }
    const auto found = values.find(row.name);
    if (found != values.end()) {
        return value(found->second, row.files->unread ? Basis::inferred : Basis::measured);
    }
    return row.files->unread ? Value(*row.files->unread) : absent(row, none);
}

/// Of what need not be there: an empty text if it is not.
template <typename F>
Value if_any(const SysctlRow& row, const snapshot::BootValues BootSysctls::*which, F text) {
    const Value value = of_assignment(row, which, "none", text);
    return !value.known() && value.gap().why == base::Why::absent ? Value(std::string()) : value;
}

template <typename F>
Value of_boot(const SysctlRow& row, F value) {
    return of_assignment(row, row.info != nullptr ? &BootSysctls::values : &BootSysctls::dead,
                         "no file sets it", value);
}

Value text_of(const snapshot::BootValue& value, Basis basis) {
    return {base::printable(value.value), basis};
}

Value origin_of(const snapshot::BootValue& value, Basis basis) {
    return {base::printable(value.origin), basis};
}

bool is_refused(const SysctlRow& row, std::string_view value) {
    return row.files->refused.contains(row.name) || !snapshot::as_kernel_takes(*row.info, value);
}

Value drifted(const SysctlRow& row) {
    if (!row.text) {
        return row.text.error();
    }
    return of_boot(row, [&](const snapshot::BootValue& boot, Basis basis) {
        if (row.late != nullptr) {
            return Value(false, basis);
        }
        return is_refused(row, boot.value)
                   ? absent(row, "the kernel will not take the boot value")
                   : Value(!same(*snapshot::as_kernel_takes(*row.info, boot.value), *row.text), basis);
    });
}

/// Like of_boot(), but what no file sets has nothing wrong with it.
template <typename F>
Value fault_of_boot(const SysctlRow& row, F fault) {
    const Value value = of_boot(row, fault);
    return !value.known() && value.gap().why == base::Why::absent ? Value(false) : value;
}

Value boot_refused(const SysctlRow& row) {
    return fault_of_boot(row, [&](const snapshot::BootValue& boot, Basis basis) {
        return Value(row.info != nullptr && is_refused(row, boot.value), basis);
    });
}

/// Sysctls of modules may appear later, those of TCP are there or never.
bool is_built_in(std::string_view name) {
    return name.starts_with("net.ipv4.") || name.starts_with("net.core.");
}

Value dead(const SysctlRow& row) {
    return fault_of_boot(row, [&](const snapshot::BootValue& boot, Basis basis) {
        const bool gone = !row.text && row.text.error().why == base::Why::absent;
        const bool is_dead = row.late == nullptr && (row.info == nullptr || is_built_in(row.name));
        return Value(gone && is_dead && !boot.may_fail, basis);
    });
}

/// Why the line does nothing at boot; an empty text if it does.
Value late_module(const SysctlRow& row) {
    if (row.files != nullptr && row.files->maybe_late.contains(row.name)) {
        return base::Gap{row.name, base::Why::not_collected,
                         "set by a file; whether its module is loaded by then is not told"};
    }
    const Value value = of_boot(row, [&](const snapshot::BootValue&, Basis basis) {
        return Value(row.late != nullptr ? row.late->module : std::string(), basis);
    });
    return !value.known() && value.gap().why == base::Why::absent ? Value(std::string()) : value;
}

Value boot_missed(const SysctlRow& row) {
    return of_boot(row, [&](const snapshot::BootValue& boot, Basis basis) {
        if (!boot.before_boot || !row.text) {
            return boot.before_boot ? Value(row.text.error())
                                    : absent(row, "when its file was changed is not known");
        }
        const auto taken = row.info != nullptr ? snapshot::as_kernel_takes(*row.info, boot.value)
                                               : std::optional(boot.value);
        return Value(*boot.before_boot && taken && !same(*taken, *row.text), basis);
    });
}

/// Values that the kernel takes and with which TCP does not work, or not on a host of today.
struct Floor {
    std::string_view name;
    std::size_t place; // of the number, where there are several
    std::int64_t least;
    std::string_view broken;     // by less
    std::int64_t limit_from = 0; // what is below that is no limit
};
constexpr auto floors = std::to_array<Floor>({
    {"net.ipv4.tcp_mem", 2, 4096, "TCP gets hardly any memory, connections stall and are reset"},
    {"net.ipv4.tcp_rmem", 2, 2048, "hardly anything can be received at a time"},
    {"net.ipv4.tcp_wmem", 2, 2048, "hardly anything can be sent at a time"},
    {"net.ipv4.tcp_max_orphans", 0, 64, "what programs have closed is reset before all of it is sent"},
    {"net.ipv4.tcp_max_tw_buckets", 0, 16384,
     "connections end without TIME_WAIT, which protects the next ones"},
    {"net.ipv4.tcp_max_syn_backlog", 0, 8, "a few slow clients keep others from connecting"},
    {"net.core.somaxconn", 0, 8, "clients are turned away as soon as a few wait"},
    {"net.ipv4.tcp_retries2", 0, 3, "connections end in an outage of one or two seconds"},
    {"net.netfilter.nf_conntrack_max", 0, 256, "the firewall drops what goes beyond so few connections", 1},
});

/// A small machine gets less from the kernel itself: half the buckets of a table whose size is a power of
/// two, and limits of memory by alloc_large_system_hash() and tcp_init_mem().
bool may_be_of_kernel(const SysctlRow& row, const std::vector<std::int64_t>& numbers) {
    constexpr std::int64_t least_tw_buckets = 128;
    constexpr std::int64_t least_pages = 128; // the second number of tcp_mem
    if (of_boot(row, text_of).known()) {
        return false; // somebody wrote it into a file
    }
    if (row.name == "net.ipv4.tcp_max_tw_buckets") {
        return numbers[0] >= least_tw_buckets && (numbers[0] & (numbers[0] - 1)) == 0;
    }
    return row.name == "net.ipv4.tcp_mem" && numbers[1] >= least_pages && numbers[0] == numbers[1] / 4 * 3 &&
           numbers[2] == 2 * numbers[0];
}

/// What the value of now breaks; an empty text if nothing.
Value too_low(const SysctlRow& row) {
    const auto* floor = std::find_if(floors.begin(), floors.end(),
                                     [&](const Floor& candidate) { return candidate.name == row.name; });
    if (floor == floors.end()) {
        return std::string();
    }
    if (!row.text) {
        return row.text.error();
    }
    snapshot::Sysctls own;
    own.set(row.name, *row.text);
    const auto numbers = own.integers(row.name, row.info->numbers);
    if (!numbers) {
        return numbers.error();
    }
    const std::int64_t number = (*numbers)[floor->place];
    const bool is_low = number >= floor->limit_from && number < floor->least;
    return std::string(is_low && !may_be_of_kernel(row, *numbers) ? floor->broken : "");
}

Value default_text(const SysctlRow& row) {
    const bool fixed = row.info != nullptr &&
                       (!row.info->default_value.empty() || row.info->kind == SysctlInfo::Kind::ports);
    return fixed ? Value(std::string(row.info->default_value))
                 : absent(row, "the default depends on the machine");
}

Value default_number(const SysctlRow& row) {
    snapshot::Sysctls defaults;
    defaults.set(row.name, row.info != nullptr ? row.info->default_value : std::string_view());
    const auto number = defaults.integer(row.name);
    return number ? Value(*number) : absent(row, "no default with one number");
}

constexpr auto sysctl_getters = std::to_array<Getter<SysctlRow>>({
    {"name", [](const SysctlRow& r) { return Value(base::printable(r.name)); }},
    {"runtime", [](const SysctlRow& r) { return r.text ? Value(*r.text) : Value(r.text.error()); }},
    {"number",
     [](const SysctlRow& r) {
         const bool has_one = r.info == nullptr || r.info->kind == SysctlInfo::Kind::integer;
         return has_one ? value_of(r.number) : absent(r, "more than one number");
     }},
    {"too_low", too_low},
    {"default", default_text},
    {"default_number", default_number},
    {"per_namespace", [](const SysctlRow& r) { return Value(r.info != nullptr && r.info->per_netns); }},
    {"boot", [](const SysctlRow& r) { return of_boot(r, text_of); }},
    {"boot_origin", [](const SysctlRow& r) { return of_boot(r, origin_of); }},
    {"drifted", drifted},
    {"boot_refused", boot_refused},
    {"outvoted", [](const SysctlRow& r) { return if_any(r, &BootSysctls::outvoted, text_of); }},
    {"outvoted_origin", [](const SysctlRow& r) { return if_any(r, &BootSysctls::outvoted, origin_of); }},
    {"by_hand", [](const SysctlRow& r) { return if_any(r, &BootSysctls::by_hand, text_of); }},
    {"by_hand_origin", [](const SysctlRow& r) { return if_any(r, &BootSysctls::by_hand, origin_of); }},
    {"dead", dead},
    {"late_module", late_module},
    {"boot_missed", boot_missed},
});
static_assert(follows(facts::sysctl_columns, sysctl_getters));

const snapshot::LateSysctl* late_in(const BootSysctls* files, const std::string& name) {
    const auto found = files != nullptr ? files->late.find(name) : decltype(files->late.end())();
    return files != nullptr && found != files->late.end() ? &found->second : nullptr;
}

/// Those that the program does not know.
void add_late(const BootSysctls& files, std::vector<SysctlRow>& rows) {
    for (const auto& [name, late] : files.late) {
        if (snapshot::find_sysctl(name) == nullptr) {
            snapshot::Sysctls own;
            if (late.now) {
                own.set(name, *late.now);
            }
            rows.push_back({name, nullptr, own.text(name), own.integer(name), &files, &late});
        }
    }
}

} // namespace

std::unique_ptr<facts::Table> sysctl_table(const snapshot::Netns& netns, const snapshot::Sysctls& sysctls) {
    const BootSysctls* files = netns.boot_sysctls ? &*netns.boot_sysctls : nullptr;
    std::vector<SysctlRow> rows;
    for (const SysctlInfo& info : snapshot::known_sysctls()) {
        const std::string name(info.name);
        rows.push_back({name, &info, sysctls.text(name), sysctls.integer(name), files, late_in(files, name)});
    }
    for (const auto& [name, value] : files != nullptr ? files->dead : snapshot::BootValues()) {
        rows.push_back({name, nullptr, sysctls.text(name), sysctls.integer(name), files});
    }
    if (files != nullptr) {
        add_late(*files, rows);
    }
    return std::make_unique<RowTable<SysctlRow>>(facts::TableId::sysctl, std::move(rows), sysctl_getters,
                                                 std::nullopt);
}

} // namespace model
