#include "cli/explain_now.h"

#include "base/text.h"
#include "cli/observe.h"
#include "cli/past.h"
#include "facts/schema.h"
#include "rules/arithmetic.h"

#include <fmt/format.h>

namespace cli {
namespace {

constexpr std::size_t most_subjects = 3;

std::string heading(const rules::Arithmetic& one, bool several_namespaces) {
    std::vector<std::string> parts;
    for (const auto& [column, value] : one.subject) {
        parts.push_back(column + " " + base::printable(value));
    }
    if (several_namespaces && !one.network_namespace.empty()) {
        parts.push_back("in " + base::printable(one.network_namespace));
    }
    return (parts.empty() ? "" : base::join(parts, ", ") + ": ") + one.outcome;
}

std::string lines(std::string_view text, std::size_t width, const std::string& first,
                  const std::string& next) {
    std::string out;
    for (const std::string& line : base::wrap(text, width > first.size() + 20 ? width - first.size() : 20)) {
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
    auto observed = observe(options, *assumed, needs_of(only));
    if (!observed) {
        return observed.error();
    }
    const Past past(options, observed->host);
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

} // namespace cli
