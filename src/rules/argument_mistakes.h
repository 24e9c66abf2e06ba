// What is wrong with an option that names rules, shown with its place in the argument. Knows none of the
// options.
#pragma once

#include "base/diagnostic.h"
#include "rules/rule.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rules {

class ArgumentMistakes {
  public:
    /// `broken` are ids of rules that could not be read: naming them is no further mistake.
    ArgumentMistakes(RuleSet& rules, const std::vector<std::string>& broken, base::Diagnostics& mistakes)
        : rules_(rules), broken_(broken), mistakes_(mistakes) {}

    bool any() const { return mistakes_.has_errors(); }

    /// `offset` and `length` are those of the wrong part of `argument`, in bytes.
    void add(std::string_view option, std::string_view argument, std::size_t offset, std::size_t length,
             std::string message, std::string advice);

    /// The rule that `argument` begins with; null, and a mistake, if there is none.
    Rule* find(std::string_view option, std::string_view argument, std::string_view id);

  private:
    RuleSet& rules_;
    const std::vector<std::string>& broken_;
    base::Diagnostics& mistakes_;
};

} // namespace rules
