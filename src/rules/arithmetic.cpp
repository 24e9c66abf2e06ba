#include "rules/arithmetic.h"

#include "base/number.h"
#include "base/text.h"
#include "facts/schema.h"
#include "rules/compute.h"
#include "rules/finding_writer.h"
#include "rules/judge_row.h"
#include "rules/resolve.h"

#include <algorithm>

#include <fmt/format.h>

namespace rules {

namespace {

using facts::TableId;
using facts::Value;
using Where = Reference::Where;

constexpr int decimals = 3;

std::string shown(const Value& value) {
    if (!value.known()) {
        return "unknown";
    }
    if (value.is_number()) {
        return base::to_text(value.number(), decimals);
    }
    return value.is_boolean() ? (value.truth() ? "yes" : "no") : "'" + value.text() + "'";
}

std::string with_unit(const Value& value, std::string_view unit) {
    if (!value.known()) {
        return "unknown: " + base::to_text(value.gap());
    }
    const std::string text = unit.empty() ? shown(value) : fmt::format("{} {}", shown(value), unit);
    return value.basis() == facts::Basis::inferred ? text + " (inferred)" : text;
}

/// The names of an expression, in the order of its text.
std::vector<const ExpressionNode*> names_of(const Expression& expression) {
    std::vector<const ExpressionNode*> names;
    for (const ExpressionNode& node : expression.nodes) {
        if (node.op == Op::name) {
            names.push_back(&node);
        }
    }
    std::sort(names.begin(), names.end(),
              [](const ExpressionNode* a, const ExpressionNode* b) { return a->offset < b->offset; });
    return names;
}

class Speller {
  public:
    Speller(const Rule& rule, const Context& context) : rule_(rule), context_(context) {}

    std::vector<Step> run() {
        spell("when", rule_.when, "");
        spell("condition", rule_.condition, "");
        spell("value", rule_.value, rule_.unit);
        spell("warning when", rule_.warning_when, "");
        spell("critical when", rule_.critical_when, "");
        for (std::size_t i = 0; i < waiting_.size(); ++i) { // grows while formulas name further facts
            spell_fact(waiting_[i]);
        }
        return std::move(steps_);
    }

  private:
    struct Fact {
        TableId table;
        std::size_t column;
        bool operator==(const Fact&) const = default;
    };

    static const facts::Column& column_of(const Fact& fact) {
        return facts::schema(fact.table).columns[fact.column];
    }

    void spell(std::string name, const Expression& expression, std::string_view unit) {
        if (expression.empty()) {
            return;
        }
        steps_.push_back({std::move(name), expression.text, with_numbers(expression),
                          with_unit(compute(expression, context_), unit)});
    }

    void spell_fact(Fact fact) {
        const facts::Column& row = column_of(fact);
        auto expression = parse_expression(row.formula);
        std::vector<ExpressionError> mistakes;
        if (!expression || !resolve(*expression, Scope(fact.table), mistakes)) {
            return;
        }
        // A fact of the namespace is computed from facts of the namespace, whatever the rule is about.
        Context inside = context_;
        if (fact.table == TableId::host) {
            inside.row_table = context_.host;
            inside.row = 0;
        } else if (fact.table == TableId::netns) {
            inside.row_table = context_.netns;
            inside.row = 0;
        }
        if (inside.row_table == nullptr) {
            return;
        }
        std::swap(inside, context_);
        const auto table = std::exchange(table_, fact.table);
        steps_.push_back({std::string(row.name), expression->text, with_numbers(*expression),
                          with_unit(context_.row_table->get(context_.row, fact.column), row.unit)});
        table_ = table;
        std::swap(inside, context_);
    }

    /// The text with each name replaced by its value; facts that have a formula are put on the list.
    std::string with_numbers(const Expression& expression) {
        std::string text;
        std::size_t done = 0;
        for (const ExpressionNode* node : names_of(expression)) {
            text += expression.text.substr(done, node->offset - done);
            text += shown(look_up(node->reference, context_));
            done = std::size_t{node->offset} + node->length;
            want_formula(node->reference);
        }
        return done == 0 ? std::string() : text + expression.text.substr(done);
    }

    void want_formula(const Reference& reference) {
        const auto table = table_of(reference.where, table_);
        if (!table) {
            return;
        }
        const Fact fact{*table, reference.index};
        const bool computed = !column_of(fact).formula.empty();
        if (computed && std::find(waiting_.begin(), waiting_.end(), fact) == waiting_.end()) {
            waiting_.push_back(fact);
        }
    }

    const Rule& rule_;
    Context context_;
    TableId table_ = rule_.table; // whose columns the names of the present expression are
    std::vector<Step> steps_;
    std::vector<Fact> waiting_;
};

struct ConditionRow {
    std::size_t netns;
    RowVerdict verdict;
};

/// Judged rows before others, bad ones before good ones, high values before low ones.
bool worth_more(const ConditionRow& a, const ConditionRow& b) {
    if (a.verdict.kind != b.verdict.kind) {
        return a.verdict.kind > b.verdict.kind;
    }
    if (a.verdict.judged.state != b.verdict.judged.state) {
        return a.verdict.judged.state > b.verdict.judged.state;
    }
    return a.verdict.judged.value.value_or(0) > b.verdict.judged.value.value_or(0);
}

/// Keeps the `most` rows that are worth most, in this order; of equals the first.
void add_rows(const Rule& rule, const facts::Facts& facts, std::size_t netns, std::size_t most,
              std::vector<ConditionRow>& rows) {
    Context context = context_of(rule, facts, netns, 0);
    const std::size_t size = context.row_table == nullptr ? 0 : context.row_table->size();
    for (; context.row < size; ++context.row) {
        ConditionRow row{netns, judge_row(rule, facts, context, netns)};
        row.verdict.judged.row = context.row;
        if (rows.size() == most && !worth_more(row, rows.back())) {
            continue;
        }
        const auto place = std::upper_bound(rows.begin(), rows.end(), row, worth_more);
        rows.insert(place, std::move(row));
        rows.resize(std::min(rows.size(), most));
    }
}

std::string outcome_of(const RowVerdict& verdict) {
    switch (verdict.kind) {
    case RowVerdict::Kind::not_applicable:
        return verdict.judged.exception != nullptr ? "not judged: an override ignores it" : "not judged";
    case RowVerdict::Kind::missing:
        return "unknown: " + base::to_text(*verdict.gap);
    case RowVerdict::Kind::judged:
        break;
    }
    return std::string(findings::name(verdict.judged.state));
}

Arithmetic spelled(const Rule& rule, const facts::Facts& facts, const ConditionRow& row) {
    const Context context = context_of(rule, facts, row.netns, row.verdict.judged.row);
    Arithmetic all;
    if (rule.table != TableId::host) {
        all.netns = facts.namespaces[row.netns].label;
    }
    const facts::Schema& schema = facts::schema(rule.table);
    for (const std::string_view column : schema.subject) {
        if (const auto number = schema.find(column)) {
            const Value value = context.row_table->get(context.row, *number);
            all.subject.emplace_back(column, value.is_text() ? value.text() : shown(value));
        }
    }
    all.outcome = outcome_of(row.verdict);
    all.steps = Speller(rule, context).run();
    return all;
}

} // namespace

std::vector<Arithmetic> arithmetic(const Rule& rule, const facts::Facts& facts, std::size_t most) {
    std::vector<ConditionRow> rows;
    const std::size_t namespaces = rule.table == TableId::host ? 1 : facts.namespaces.size();
    for (std::size_t number = 0; number < namespaces; ++number) {
        add_rows(rule, facts, number, most, rows);
    }
    std::vector<Arithmetic> all;
    all.reserve(rows.size());
    for (const ConditionRow& row : rows) {
        all.push_back(spelled(rule, facts, row));
    }
    return all;
}

namespace {

/// "free / usable = 60 / 1000 = 6 %"; numbers only where something is computed.
std::string equation(const Step& step) {
    std::string text = step.formula;
    if (!step.numbers.empty() && !step.result.starts_with(step.numbers)) {
        text += " = " + step.numbers;
    }
    return text + " = " + step.result;
}

std::string thresholds(const Rule& rule) {
    std::vector<std::string> parts;
    if (const Range* warning = warning_of(rule, nullptr)) {
        parts.push_back("warning " + warning->text);
    }
    if (const Range* critical = critical_of(rule, nullptr)) {
        parts.push_back("critical " + critical->text);
    }
    return parts.empty() ? "" : " (" + base::join(parts, ", ") + ")";
}

/// Of a subject that is not judged, why; else the value or the condition.
const Step* deciding_step(const Arithmetic& worst) {
    const bool judged = !worst.outcome.starts_with("not judged");
    const auto named = [&](std::string_view name) {
        const auto found = std::find_if(worst.steps.begin(), worst.steps.end(),
                                        [&](const Step& step) { return step.name == name; });
        return found != worst.steps.end() ? &*found : nullptr;
    };
    if (const Step* when = named("when"); when != nullptr && !judged) {
        return when;
    }
    const Step* value = named("value");
    return value != nullptr ? value : named("condition");
}

std::string subject_text(const Arithmetic& worst, std::size_t namespaces) {
    std::vector<std::string> parts;
    for (const auto& [column, value] : worst.subject) {
        parts.push_back(fmt::format("{} {}", column, value));
    }
    if (namespaces > 1 && !worst.netns.empty()) {
        parts.push_back("in " + worst.netns);
    }
    return parts.empty() ? "" : base::join(parts, ", ") + ": ";
}

std::string numbers_of(const Rule& rule, const facts::Facts& facts) {
    const auto worst = arithmetic(rule, facts, 1);
    if (worst.empty()) {
        return fmt::format("no {} to judge", facts::schema(rule.table).name);
    }
    const Step* step = deciding_step(worst.front());
    if (step == nullptr) {
        return {};
    }
    const std::string text = subject_text(worst.front(), facts.namespaces.size());
    return step->name == "when" ? text + "not judged, " + equation(*step)
                                : text + equation(*step) + thresholds(rule);
}

} // namespace

void add_live_numbers(findings::Report& report, const RuleSet& rules, const facts::Facts& facts) {
    for (findings::RuleOutcome& outcome : report.rules) {
        const auto rule = std::find_if(rules.rules.begin(), rules.rules.end(),
                                       [&](const Rule& one) { return one.id == outcome.id; });
        if (rule != rules.rules.end()) {
            outcome.numbers = numbers_of(*rule, facts);
        }
    }
}

} // namespace rules
