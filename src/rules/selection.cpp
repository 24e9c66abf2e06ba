#include "rules/selection.h"

#include "base/text.h"
#include "rules/argument_mistakes.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace rules {
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
struct Wanted {
    Tags purposes; // any of them; empty: all
    Tags topics;   // any of them; empty: all

    explicit Wanted(const Arguments& arguments) {
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
    Wanted wanted_;
};

} // namespace

void select_rules(RuleSet& rules, const Arguments& arguments, const std::vector<std::string>& broken,
                  base::Diagnostics& mistakes) {
    Selection(rules, arguments, broken, mistakes).run();
}

} // namespace rules
