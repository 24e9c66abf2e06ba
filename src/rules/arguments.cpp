#include "base/number.h"
#include "base/text.h"
#include "rules/argument_mistakes.h"
#include "rules/rule_reader.h"
#include "rules/scoped_reader.h"
#include "rules/selection.h"

#include <algorithm>

#include <fmt/format.h>

namespace rules {
namespace {

constexpr std::string_view set_form =
    "write RULE.PARAMETER=VALUE, RULE.warning=RANGE, RULE.critical=RANGE or RULE.enabled=true";

class ArgumentReader {
  public:
    ArgumentReader(RuleSet& rules, const Arguments& arguments, const std::vector<std::string>& broken,
                   base::Diagnostics& mistakes)
        : rules_(rules), arguments_(arguments), mistakes_(rules, broken, mistakes) {}

    void read() {
        for (const std::string& argument : arguments_.set) {
            set(argument);
        }
        thresholds("--warning", arguments_.warning, &Rule::warning);
        thresholds("--critical", arguments_.critical, &Rule::critical);
    }

  private:
    Origin origin(std::string_view option) {
        const auto found = std::find(rules_.files.begin(), rules_.files.end(), option);
        const auto index = static_cast<std::uint16_t>(found - rules_.files.begin());
        if (found == rules_.files.end()) {
            rules_.files.emplace_back(option);
        }
        return {index, 0};
    }

    void set(const std::string& argument) {
        const std::string_view text = argument;
        const std::size_t equals = text.find('=');
        const std::size_t dot = text.substr(0, equals).find('.');
        if (equals == std::string_view::npos || dot == std::string_view::npos) {
            mistakes_.add("--set", text, 0, text.size(),
                          fmt::format("'{}' sets nothing", base::printable(text)), std::string(set_form));
            return;
        }
        Rule* rule = mistakes_.find("--set", text, text.substr(0, dot));
        if (rule == nullptr) {
            return;
        }
        const std::string_view name = text.substr(dot + 1, equals - dot - 1);
        if (name == "warning" || name == "critical") {
            set_range("--set", *rule, name == "warning" ? rule->warning : rule->critical, text, equals + 1);
        } else if (name == "enabled") {
            set_enabled(*rule, text, equals + 1);
        } else {
            set_parameter_from(*rule, text, dot + 1, equals);
        }
    }

    void set_range(std::string_view option, const Rule& rule, Threshold& threshold, std::string_view argument,
                   std::size_t offset) {
        const std::string_view value = argument.substr(offset);
        if (!rule.condition.empty()) {
            mistakes_.add(option, argument, offset, value.size(),
                          fmt::format("'{}' has no ranges: it judges a condition", rule.id),
                          "set its parameters, or leave it out with --exclude-rule");
            return;
        }
        auto range = parse_range(value, rule.unit);
        if (!range) {
            mistakes_.add(option, argument, offset, value.size(), range.error().message,
                          range.error().advice);
            return;
        }
        threshold = {std::move(*range), origin(option)};
    }

    void set_enabled(Rule& rule, std::string_view argument, std::size_t offset) {
        const std::string_view value = argument.substr(offset);
        if (value != "true" && value != "false") {
            mistakes_.add("--set", argument, offset, value.size(),
                          fmt::format("'{}' is neither true nor false", base::printable(value)),
                          fmt::format("write {}.enabled=false", rule.id));
            return;
        }
        rule.enabled = value == "true";
        rule.enabled_origin = origin("--set");
    }

    void set_parameter_from(Rule& rule, std::string_view argument, std::size_t start, std::size_t equals) {
        const std::string_view name = argument.substr(start, equals - start);
        const std::string_view text = argument.substr(equals + 1);
        const auto found = std::find_if(rule.parameters.begin(), rule.parameters.end(),
                                        [&](const Parameter& parameter) { return parameter.name == name; });
        if (found == rule.parameters.end()) {
            std::vector<std::string> names = {"warning", "critical", "enabled"};
            for (const Parameter& parameter : rule.parameters) {
                names.push_back(parameter.name);
            }
            mistakes_.add("--set", argument, start, name.size(),
                          fmt::format("'{}' has no parameter '{}'{}", rule.id, base::printable(name),
                                      base::did_you_mean(name, names)),
                          fmt::format("it has {}", base::join(names, ", ")));
            return;
        }
        const auto value = parse_value(text, type_of(found->standard));
        if (!value) {
            mistakes_.add("--set", argument, equals + 1, text.size(),
                          fmt::format("parameter '{}' must be {}, this is '{}'", found->name,
                                      describe(type_of(found->standard)), base::printable(text)),
                          fmt::format("the default is {}", to_text(found->standard)));
            return;
        }
        set_parameter(rule, static_cast<std::size_t>(found - rule.parameters.begin()), *value,
                      origin("--set"));
    }

    static std::optional<facts::Value> parse_value(std::string_view text, facts::Type type) {
        switch (type) {
        case facts::Type::number: {
            const auto number = base::parse_decimal(text);
            return number ? std::optional(facts::Value(*number)) : std::nullopt;
        }
        case facts::Type::boolean:
            return text == "true" || text == "false" ? std::optional(facts::Value(text == "true"))
                                                     : std::nullopt;
        case facts::Type::text:
            return facts::Value(std::string(text));
        }
        return std::nullopt;
    }

    void thresholds(std::string_view option, const std::optional<std::string>& text, Threshold Rule::*which) {
        if (!text) {
            return;
        }
        if (arguments_.only.size() != 1) {
            mistakes_.add(option, *text, 0, text->size(), fmt::format("{} needs exactly one --rule", option),
                          "name the rule that it is for, or use --set RULE.warning=RANGE and --set "
                          "RULE.critical=RANGE");
        } else if (Rule* rule = rules_.find(arguments_.only.front())) {
            set_range(option, *rule, rule->*which, *text, 0);
        }
    }

    RuleSet& rules_;
    const Arguments& arguments_;
    ArgumentMistakes mistakes_;
};

} // namespace

void apply_arguments(RuleSet& rules, const Arguments& arguments, const std::vector<std::string>& broken,
                     base::Diagnostics& mistakes) {
    ArgumentReader(rules, arguments, broken, mistakes).read();
    select_rules(rules, arguments, broken, mistakes);
}

} // namespace rules
