#include "replay/host_texts.h"

#include "replay/command_target.h"
#include "replay/lines.h"
#include "replay/places_in_text.h"

#include <map>

namespace replay {

namespace {

constexpr std::size_t most_hosts = 1000;

/// "web1 | CHANGED | rc=0 >>" of ansible: the host whose lines follow; empty: it is none.
std::string_view host_above(std::string_view line) {
    const std::size_t bar = line.find(" | ");
    if (bar == std::string_view::npos || !is_host_name(line.substr(0, bar))) {
        return {};
    }
    const std::string_view said = line.substr(bar + 3);
    const bool result = said.starts_with("CHANGED") || said.starts_with("SUCCESS") ||
                        said.starts_with("FAILED") || said.starts_with("UNREACHABLE");
    return result ? line.substr(0, bar) : std::string_view();
}

/// "web1: ESTAB ..." of pdsh and clush, "web1 | ESTAB ..." of compose: the length of what stands before the
/// line; 0 if nothing does.
std::size_t length_of_prefix(std::string_view line, std::string_view& host) {
    const std::size_t end = line.find_first_of(": ");
    if (end == std::string_view::npos || !is_host_name(line.substr(0, end))) {
        return 0;
    }
    host = line.substr(0, end);
    if (line[end] == ':') {
        return line.substr(end).starts_with(": ") ? end + 2 : 0;
    }
    const std::size_t bar = line.find_first_not_of(' ', end);
    return bar != std::string_view::npos && line.substr(bar).starts_with("| ") ? bar + 2 : 0;
}

class HostTexts {
  public:
    /// Lines of that host follow, or none do.
    void open(std::string_view host) {
        const auto known = places_.find(host);
        if (known == places_.end() && texts_.size() >= most_hosts) {
            current_ = &others_;
            return;
        }
        if (known == places_.end()) {
            places_.emplace(host, texts_.size());
            texts_.push_back({std::string(host), {}});
        }
        current_ = &texts_[known == places_.end() ? texts_.size() - 1 : known->second];
    }
    void add_below(std::string_view line) {
        if (current_ != nullptr) {
            current_->text.append(line).append("\n");
        }
    }

    /// Nothing if there are not several.
    std::vector<HostText> take() {
        if (!others_.text.empty()) {
            others_.text.clear(); // of several hosts
            texts_.push_back(std::move(others_));
        }
        return texts_.size() > 1 ? std::move(texts_) : std::vector<HostText>();
    }

  private:
    std::vector<HostText> texts_;
    std::map<std::string, std::size_t, std::less<>> places_;
    HostText others_{"further hosts, more than 1000", {}};
    HostText* current_ = nullptr;
};

std::vector<HostText> below_titles(std::string_view content) {
    HostTexts texts;
    Lines lines(content);
    for (std::string_view line; lines.next(line);) {
        if (const std::string_view host = host_above(line); !host.empty()) {
            texts.open(host);
        } else {
            texts.add_below(line);
        }
    }
    return texts.take();
}

std::vector<HostText> behind_prefixes(std::string_view content, LineTest is_row) {
    HostTexts texts;
    Lines lines(content);
    for (std::string_view line; lines.next(line);) {
        std::string_view host;
        const std::size_t length = length_of_prefix(line, host);
        if (length > 0 && is_row(line.substr(length))) {
            texts.open(host);
            texts.add_below(line.substr(length));
        }
    }
    return texts.take();
}

} // namespace

std::vector<HostText> texts_of_hosts(std::string_view content, LineTest is_row) {
    constexpr std::size_t most_pasted = std::size_t{64} << 20;
    if (content.size() > most_pasted) {
        return {};
    }
    auto texts =
        content.find(" | ") != std::string_view::npos ? below_titles(content) : std::vector<HostText>();
    texts = texts.empty() ? behind_prefixes(content, is_row) : std::move(texts);
    return texts.empty() ? texts_of_places(content, is_row) : std::move(texts);
}

} // namespace replay
