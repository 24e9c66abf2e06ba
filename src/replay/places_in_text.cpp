#include "replay/places_in_text.h"

#include "base/text.h"
#include "replay/command_target.h"
#include "replay/lines.h"
#include "replay/shell_command.h"
#include "replay/table_text.h"
#include "replay/titles.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace replay {

namespace {

/// Of a command: the host of its prompt or of the title above it, and where it goes from there.
struct Place {
    std::string base;
    CommandTarget target;

    std::string key() const { return base + '\n' + target.whole; }
    std::string label() const {
        const std::string& label = target.whole.empty() ? base : target.name;
        return label.empty() ? "no name" : label;
    }
};

bool is_heading(std::string_view line) {
    return line.find("Recv-Q") != std::string_view::npos ||
           line.find("local_address") != std::string_view::npos ||
           line.starts_with("Active Internet connections");
}

/// Of another command that tells about the host whose table it stands with.
bool is_fact(std::string_view line) {
    return line.starts_with("TCP: inuse ") || line.starts_with("TCP6: inuse ") ||
           (line.starts_with("net.") && line.find(" = ") != std::string_view::npos);
}

class PlacesReader {
  public:
    PlacesReader(std::string_view content, LineTest is_row) : content_(content), is_row_(is_row) {}

    std::vector<HostText> read() {
        Lines lines(content_);
        std::string_view line;
        while (lines.next(line)) {
            take(line, lines.offset());
        }
        close(content_.size());
        return take_texts();
    }

  private:
    struct Known {
        std::string text;
        std::string label;
        bool has_table = false;
    };

    void take(std::string_view line, std::size_t offset) {
        const std::string_view inner = base::trim(line);
        if (inner.empty() || is_fence(inner) || is_message_of_tools(inner)) {
            return;
        }
        const bool heading = is_heading(inner);
        if (heading || is_row_(inner)) {
            take_table_line(heading);
        } else if (is_fact(inner)) {
            title_.clear();
            go_on_at(told_);
        } else if (const auto prompt = prompt_line(inner)) {
            take_prompt(*prompt, inner, offset);
        } else {
            take_other(line, inner, offset);
        }
    }

    void take_table_line(bool heading) {
        if (!title_.empty() && heading) {
            tell({title_, {}}, title_offset_);
        }
        title_.clear();
        output_ = false;
        go_on_at(told_);
        table_ = known_[here_.key()].has_table = true;
    }

    void take_other(std::string_view line, std::string_view inner, std::size_t offset) {
        if (asked_name_ && is_host_name(inner)) {
            if (!shell_) {
                name_table_above(std::string(inner));
            }
            tell({std::string(inner), told_.target}, prompt_offset_);
            asked_name_ = false;
            return;
        }
        const std::string_view name = name_in_title(inner);
        const bool between = inner.find_first_not_of("-=#*_+") == std::string_view::npos;
        if (!between) {
            title_ = line.starts_with('\t') || line.starts_with(' ') ? std::string() : std::string(name);
            title_offset_ = offset;
        }
    }

    void take_prompt(const PromptLine& prompt, std::string_view line, std::size_t offset) {
        CommandTarget target = target_of(prompt.command);
        const bool matters =
            target.prints_table || !target.whole.empty() || target.closes_shell || target.asks_for_name;
        if (!matters && !ends_command(prompt, std::nullopt)) {
            take_other(line, line, offset);
            return;
        }
        const std::string host(host_in_prompt(prompt.prompt));
        asked_name_ = target.asks_for_name;
        prompt_offset_ = offset;
        if (host.empty() && !title_.empty() && !output_) { // a title, a prompt without a name, a table
            tell({title_, {}}, title_offset_);
        }
        title_.clear();
        output_ = !prompt.command.empty();
        name_table_above(host);
        leave_shell(host);
        Place place{!host.empty() ? host
                    : closed_     ? base_of_shell_
                                  : told_.base,
                    shell_ ? *shell_ : CommandTarget()};
        const bool goes = !target.whole.empty();
        if (goes && !target.opens_shell) {
            place.target = target;
        }
        tell(std::move(place), offset);
        ending_ = std::string(line.substr(0, prompt.prompt.size() + 1));
        closed_ = target.closes_shell;
        if (closed_) {
            shell_.reset();
        } else if (goes && target.opens_shell) {
            base_of_shell_ = told_.base;
            shell_ = std::move(target);
        }
    }

    /// A table whose command is not in the text: the prompt that comes back names its host.
    void name_table_above(const std::string& host) {
        if (!host.empty() && table_ && here_.base.empty() && here_.target.whole.empty() &&
            order_.size() == 1) {
            auto moved = known_.extract(here_.key());
            here_.base = told_.base = host;
            moved.key() = here_.key();
            moved.mapped().label = here_.label();
            known_.insert(std::move(moved));
            order_.front() = here_.key();
        }
    }

    /// A prompt with a host tells by itself where it is, unless a shell in another namespace shows the same.
    void leave_shell(const std::string& host) {
        if (shell_ && !host.empty() && !(shell_->keeps_prompt && host == base_of_shell_)) {
            shell_.reset();
        }
    }

    void tell(Place place, std::size_t offset) {
        if (place.key() != told_.key()) {
            told_offset_ = offset;
        }
        told_ = std::move(place);
        ending_.clear();
    }

    void go_on_at(const Place& place) {
        if (known_.empty()) {
            here_ = place;
            open();
        } else if (place.key() != here_.key()) {
            const bool same_prompt = place.base == here_.base && !ending_.empty();
            close(told_offset_);
            known_[here_.key()].text += same_prompt ? ending_ + "\n" : "";
            here_ = place;
            open();
        }
    }

    void open() {
        constexpr std::size_t most_places = 1000;
        if (order_.size() == most_places && !known_.contains(here_.key())) {
            here_ = {"further hosts, more than 1000", {}};
        }
        Known& known = known_[here_.key()];
        if (known.label.empty()) {
            const std::string label = here_.label();
            const std::string longer = here_.base + (here_.base.empty() ? "" : " ") + here_.target.whole;
            known.label = labels_.insert(label).second ? label : longer;
            labels_.insert(known.label);
            order_.push_back(here_.key());
        }
    }

    void close(std::size_t end) {
        end = std::max(begin_, end);
        if (!known_.empty()) {
            known_[here_.key()].text.append(content_.substr(begin_, end - begin_));
        }
        begin_ = end;
    }

    std::vector<HostText> take_texts() {
        std::vector<HostText> texts;
        for (const std::string& key : order_) {
            Known& known = known_[key];
            if (known.has_table) {
                texts.push_back({std::move(known.label), std::move(known.text)});
            }
        }
        return order_.size() > 1 ? std::move(texts) : std::vector<HostText>();
    }

    std::string_view content_;
    LineTest is_row_;
    std::map<std::string, Known, std::less<>> known_; // by key
    std::vector<std::string> order_;
    std::set<std::string> labels_;
    Place here_;                  // whose lines are read
    Place told_;                  // whose the next table is
    std::size_t told_offset_ = 0; // of the line that says so
    std::size_t begin_ = 0;       // of the lines that nobody has yet
    std::size_t prompt_offset_ = 0;
    std::string ending_; // the last prompt, without its command
    std::string title_;  // above the next line
    std::size_t title_offset_ = 0;
    bool asked_name_ = false;
    bool output_ = false; // of a command, and no table, may stand in the lines above
    bool table_ = false;
    std::optional<CommandTarget> shell_; // where the shell runs that was opened last
    std::string base_of_shell_;          // at whose prompt that was
    bool closed_ = false;                // the shell, by the last command
};

} // namespace

std::vector<HostText> texts_of_places(std::string_view content, LineTest is_row) {
    constexpr std::size_t most_without_headings = std::size_t{8} << 20; // nobody pastes more
    const auto has_two = [&](std::string_view word) { return content.find(word) != content.rfind(word); };
    if (content.size() > most_without_headings && !has_two("Recv-Q") && !has_two("local_address")) {
        return {};
    }
    return PlacesReader(content, is_row).read();
}

} // namespace replay
