#include "rules/drop_in.h"

#include "base/number.h"
#include "base/text.h"
#include "rules/effect.h"

#include <algorithm>

#include <fmt/format.h>

namespace rules {
namespace {

using findings::DropIn;
using findings::DropInLine;
using findings::Finding;
using findings::Remedy;
using findings::Report;
using findings::Setting;
using findings::State;

std::string said(const Finding& finding) {
    return fmt::format("[{}] {}: {}", findings::name(finding.state), finding.rule, finding.summary);
}

/// "32768 60999" and "1024 65535" -> "1024 65535"; none if one is no range.
std::optional<std::string> wider(std::string_view a, std::string_view b) {
    std::vector<std::int64_t> ends;
    for (const std::string_view range : {a, b}) {
        for (const std::string_view word : base::words(range)) {
            if (const auto port = base::parse_integer(word)) {
                ends.push_back(*port);
            }
        }
    }
    if (ends.size() != 4) {
        return std::nullopt;
    }
    return fmt::format("{} {}", std::min(ends[0], ends[2]), std::max(ends[1], ends[3]));
}

/// One value for both wishes; none if only one of them can be had.
std::optional<std::string> united(const std::string& name, const std::string& a, const std::string& b) {
    if (name == "net.ipv4.ip_local_port_range") {
        return wider(a, b);
    }
    if (name == "net.ipv4.ip_local_reserved_ports") {
        return a + "," + b;
    }
    return std::nullopt;
}

class Planner {
  public:
    Planner(const Report& report, const Rejudge& rejudge)
        : report_(report), rejudge_(rejudge), before_(rejudge({}).report), now_(before_) {}

    DropIn plan() {
        for (const Finding& finding : report_.findings) {
            serve(finding);
        }
        for (const Finding& finding : report_.findings) {
            plan_.settled += find_same(now_, finding) == nullptr ? 1 : 0;
        }
        for (const Finding& finding : now_.findings) {
            plan_.remaining.push_back(said(finding));
        }
        return std::move(plan_);
    }

  private:
    /// Tries the remedies in their order until the finding is gone.
    void serve(const Finding& finding) {
        for (const Remedy& remedy : finding.remedies) {
            if (remedy.settings.empty()) {
                continue;
            }
            if (is_written(remedy)) {
                for (const Setting& setting : remedy.settings) {
                    find_line(setting.name)->reasons.push_back(said(finding));
                }
            } else if (find_same(now_, finding) != nullptr) {
                attempt(remedy, finding);
            }
        }
    }

    void attempt(const Remedy& remedy, const Finding& finding) {
        Changes changes = changes_;
        std::vector<std::string> notes;
        for (const Setting& setting : remedy.settings) {
            if (!agree(setting, finding, changes, notes)) {
                return;
            }
        }
        if (++trials_ > most_trials) {
            leave_out(remedy, finding, "was not tried: there is too much to try");
            return;
        }
        const Trial trial = rejudge_(changes);
        switch (trial.kind) {
        case Trial::Kind::malformed:
            leave_out(remedy, finding, "is no value that it can have");
            break;
        case Trial::Kind::unchecked:
            notes.emplace_back("Not checked: what it would change cannot be computed");
            write(remedy, finding, changes, notes);
            break;
        case Trial::Kind::judged:
            take_if_it_helps(remedy, finding, changes, notes, trial.report);
            break;
        }
    }

    /// Where the sysctl has a value already: one that serves both, or the one of the worse finding.
    bool agree(const Setting& setting, const Finding& finding, Changes& changes,
               std::vector<std::string>& notes) {
        const DropInLine* line = find_line(setting.name);
        if (line == nullptr || line->setting.value == setting.value) {
            changes[setting.name] = setting.value;
            return true;
        }
        const auto both = united(setting.name, line->setting.value, setting.value);
        if (!both) {
            plan_.left_out.push_back(
                fmt::format("{} = {}, for {}: {} is set above for a finding that comes first", setting.name,
                            setting.value, finding.rule, line->setting.value));
            return false;
        }
        notes.push_back(fmt::format("One value for {} and {}", line->setting.value, setting.value));
        changes[setting.name] = *both;
        return true;
    }

    void take_if_it_helps(const Remedy& remedy, const Finding& finding, const Changes& changes,
                          std::vector<std::string>& notes, const Report& after) {
        const Finding* then = find_same(after, finding);
        const Finding* now = find_same(now_, finding);
        if (const Finding* harm = new_harm(now_, after)) {
            leave_out(remedy, finding, "would bring " + said(*harm));
            return;
        }
        if (then != nullptr && then->state >= now->state && then->value == now->value) {
            if (!remedy.effect_is_stated) {
                leave_out(remedy, finding, "would change nothing");
                return;
            }
            notes.emplace_back("Not checked: this is nothing that shows in the numbers of now");
        }
        for (const Finding& found : after.findings) {
            if (find_same(now_, found) == nullptr) {
                notes.push_back("Then there is " + said(found));
            }
        }
        write(remedy, finding, changes, notes);
        now_ = after;
        changes_ = changes;
    }

    void write(const Remedy& remedy, const Finding& finding, const Changes& values,
               const std::vector<std::string>& notes) {
        for (const Setting& setting : remedy.settings) {
            DropInLine* line = find_line(setting.name);
            if (line == nullptr) {
                plan_.lines.push_back({setting, {}, remedy.text, remedy.effect, remedy.risk, {}});
                line = &plan_.lines.back();
            }
            line->setting.value = values.at(setting.name);
            line->reasons.push_back(said(finding));
            line->notes.insert(line->notes.end(), notes.begin(), notes.end());
        }
    }

    void leave_out(const Remedy& remedy, const Finding& finding, std::string_view why) {
        std::vector<std::string> wanted;
        for (const Setting& setting : remedy.settings) {
            wanted.push_back(setting.name + " = " + setting.value);
        }
        std::string text = fmt::format("{}, for {}: {}", base::join(wanted, ", "), finding.rule, why);
        if (std::find(plan_.left_out.begin(), plan_.left_out.end(), text) == plan_.left_out.end()) {
            plan_.left_out.push_back(std::move(text));
        }
    }

    DropInLine* find_line(std::string_view name) {
        const auto found = std::find_if(plan_.lines.begin(), plan_.lines.end(),
                                        [&](const DropInLine& line) { return line.setting.name == name; });
        return found != plan_.lines.end() ? &*found : nullptr;
    }

    bool is_written(const Remedy& remedy) {
        return std::all_of(remedy.settings.begin(), remedy.settings.end(), [&](const Setting& setting) {
            const DropInLine* line = find_line(setting.name);
            return line != nullptr && line->setting.value == setting.value;
        });
    }

    const Report& report_;
    const Rejudge& rejudge_;
    const Report before_;
    Report now_;      // under `changes_`
    Changes changes_; // what is written and could be checked
    DropIn plan_;
    std::size_t trials_ = 0;
};

} // namespace

DropIn plan_drop_in(const Report& report, const Rejudge& rejudge) {
    return Planner(report, rejudge).plan();
}

} // namespace rules
