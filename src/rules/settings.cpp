#include "rules/settings.h"

#include "base/text.h"
#include "rules/overrides.h"
#include "rules/reader.h"
#include "rules/scoped_reader.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace rules {

namespace {

using Kind = Node::Kind;

constexpr auto settings_keys = std::to_array<std::string_view>({"all_netns", "rule", "override"});
constexpr auto setting_keys =
    std::to_array<std::string_view>({"enabled", "warning", "critical", "parameters"});

bool judges_value(const Rule& rule) {
    return rule.condition.empty();
}

std::vector<std::string> names_of(const std::vector<Parameter>& parameters) {
    std::vector<std::string> names;
    names.reserve(parameters.size());
    for (const Parameter& parameter : parameters) {
        names.push_back(parameter.name);
    }
    return names;
}

class SettingsReader {
  public:
    SettingsReader(RuleSet& rules, std::uint16_t file, double now, const std::vector<std::string>& broken,
                   Reporter& reporter)
        : rules_(rules), file_(file), now_(now), broken_(broken), reporter_(reporter) {}

    void read(const Node& settings) {
        const TableReader keys(settings, "the settings file", settings_keys, reporter_);
        if (const Node* all = keys.get("all_netns", Kind::boolean)) {
            rules_.all_netns = all->truth;
        }
        for (const Node::Member& member : keys.members("rule")) {
            if (member.value.kind != Kind::table) {
                reporter_.error(member.key.mark,
                                fmt::format("'{}' must be a table, this is {}",
                                            base::printable(member.key.name), describe(member.value.kind)),
                                "write [rule.ID]");
            } else if (Rule* rule = find(member.key.name, member.key.mark)) {
                read_rule_changes(*rule, member.value);
            }
        }
        for (const Node& table : keys.tables("override", "[[override]]")) {
            read_override(
                table, [&](const Node& id) { return find(id.text, id.mark); }, file_, now_, reporter_);
        }
    }

  private:
    Rule* find(std::string_view id, Mark mark) {
        Rule* rule = rules_.find(id);
        if (rule == nullptr && std::find(broken_.begin(), broken_.end(), id) == broken_.end()) {
            reporter_.error(mark,
                            fmt::format("unknown rule '{}'{}", base::printable(id),
                                        base::did_you_mean(id, all_ids(rules_))),
                            "'tcpadvisor rules list' shows all rules");
        }
        return rule;
    }

    SourceLine origin_of(const Node& node) const { return {file_, node.mark.line}; }

    void read_rule_changes(Rule& rule, const Node& table) {
        const TableReader keys(table, fmt::format("[rule.{}]", rule.id), setting_keys, reporter_);
        if (const Node* enabled = keys.get("enabled", Kind::boolean)) {
            rule.enabled = enabled->truth;
            rule.enabled_origin = origin_of(*enabled);
        }
        const Node* warning = threshold(keys, "warning", rule);
        const Node* critical = threshold(keys, "critical", rule);
        if (warning != nullptr) {
            change(rule.warning, *warning, rule);
        }
        if (critical != nullptr) {
            change(rule.critical, *critical, rule);
        }
        if (const Node* changed = warning != nullptr ? warning : critical) {
            check_ranges(rule.warning.range, rule.critical.range, changed->mark, reporter_);
        }
        for (const Node::Member& member : keys.members("parameters")) {
            change_parameter(rule, member, origin_of(member.value), reporter_);
        }
    }

    const Node* threshold(const TableReader& keys, std::string_view name, const Rule& rule) {
        const Node* node = keys.get_any(name);
        if (node != nullptr && !judges_value(rule)) {
            reporter_.error(node->mark, fmt::format("'{}' has no ranges: it judges a condition", rule.id),
                            "change its parameters, or switch it off with enabled = false");
            return nullptr;
        }
        return node;
    }

    void change(Threshold& threshold, const Node& node, const Rule& rule) {
        if (auto range = read_range(node, rule.unit, reporter_)) {
            threshold = {std::move(range), origin_of(node)};
        }
    }

    RuleSet& rules_;
    std::uint16_t file_;
    double now_;
    const std::vector<std::string>& broken_;
    Reporter& reporter_;
};

} // namespace

void set_parameter(Rule& rule, std::size_t index, const facts::Value& value, SourceLine origin) {
    rule.parameters[index].value = value;
    rule.parameters[index].origin = origin;
    rule.parameter_values[index] = value;
}

void change_parameter(Rule& rule, const Node::Member& given, SourceLine origin, Reporter& reporter) {
    const auto found =
        std::find_if(rule.parameters.begin(), rule.parameters.end(),
                     [&](const Parameter& parameter) { return parameter.name == given.key.name; });
    if (found == rule.parameters.end()) {
        const auto names = names_of(rule.parameters);
        reporter.error(given.key.mark,
                       fmt::format("'{}' has no parameter '{}'{}", rule.id, base::printable(given.key.name),
                                   base::did_you_mean(given.key.name, names)),
                       names.empty() ? "it has no parameters at all"
                                     : fmt::format("its parameters are {}", base::join(names, ", ")));
        return;
    }
    const auto value = read_value(given.value);
    if (!value || type_of(*value) != type_of(found->standard)) {
        reporter.error(given.value.mark,
                       fmt::format("parameter '{}' must be {}, this is {}", found->name,
                                   describe(type_of(found->standard)), describe(given.value.kind)),
                       fmt::format("the default is {}", to_text(found->standard)));
        return;
    }
    if (std::string wrong = wrong_choice(*found, *value); !wrong.empty()) {
        reporter.error(given.value.mark, std::move(wrong),
                       fmt::format("the default is {}", to_text(found->standard)));
        return;
    }
    set_parameter(rule, static_cast<std::size_t>(found - rule.parameters.begin()), *value, origin);
}

void apply_settings(RuleSet& rules, const Node& settings, std::uint16_t file, double now,
                    const std::vector<std::string>& broken, Reporter& reporter) {
    SettingsReader(rules, file, now, broken, reporter).read(settings);
}

std::vector<std::string> all_ids(const RuleSet& rules) {
    std::vector<std::string> ids;
    for (const Rule& rule : rules.rules) {
        ids.push_back(rule.id);
        ids.insert(ids.end(), rule.aliases.begin(), rule.aliases.end());
    }
    return ids;
}

namespace {

constexpr const char* advice = "make the warning range narrower, or remove it";

std::string silent(const Rule& rule, const Range& warning, const Range& critical) {
    return fmt::format("the warning range '{}' of '{}' never fires: critical '{}' alerts wherever it would",
                       warning.text, rule.id, critical.text);
}

void look_at_options(const Rule& rule, const RuleSet& rules, const Layers& layers,
                     base::Diagnostics& diagnostics, base::Diagnostics& argument_errors) {
    const bool warning_given = rule.warning.origin.file >= layers.first_option;
    const bool critical_given = rule.critical.origin.file >= layers.first_option;
    if ((!warning_given && !critical_given) || !never_fires(rule.warning.range, rule.critical.range)) {
        return;
    }
    const bool both = warning_given && critical_given;
    if (both && rule.warning.range->canonical() == rule.critical.range->canonical()) {
        return; // "-w 90 -c 90": many who want only CRITICAL write it so
    }
    const SourceLine& origin = warning_given ? rule.warning.origin : rule.critical.origin;
    base::Diagnostics& out = both ? argument_errors : diagnostics;
    out.add({both ? base::Weight::error : base::Weight::warning,
             {rules.describe(origin), 0, 0},
             silent(rule, *rule.warning.range, *rule.critical.range),
             "",
             1,
             advice});
}

void look_at_override(const Rule& rule, const Override& change, Reporter& reporter) {
    const auto& warning = change.warning ? change.warning : rule.warning.range;
    const auto& critical = change.critical ? change.critical : rule.critical.range;
    if (!change.expired && !change.ignore && never_fires(warning, critical)) {
        constexpr int header = 12; // [[override]]
        reporter.warning({change.origin.line, 1, header},
                         "under this override " + silent(rule, *warning, *critical), advice);
    }
}

} // namespace

void find_silent_warnings(const RuleSet& rules, const Layers& layers, base::Diagnostics& diagnostics,
                          base::Diagnostics& argument_errors) {
    for (const Rule& rule : rules.rules) {
        look_at_options(rule, rules, layers, diagnostics, argument_errors);
        if (layers.settings != nullptr) {
            Reporter reporter(*layers.settings, diagnostics);
            for (const Override& change : rule.overrides) {
                look_at_override(rule, change, reporter);
            }
        }
    }
}

} // namespace rules
