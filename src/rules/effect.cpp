#include "rules/effect.h"

#include "base/number.h"
#include "facts/schema.h"
#include "rules/judge_row.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace rules {
namespace {

constexpr std::size_t most_changes = 16; // each is another pass over the snapshot

std::vector<facts::Value> subject_of(const facts::Table& table, std::size_t row) {
    std::vector<facts::Value> values;
    for (const std::string_view column : table.schema().subject) {
        if (const auto number = table.schema().find(column)) {
            values.push_back(table.get(row, *number));
        }
    }
    return values;
}

bool same_subject(const facts::Table& a, std::size_t row_a, const facts::Table& b, std::size_t row_b) {
    const auto equal = [](const facts::Value& x, const facts::Value& y) { return to_text(x) == to_text(y); };
    const auto left = subject_of(a, row_a);
    const auto right = subject_of(b, row_b);
    return std::equal(left.begin(), left.end(), right.begin(), right.end(), equal);
}

/// Tables of one snapshot keep their order whatever the sysctls are; a row that is elsewhere is not compared.
std::optional<Context> same_row(const Rule& rule, const facts::Facts& before, const facts::Facts& after,
                                const Judged& judged) {
    const bool there =
        rule.table == facts::TableId::host || judged.network_namespace < after.namespaces.size();
    if (!there) {
        return std::nullopt;
    }
    const Context old = context_of(rule, before, judged.network_namespace, judged.row);
    const Context context = context_of(rule, after, judged.network_namespace, judged.row);
    if (old.row_table == nullptr || context.row_table == nullptr || judged.row >= context.row_table->size() ||
        !same_subject(*old.row_table, judged.row, *context.row_table, judged.row)) {
        return std::nullopt;
    }
    return context;
}

std::string shown(double value, const std::string& unit) {
    return base::to_text(value) + (unit == "%" ? " %" : "");
}

std::string change_of_value(const Rule& rule, const Judged& before, const Judged& after) {
    const std::string from = shown(*before.value, rule.unit);
    const std::string to = shown(*after.value, rule.unit);
    std::string text = fmt::format("{} -> {}", from, to);
    if (before.state != after.state) {
        text += fmt::format(", {} -> {}", findings::name(before.state), findings::name(after.state));
    } else if (from == to) {
        return text + ", no change";
    }
    return text + (after.inferred ? " (inferred)" : "");
}

std::string change_of_state(const Judged& before, const Judged& after) {
    if (before.state == after.state) {
        return "no change";
    }
    return fmt::format("{} -> {}", findings::name(before.state), findings::name(after.state));
}

} // namespace

std::shared_ptr<const facts::Facts> Effects::facts_under(const Changes& changes) {
    const auto known = known_.find(changes);
    if (known != known_.end()) {
        return known->second;
    }
    if (known_.size() >= most_changes) {
        return nullptr;
    }
    return known_.emplace(changes, what_if_(changes)).first->second;
}

std::string Effects::of(const Changes& changes, const Rule& rule, const facts::Facts& before,
                        const Judged& judged) {
    const auto after = facts_under(changes);
    if (!after) {
        return {};
    }
    const auto context = same_row(rule, before, *after, judged);
    if (!context) {
        return {};
    }
    const RowVerdict verdict = judge_row(rule, *after, *context, judged.network_namespace);
    switch (verdict.kind) {
    case RowVerdict::Kind::missing:
        return {};
    case RowVerdict::Kind::not_applicable:
        return fmt::format("{} -> no longer judged", findings::name(judged.state));
    case RowVerdict::Kind::judged:
        break;
    }
    return judged.value && verdict.judged.value ? change_of_value(rule, judged, verdict.judged)
                                                : change_of_state(judged, verdict.judged);
}

} // namespace rules
