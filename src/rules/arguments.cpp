#include "rules/arguments.h"

#include "base/number.h"
#include "base/text.h"
#include "rules/document.h"
#include "rules/reader.h"
#include "rules/scoped_reader.h"
#include "rules/settings.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace rules {

void ArgumentMistakes::add(std::string_view option, std::string_view argument, std::size_t offset,
                           std::size_t length, std::string message, std::string advice) {
    const Mark mark = mark_in_line(argument, offset, length);
    mistakes_.add({base::Weight::error,
                   {std::string(option), 0, mark.column},
                   std::move(message),
                   std::string(argument),
                   mark.length,
                   std::move(advice)});
}

Rule* ArgumentMistakes::find(std::string_view option, std::string_view argument, std::string_view id) {
    Rule* rule = rules_.find(id);
    if (rule == nullptr && std::find(broken_.begin(), broken_.end(), id) == broken_.end()) {
        add(option, argument, 0, id.size(),
            fmt::format("unknown rule '{}'{}", base::printable(id), base::did_you_mean(id, all_ids(rules_))),
            "'tcpadvisor rules list' shows all rules");
    }
    return rule;
}

namespace {

using Tags = std::vector<std::string>;

constexpr std::string_view selection_advice =
    "--rule, --exclude-rule, --tag and --set RULE.enabled decide which rules are judged; "
    "'tcpadvisor rules list' shows all rules and their tags";

template <typename List, typename Item>
bool has(const List& list, const Item& item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}

bool share_one(const Tags& a, const Tags& b) {
    return std::any_of(a.begin(), a.end(), [&](const std::string& tag) { return has(b, tag); });
}

/// The tags of a run, apart by what they mean.
struct WantedTags {
    Tags purposes; // any of them; empty: all
    Tags topics;   // any of them; empty: all

    explicit WantedTags(const Arguments& arguments) {
        for (const std::string& tag : arguments.tags) {
            (has(rules::purposes, tag) ? purposes : topics).push_back(tag);
        }
        if (purposes.empty() && !arguments.own_tag.empty()) {
            purposes.push_back(arguments.own_tag);
        }
    }

    bool fit(const Rule& rule) const {
        const bool any_purpose = std::any_of(rule.tags.begin(), rule.tags.end(), [](const std::string& tag) {
            return has(rules::purposes, tag);
        });
        const bool on_topic = topics.empty() || share_one(rule.tags, topics);
        // A rule of the site that no command judges by itself can still be asked for by its topic.
        const bool by_topic_alone = !any_purpose && !topics.empty();
        return on_topic && (purposes.empty() || share_one(rule.tags, purposes) || by_topic_alone);
    }
};

class Selection {
  public:
    Selection(RuleSet& rules, const Arguments& arguments, const std::vector<std::string>& broken,
              base::Diagnostics& mistakes)
        : rules_(rules), arguments_(arguments), broken_(broken), mistakes_(rules, broken, mistakes),
          wanted_(arguments) {}

    void run() {
        check_tags();
        std::vector<const Rule*> all_chosen;
        const auto only = named("--rule", arguments_.only);
        const auto excluded = named("--exclude-rule", arguments_.excluded);
        for (Rule& rule : rules_.rules) {
            // Who names a rule wants it, whatever its tags are.
            const bool chosen = only.empty() ? wanted_.fit(rule) : has(only, &rule);
            if (chosen && !has(excluded, &rule)) {
                all_chosen.push_back(&rule);
                rule.active = rule.enabled;
            } else {
                rule.active = false;
            }
        }
        check_some_left(all_chosen);
    }

  private:
    std::vector<const Rule*> named(std::string_view option, const std::vector<std::string>& ids) {
        std::vector<const Rule*> found;
        found.reserve(ids.size());
        for (const std::string& id : ids) {
            found.push_back(mistakes_.find(option, id, id));
        }
        return found;
    }

    /// Every tag of every rule.
    Tags all_tags() const {
        Tags tags(purposes.begin(), purposes.end());
        for (const Rule& rule : rules_.rules) {
            std::copy_if(rule.tags.begin(), rule.tags.end(), std::back_inserter(tags),
                         [&](const std::string& tag) { return !has(tags, tag); });
        }
        return tags;
    }

    void check_tags() {
        const Tags known = all_tags();
        for (const std::string& tag : arguments_.tags) {
            if (broken_.empty() && !has(known, tag)) { // a rule that cannot be read may have it
                mistakes_.add(
                    "--tag", tag, 0, tag.size(),
                    fmt::format("unknown tag '{}'{}", base::printable(tag), base::did_you_mean(tag, known)),
                    fmt::format("the tags are {}", base::join(known, ", ")));
            }
        }
    }

    /// The option that is to blame if no rule is left; none if the settings are, see Loader.
    const char* guilty_option(const std::vector<const Rule*>& chosen, bool by_set) const {
        if (chosen.empty()) {
            return !arguments_.excluded.empty() ? "--exclude-rule"
                   : !arguments_.only.empty()   ? "--rule"
                                                : "--tag";
        }
        return by_set ? "--set" : !arguments_.only.empty() ? "--rule" : nullptr;
    }

    /// Options that leave nothing to judge would make everything look well.
    void check_some_left(const std::vector<const Rule*>& chosen) {
        const bool any = std::any_of(rules_.rules.begin(), rules_.rules.end(),
                                     [](const Rule& rule) { return rule.active; });
        if (any || rules_.rules.empty() || !broken_.empty() || mistakes_.any()) {
            return;
        }
        const bool by_set = std::any_of(chosen.begin(), chosen.end(), [&](const Rule* rule) {
            return rules_.describe(rule->enabled_origin) == "--set";
        });
        if (const char* option = guilty_option(chosen, by_set)) {
            mistakes_.add(option, "", 0, 0,
                          "no rule is left to judge" + reason_why(option, chosen.empty(), by_set),
                          std::string(selection_advice));
        }
    }

    std::string reason_why(std::string_view option, bool none_chosen, bool by_set) const {
        if (!none_chosen) {
            return by_set ? "" : ": what it names is disabled";
        }
        const bool no_overlap = option == "--tag" && !wanted_.topics.empty() && !wanted_.purposes.empty();
        return no_overlap ? fmt::format(": none tagged {} is also tagged {}",
                                        base::printable(base::join(wanted_.topics, " or ")),
                                        base::join(wanted_.purposes, " or "))
                          : "";
    }

    RuleSet& rules_;
    const Arguments& arguments_;
    const std::vector<std::string>& broken_;
    ArgumentMistakes mistakes_;
    WantedTags wanted_;
};

} // namespace

void select_rules(RuleSet& rules, const Arguments& arguments, const std::vector<std::string>& broken,
                  base::Diagnostics& mistakes) {
    Selection(rules, arguments, broken, mistakes).run();
}

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
    SourceLine origin(std::string_view option) {
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
        if (std::string wrong = wrong_choice(*found, *value); !wrong.empty()) {
            mistakes_.add("--set", argument, equals + 1, text.size(), std::move(wrong),
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
