#include "rules/rule.h"

#include "base/text.h"
#include "facts/schema.h"
#include "rules/overrides.h"
#include "rules/reader.h"
#include "rules/resolve.h"

#include <algorithm>

#include <fmt/format.h>

namespace rules {

Rule* RuleSet::find(std::string_view id) {
    const auto found = std::find_if(rules.begin(), rules.end(), [&](const Rule& rule) {
        return rule.id == id || std::find(rule.aliases.begin(), rule.aliases.end(), id) != rule.aliases.end();
    });
    return found != rules.end() ? &*found : nullptr;
}

const Rule* RuleSet::find(std::string_view id) const {
    return const_cast<RuleSet*>(this)->find(id);
}

std::string RuleSet::describe(const SourceLine& origin) const {
    const std::string& file = files[origin.file];
    return origin.line == 0 ? file : fmt::format("{}:{}", file, origin.line);
}

std::uint64_t fingerprint_of(const Rule& rule) {
    base::Fingerprint print;
    print.add(rule.id).add(rule.when.text).add(rule.value.text).add(rule.worst.text).add(rule.condition.text);
    for (const Threshold* threshold : {&rule.warning, &rule.critical}) {
        print.add(threshold->range ? threshold->range->canonical() : std::string());
    }
    for (const facts::Value& value : rule.parameter_values) {
        print.add(to_text(value));
    }
    return print.value();
}

namespace {

class Collector {
  public:
    Collector(NeededColumns& needs, const Rule& rule) : needs_(needs), rule_(rule) {}

    void add_verdict() {
        needs_.add(rule_.table);
        for (const Expression* each :
             {&rule_.when, &rule_.value, &rule_.worst, &rule_.straddling, &rule_.untold, &rule_.condition,
              &rule_.warning_when, &rule_.critical_when}) {
            add(*each);
        }
        add(rule_.summary);
    }

    void add_advice() {
        const Advice advice = advice_of(rule_);
        std::for_each(advice.evidence.begin(), advice.evidence.end(),
                      [this](const Reference& each) { add(each); });
        for (const RemedyTemplate& remedy : advice.remedies) {
            add(remedy.when);
            for (const Template* each : {&remedy.text, &remedy.command, &remedy.undo, &remedy.risk}) {
                add(*each);
            }
            for (const auto& [name, value] : remedy.sysctls) {
                add(value);
            }
        }
    }

  private:
    void add(const Reference& reference) {
        if (const auto table = table_of(reference.where, rule_.table)) {
            needs_.add(*table, reference.index);
        }
    }

    void add(const Expression& expression) {
        for (const ExpressionNode& node : expression.nodes) {
            if (node.op == Op::name) {
                add(node.reference);
            }
        }
    }

    void add(const Template& text) {
        for (const Template::Part& part : text.parts) {
            if (part.has_name && part.special == Template::Special::none) {
                add(part.reference);
            }
        }
    }

    NeededColumns& needs_;
    const Rule& rule_;
};

} // namespace

void NeededColumns::add(facts::TableId table, std::size_t column) {
    add(table);
    columns_[static_cast<std::size_t>(table)].set(column);
}

NeededColumns needs(const RuleSet& rules, Detail detail) {
    NeededColumns needs;
    for (const Rule& rule : rules.rules) {
        if (!rule.active) {
            continue;
        }
        Collector collector(needs, rule);
        collector.add_verdict();
        if (detail == Detail::advice) {
            collector.add_advice();
        }
    }
    return needs;
}

std::set<facts::Collection> collections(const NeededColumns& needs) {
    std::set<facts::Collection> wanted;
    for (const facts::Schema& table : facts::schemas()) {
        if (needs.has(table.id)) {
            wanted.insert(table.needs);
        }
        for (std::size_t column = 0; column < table.columns.size(); ++column) {
            if (needs.has(table.id, column)) {
                wanted.insert(table.columns[column].needs);
            }
        }
    }
    return wanted;
}

namespace {

std::vector<ListedValue> values_of(const Rule& rule, const RuleSet& rules) {
    std::vector<ListedValue> values;
    values.push_back(
        {"enabled", rule.enabled ? "true" : "false", "", "", "", rules.describe(rule.enabled_origin)});
    const auto add = [&](const char* name, const Threshold& threshold) {
        if (threshold.range) {
            values.push_back(
                {name, threshold.range->text, "", rule.unit, "", rules.describe(threshold.origin)});
        }
    };
    add("warning", rule.warning);
    add("critical", rule.critical);
    for (const Parameter& parameter : rule.parameters) {
        const std::string value = to_text(parameter.value);
        const std::string standard = to_text(parameter.standard);
        values.push_back({parameter.name, value, value == standard ? std::string() : standard, parameter.unit,
                          std::string(parameter.help), rules.describe(parameter.origin)});
    }
    return values;
}

ListedOverride listed(const Override& exception, const RuleSet& rules) {
    return {to_text(exception.subject), describe(exception), exception.reason,
            exception.expires,          exception.expired,   rules.describe(exception.origin)};
}

} // namespace

std::vector<ListedRule> list(const RuleSet& rules) {
    std::vector<ListedRule> all;
    for (const Rule& rule : rules.rules) {
        ListedRule item;
        item.id = rule.id;
        item.title = rule.title;
        item.aliases = rule.aliases;
        item.tags = rule.tags;
        item.table = std::string(facts::schema(rule.table).name);
        item.enabled = rule.enabled;
        item.active = rule.active;
        item.judgement = rule.condition.empty() ? rule.value.text : rule.condition.text;
        item.severity =
            rule.condition.empty() ? std::string() : base::lower_ascii(findings::name(rule.severity));
        item.unit = rule.unit;
        item.origin = rules.describe(rule.origin);
        item.values = values_of(rule, rules);
        for (const Override& exception : rule.overrides) {
            item.overrides.push_back(listed(exception, rules));
        }
        all.push_back(std::move(item));
    }
    return all;
}

std::string wrong_choice(const Parameter& parameter, const facts::Value& value) {
    const auto& choices = parameter.choices;
    if (choices.empty() || std::find(choices.begin(), choices.end(), to_text(value)) != choices.end()) {
        return {};
    }
    return fmt::format("parameter '{}' must be one of {}, this is '{}'", parameter.name,
                       base::join(choices, ", "), base::printable(to_text(value)));
}

} // namespace rules
