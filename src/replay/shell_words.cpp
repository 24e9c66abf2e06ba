#include "replay/shell_words.h"

#include <algorithm>
#include <utility>

namespace replay {

namespace {

constexpr std::size_t longest_line = 4096;

bool is_one_of(char c, std::string_view signs) {
    return signs.find(c) != std::string_view::npos;
}

class WordSplitter {
  public:
    std::optional<std::vector<ShellWord>> split(std::string_view line) {
        for (std::size_t i = 0; i < line.size() && !is_comment_; ++i) {
            take(line, i);
        }
        end_word();
        return quote_ == 0 ? std::optional(std::move(words_)) : std::nullopt;
    }

  private:
    void take(std::string_view line, std::size_t& i) {
        const char c = line[i];
        word_.is_open = word_.is_open || (quote_ == 0 && is_one_of(c, "$`\\!")) ||
                        (quote_ == '"' && is_one_of(c, "$`\\"));
        if (c == '\\' && quote_ != '\'') {
            i += 1;
            word_.text += line.substr(std::min(i, line.size()), 1);
        } else if (quote_ != 0 ? c == quote_ : is_one_of(c, "\"'")) {
            quote_ = quote_ != 0 ? '\0' : c;
            is_word_ = true;
        } else if (quote_ == 0 && is_one_of(c, " \t")) {
            end_word();
        } else if (quote_ == 0 && is_one_of(c, ";&|()<>")) {
            end_word();
            words_.push_back({std::string(1, c), true});
        } else if (quote_ == 0 && c == '#' && word_.text.empty() && !is_word_) {
            is_comment_ = true;
        } else {
            word_.text += c;
        }
    }

    void end_word() {
        if (!word_.text.empty() || is_word_) {
            words_.push_back(word_);
        }
        word_ = {};
        is_word_ = false;
    }

    std::vector<ShellWord> words_;
    ShellWord word_;
    char quote_ = 0;
    bool is_word_ = false; // though it may be empty
    bool is_comment_ = false;
};

} // namespace

std::optional<std::vector<ShellWord>> shell_words(std::string_view line) {
    return line.size() <= longest_line ? WordSplitter().split(line) : std::nullopt;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), word) != names.end();
}

} // namespace replay
