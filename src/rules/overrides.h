// Which override of a rule holds for a subject, and what overrides keep from being reported. Knows nothing of
// how a value is judged.
#pragma once

#include "findings/report.h"
#include "rules/compute.h"
#include "rules/document.h"
#include "rules/finding_writer.h"
#include "rules/rule.h"

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

namespace rules {

/// The first override that fits the row and has not expired, else the first that fits; null if none does.
const Override* override_for(const Rule& rule, const facts::Facts& facts, const Context& context,
                             std::size_t netns);

/// "ignored", or "judged by warning 80, critical 95".
std::string describe(const Override& exception);

/// Gathers what a report says of the overrides of one rule.
class OverrideNotes {
  public:
    OverrideNotes(const Rule& rule, const RuleSet& rules) : rule_(rule), rules_(rules) {}

    /// A row that `exception` fits: how it would have been judged without, and how it was.
    void add(const Override& exception, const facts::Facts& facts, const JudgedRow& without,
             findings::State with);

    /// In the order of the settings: overrides in force that made a state better, and all that have expired.
    std::vector<findings::OverrideNote> all() const;

  private:
    struct Hidden {
        findings::State state = findings::State::ok; // the worst
        std::string example;
        std::size_t subjects = 0;
    };

    const Rule& rule_;
    const RuleSet& rules_;
    std::map<const Override*, Hidden> hidden_;
};

// One [[override]] of the settings file: TOML to an Override, with every mistake reported at its place.

/// The rule with an id; null, and reported, if there is none.
using FindRule = std::function<Rule*(const Node& id)>;

/// Adds the override that `table` of file number `file` describes to its rule, unless it has a mistake. `now`
/// is in seconds since the epoch: one that has expired is a warning.
void read_override(const Node& table, const FindRule& find, std::uint16_t file, double now,
                   Reporter& reporter);

} // namespace rules
