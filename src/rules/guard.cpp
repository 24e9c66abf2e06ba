#include "rules/guard.h"

#include <algorithm>

#include <fmt/format.h>

namespace rules {
namespace {

constexpr std::size_t most_bytes = 256 * 1024;
constexpr int deepest = 32; // brackets in brackets, or dots in one key

/// Offset of the first place that is nested too deeply, or npos.
class NestingScan {
  public:
    explicit NestingScan(std::string_view text) : text_(text) {}

    std::size_t run() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '"' || c == '\'') {
                skip_string(c);
                continue;
            }
            if (c == '#') {
                at_ = std::min(text_.find('\n', at_), text_.size());
                continue;
            }
            if (too_deep(c)) {
                return at_;
            }
            ++at_;
        }
        return std::string_view::npos;
    }

  private:
    bool too_deep(char c) {
        if (c == '\n' || c == '=' || c == ',') {
            dots_ = 0;
        }
        dots_ += c == '.' ? 1 : 0;
        brackets_ += c == '[' || c == '{' ? 1 : 0;
        brackets_ -= (c == ']' || c == '}') && brackets_ > 0 ? 1 : 0;
        return dots_ > deepest || brackets_ > deepest;
    }

    void skip_string(char quote) {
        const std::string triple(3, quote);
        const bool multi_line = text_.substr(at_).starts_with(triple);
        at_ += multi_line ? 3 : 1;
        for (; at_ < text_.size(); ++at_) {
            if (text_[at_] == '\\' && quote == '"') {
                ++at_;
            } else if (multi_line ? text_.substr(at_).starts_with(triple)
                                  : text_[at_] == quote || text_[at_] == '\n') {
                at_ += multi_line ? 3 : 1;
                return;
            }
        }
    }

    std::string_view text_;
    std::size_t at_ = 0;
    int dots_ = 0;
    int brackets_ = 0;
};

Mark mark_of_offset(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const std::size_t newline = before.rfind('\n');
    const std::size_t line_start = newline == std::string_view::npos ? 0 : newline + 1;
    Mark mark = mark_in_line(before.substr(line_start), offset - line_start, 1);
    mark.line = static_cast<int>(lines) + 1;
    return mark;
}

} // namespace

bool fit_to_parse(Reporter& reporter) {
    const std::string_view text = reporter.file().text;
    if (text.size() > most_bytes) {
        reporter.error({}, fmt::format("larger than {} KiB", most_bytes / 1024),
                       "is this the right file? Rules and settings are a few kilobytes");
        return false;
    }
    if (text.find('\0') != std::string_view::npos) {
        reporter.error({}, "not a text file", "is this the right file? It holds a zero byte");
        return false;
    }
    const std::size_t deep = NestingScan(text).run();
    if (deep != std::string_view::npos) {
        reporter.error(mark_of_offset(text, deep), fmt::format("nested deeper than {} levels", deepest),
                       "nothing in this file is used before this is mended");
        return false;
    }
    return true;
}

} // namespace rules
