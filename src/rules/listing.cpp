#include "rules/listing.h"

#include "facts/schema.h"
#include "rules/overrides.h"

namespace rules {
namespace {

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    }
    return result;
}

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
                          parameter.help, rules.describe(parameter.origin)});
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
        item.severity = rule.condition.empty() ? std::string() : lower(findings::name(rule.severity));
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

} // namespace rules
