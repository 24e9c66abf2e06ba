#include "base/gap.h"

#include <cerrno>
#include <system_error>

namespace base {

Why why_of(int error) {
    return error == ENOENT ? Why::absent : error == EACCES || error == EPERM ? Why::denied : Why::failed;
}

std::string error_text(int error) {
    return std::generic_category().message(error);
}

std::string_view name(Why why) {
    switch (why) {
    case Why::absent:
        return "absent";
    case Why::denied:
        return "denied";
    case Why::failed:
        return "failed";
    case Why::truncated:
        return "truncated";
    case Why::not_collected:
        return "not collected";
    }
    return "failed";
}

std::string to_text(const Gap& gap) {
    std::string text = gap.what + ": " + std::string(name(gap.why));
    if (!gap.detail.empty()) {
        text += " (" + gap.detail + ")";
    }
    return text;
}

std::string complaint(const Gap& gap) {
    return gap.what + ": " + (gap.detail.empty() ? std::string(name(gap.why)) : gap.detail);
}

} // namespace base
