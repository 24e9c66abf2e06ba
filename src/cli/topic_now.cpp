#include "cli/topic_now.h"

#include "base/text.h"
#include "cli/observe.h"
#include "cli/past.h"
#include "facts/schema.h"
#include "rules/placeholders.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

namespace cli {
namespace {

using facts::TableId;
using facts::Value;

constexpr std::size_t most_rows = 3;

/// What there is to read of one table, row after row.
using Reader = std::function<void(const facts::Table&, const std::string& network_namespace)>;

model::Needs needs_for(TableId table) {
    model::Needs needs;
    needs.ports = true;
    needs.bound_count = table == TableId::network_namespace;
    needs.fixed_listeners = table == TableId::listener;
    needs.boot_sysctls = table == TableId::sysctl;
    needs.owners = table == TableId::close_wait;
    return needs;
}

/// Calls `reader` with the table of each namespace; returns whose numbers they are.
base::Result<std::string> read_now(const Options& options, TableId table, const Reader& reader) {
    const auto assumed = assumptions(options);
    if (!assumed) {
        return assumed.error();
    }
    auto observed = observe(options, *assumed, needs_for(table));
    if (!observed) {
        return observed.error();
    }
    const Past past(options, observed->host);
    past.prove_ages(observed->host);
    const facts::Facts facts = model::derive(observed->host, *assumed, past.history(), options.expected);
    if (table == TableId::host) {
        reader(*facts.host, "");
    } else {
        for (const facts::NamespaceFacts& each : facts.namespaces) {
            reader(each.table(table), facts.namespaces.size() > 1 ? each.label : "");
        }
    }
    return fmt::format("On {} now", base::printable(observed->host.name)) +
           (assumed->empty() ? "" : ", as if " + base::join(texts_of(*assumed), ", "));
}

std::string value_text(const Value& value, std::string_view unit) {
    if (!value.known()) {
        return "unknown: " + base::printable(base::to_text(value.gap()));
    }
    return base::printable(rules::to_text(value)) +
           (unit.empty() || !value.is_number() ? "" : " " + std::string(unit)) +
           (value.basis() == facts::Basis::inferred ? " (inferred)" : "");
}

std::string subject_text(const facts::Table& table, std::size_t row, const std::string& network_namespace) {
    std::vector<std::string> parts;
    for (const std::string_view column : table.schema().subject) {
        parts.push_back(base::printable(rules::to_text(table.get(row, *table.schema().find(column)))));
    }
    if (!network_namespace.empty()) {
        parts.push_back("in " + base::printable(network_namespace));
    }
    return parts.empty() ? "" : base::join(parts, " ") + ": ";
}

std::string lines_of(const facts::Table& table, std::size_t column, const std::string& network_namespace) {
    std::string text;
    const facts::Column& fact = table.schema().columns[column];
    for (std::size_t row = 0; row < std::min(table.size(), most_rows); ++row) {
        text += fmt::format("  {}{}\n", subject_text(table, row, network_namespace),
                            value_text(table.get(row, column), fact.unit));
    }
    if (table.size() > most_rows) {
        text += fmt::format("  and {} more\n", table.size() - most_rows);
    }
    if (table.size() == 0) {
        text += fmt::format("  there is no {}\n", table.schema().name);
    }
    return text;
}

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return text;
}

} // namespace

base::Result<std::string> fact_now(const Options& options, const std::string& name) {
    const std::size_t dot = name.find('.');
    std::string text;
    for (const facts::Schema& schema : facts::schemas()) {
        const auto column = schema.find(name.substr(dot == std::string::npos ? 0 : dot + 1));
        if (!column || (dot != std::string::npos && schema.name != name.substr(0, dot))) {
            continue;
        }
        std::string lines;
        const auto whose =
            read_now(options, schema.id, [&](const facts::Table& table, const std::string& inside) {
                lines += lines_of(table, *column, inside);
            });
        if (!whose) {
            return whose.error();
        }
        text += fmt::format("{}, {}:\n{}", *whose, schema.name, lines);
    }
    return text;
}

base::Result<std::string> state_now(const Options& options, const std::string& name) {
    const auto column = facts::schema(TableId::network_namespace).find(lower_case(name));
    if (!column) {
        return std::string();
    }
    std::string lines;
    const auto whose = read_now(
        options, TableId::network_namespace, [&](const facts::Table& table, const std::string& inside) {
            lines += fmt::format("  {}{}\n", inside.empty() ? "" : base::printable(inside) + ": ",
                                 value_text(table.get(0, *column), "sockets"));
        });
    return whose ? base::Result<std::string>(fmt::format("{}:\n{}", *whose, lines)) : whose;
}

base::Result<std::string> sysctl_now(const Options& options, const std::string& name) {
    std::string lines;
    const auto whose =
        read_now(options, TableId::sysctl, [&](const facts::Table& table, const std::string& inside) {
            const auto get = [&](std::size_t row, std::string_view column) {
                return table.get(row, *table.schema().find(column));
            };
            for (std::size_t row = 0; row < table.size(); ++row) {
                if (rules::to_text(get(row, "name")) != name) {
                    continue;
                }
                lines += fmt::format("  {}{}\n", inside.empty() ? "" : base::printable(inside) + ": ",
                                     value_text(get(row, "runtime"), ""));
                if (const Value boot = get(row, "boot"); boot.known()) {
                    const Value refused = get(row, "boot_refused");
                    lines += fmt::format(
                        "  at the next boot: {} ({}){}\n", value_text(boot, ""),
                        value_text(get(row, "boot_origin"), ""),
                        refused.known() && refused.truth() ? ", which the kernel does not take" : "");
                }
            }
        });
    return whose ? base::Result<std::string>(lines.empty() ? "" : fmt::format("{}:\n{}", *whose, lines))
                 : whose;
}

} // namespace cli
