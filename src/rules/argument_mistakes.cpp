#include "rules/argument_mistakes.h"

#include "base/text.h"
#include "rules/settings.h"
#include "rules/source.h"

#include <algorithm>

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

} // namespace rules
