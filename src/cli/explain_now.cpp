#include "cli/explain.h"

#include "base/text.h"
#include "cli/judge.h"
#include "cli/observe.h"
#include "cli/time_limit.h"
#include "facts/schema.h"
#include "rules/arithmetic.h"
#include "rules/evaluate.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

namespace cli {

namespace {

constexpr std::size_t most_subjects = 3;

std::string heading(const rules::Arithmetic& one, bool several_namespaces) {
    std::vector<std::string> parts;
    for (const auto& [column, value] : one.subject) {
        parts.push_back(column + " " + base::printable(value));
    }
    if (several_namespaces && !one.netns.empty()) {
        parts.push_back("in " + base::printable(one.netns));
    }
    return (parts.empty() ? "" : base::join(parts, ", ") + ": ") + one.outcome;
}

std::string lines(std::string_view text, std::size_t width, const std::string& first,
                  const std::string& next) {
    constexpr std::size_t least = 20;
    const std::size_t indent = std::max(first.size(), next.size());
    std::string out;
    for (const std::string& line : base::wrap(text, width > indent + least ? width - indent : least)) {
        out += (out.empty() ? first : next) + line + "\n";
    }
    return out;
}

/// The formula, the same with numbers, the result: one line each, numbers only where something is computed.
std::string step_text(const rules::Step& step, std::size_t width) {
    const std::string first = fmt::format("    {:<17} ", step.name);
    const std::string next = std::string(first.size() - 2, ' ') + "= ";
    const std::string under(first.size(), ' ');
    std::string out = lines(base::printable(step.formula), width, first, under);
    if (!step.numbers.empty() && !step.result.starts_with(step.numbers)) {
        out += lines(base::printable(step.numbers), width, next, under);
    }
    return out + lines(base::printable(step.result), width, next, under);
}

} // namespace

base::Result<std::string> rule_now(const Options& options, const rules::Rule& rule, std::size_t width) {
    const auto assumed = assumptions(options);
    if (!assumed) {
        return assumed.error();
    }
    rules::RuleSet only;
    only.rules.push_back(rule);
    only.rules.back().active = true;
    auto observed = observe(options, *assumed, needs_of(only, rules::Detail::advice));
    if (!observed) {
        return observed.error();
    }
    const history::Past past = past_of(options, observed->host);
    past.prove_ages(observed->host);
    const facts::Facts facts = model::derive(observed->host, *assumed, past.history(), options.expected);
    const auto subjects = rules::arithmetic(rule, facts, most_subjects);
    std::string out = fmt::format("On {} now", base::printable(observed->host.name));
    out += assumed->empty() ? ":\n" : ", as if " + base::join(texts_of(*assumed), ", ") + ":\n";
    for (const rules::Arithmetic& one : subjects) {
        out += lines(heading(one, facts.namespaces.size() > 1), width, "  ", "    ");
        for (const rules::Step& step : one.steps) {
            out += step_text(step, width);
        }
    }
    if (subjects.empty()) {
        out += fmt::format("  there is no {}\n", rule.table == facts::TableId::close_wait
                                                     ? std::string("connection in CLOSE_WAIT")
                                                     : std::string(facts::schema(rule.table).name));
    }
    return out + "\n";
}

namespace {

using facts::TableId;
using facts::Value;

constexpr std::size_t most_rows = 3;

/// What there is to read of one table, row after row.
using TableReader = std::function<void(const facts::Table&, const std::string& netns)>;

/// Whose numbers these are.
struct Whose {
    std::string host; // printable
    std::vector<std::string> assumed;
};

std::string to_text(const Whose& whose, Language language = Language::english) {
    const std::string assumed = base::join(whose.assumed, ", ");
    return language == Language::chinese
               ? whose.host + " 现在" + (assumed.empty() ? "" : "，假定 " + assumed)
               : "On " + whose.host + " now" + (assumed.empty() ? "" : ", as if " + assumed);
}

/// Calls `reader` with the table of each namespace.
base::Result<Whose> read_now(const Options& options, TableId table, const TableReader& reader) {
    const auto assumed = assumptions(options);
    if (!assumed) {
        return assumed.error();
    }
    auto observed = observe(options, *assumed, needs_of(table));
    if (!observed) {
        return observed.error();
    }
    const history::Past past = past_of(options, observed->host);
    past.prove_ages(observed->host);
    const facts::Facts facts = model::derive(observed->host, *assumed, past.history(), options.expected);
    if (table == TableId::host) {
        reader(*facts.host, "");
    } else {
        for (const facts::NetnsFacts& each : facts.namespaces) {
            reader(each.table(table), facts.namespaces.size() > 1 ? each.label : "");
        }
    }
    return Whose{base::printable(observed->host.name), texts_of(*assumed)};
}

std::string value_text(const Value& value, std::string_view unit) {
    if (!value.known()) {
        return "unknown: " + base::printable(base::to_text(value.gap()));
    }
    return base::printable(rules::to_text(value)) +
           (unit.empty() || !value.is_number() ? "" : " " + std::string(unit)) +
           (value.basis() == facts::Basis::inferred ? " (inferred)" : "");
}

std::string subject_text(const facts::Table& table, std::size_t row, const std::string& netns) {
    std::vector<std::string> parts;
    for (const std::string_view column : table.schema().subject) {
        parts.push_back(base::printable(rules::to_text(table.get(row, *table.schema().find(column)))));
    }
    if (!netns.empty()) {
        parts.push_back("in " + base::printable(netns));
    }
    return parts.empty() ? "" : base::join(parts, " ") + ": ";
}

std::string lines_of(const facts::Table& table, std::size_t column, const std::string& netns) {
    std::string text;
    const facts::Column& fact = table.schema().columns[column];
    for (std::size_t row = 0; row < std::min(table.size(), most_rows); ++row) {
        text += fmt::format("  {}{}\n", subject_text(table, row, netns),
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
        text += fmt::format("{}, {}:\n{}", to_text(*whose), schema.name, lines);
    }
    return text;
}

base::Result<std::string> state_now(const Options& options, const std::string& name, Language language) {
    const auto column = facts::schema(TableId::netns).find(base::lower_ascii(name));
    if (!column) {
        return std::string();
    }
    const bool in_chinese = language == Language::chinese;
    std::string lines;
    const auto whose =
        read_now(options, TableId::netns, [&](const facts::Table& table, const std::string& inside) {
            lines += fmt::format("  {}{}\n", inside.empty() ? "" : base::printable(inside) + ": ",
                                 value_text(table.get(0, *column), in_chinese ? "个套接字" : "sockets"));
        });
    if (!whose) {
        return whose.error();
    }
    return to_text(*whose, language) + (in_chinese ? "：\n" : ":\n") + lines;
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
    if (!whose) {
        return whose.error();
    }
    return lines.empty() ? std::string() : to_text(*whose) + ":\n" + lines;
}

base::Result<std::string> rules_now(const Options& options, const rules::RuleSet& all,
                                    const std::vector<std::string_view>& ids, std::size_t width) {
    const auto assumed = assumptions(options);
    if (!assumed) {
        return assumed.error();
    }
    rules::RuleSet only;
    for (const std::string_view id : ids) {
        if (const rules::Rule* rule = all.find(std::string(id))) {
            only.rules.push_back(*rule);
            only.rules.back().active = true;
        }
    }
    auto observed = observe(options, *assumed, needs_of(only, rules::Detail::advice));
    if (!observed) {
        return observed.error();
    }
    history::Past past = past_of(options, observed->host);
    past.prove_ages(observed->host);
    const facts::Facts facts = model::derive(observed->host, *assumed, past.history(), options.expected);
    findings::Report report = rules::evaluate(only, facts, {}, past.recall(), end_of_judging(options, {}));
    rules::add_live_numbers(report, only, facts);
    std::string text = fmt::format("On {} now:\n", base::printable(observed->host.name));
    for (const findings::RuleOutcome& rule : report.rules) {
        const std::string_view state = rule.state ? findings::name(*rule.state) : "SKIPPED";
        std::string line = rule.id;
        for (const findings::Finding& finding : report.findings) {
            line += finding.rule == rule.id ? "; " + finding.summary : std::string();
        }
        line += rule.reason.empty() ? "" : ": " + rule.reason;
        line += rule.numbers.empty() ? "" : ": " + rule.numbers;
        text += lines(base::printable(line), width, fmt::format("  {:<10}", state), std::string(14, ' '));
    }
    return text;
}

} // namespace cli
