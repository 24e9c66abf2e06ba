#include "findings/report.h"

#include <algorithm>

namespace findings {

std::string_view name(State state) {
    switch (state) {
    case State::ok:
        return "OK";
    case State::info:
        return "INFO";
    case State::unknown:
        return "UNKNOWN";
    case State::warning:
        return "WARNING";
    case State::critical:
        return "CRITICAL";
    }
    return "UNKNOWN";
}

std::string_view word(State state) {
    switch (state) {
    case State::ok:
        return "ok";
    case State::info:
        return "info";
    case State::unknown:
        return "unknown";
    case State::warning:
        return "warning";
    case State::critical:
        return "critical";
    }
    return "unknown";
}

int exit_code(State state) {
    switch (state) {
    case State::ok:
    case State::info:
        return 0;
    case State::warning:
        return 1;
    case State::critical:
        return 2;
    case State::unknown:
        return 3;
    }
    return 3;
}

State Report::worst() const {
    State state = broken_files.empty() ? State::ok : State::unknown;
    for (const Finding& finding : findings) {
        state = std::max(state, finding.state);
    }
    for (const RuleOutcome& rule : rules) {
        state = std::max(state, rule.state.value_or(State::ok));
    }
    return state;
}

int exit_code(const Report& report) {
    const State worst = report.worst();
    if (worst <= State::unknown || report.fails(worst)) {
        return exit_code(worst);
    }
    const bool unjudged = !report.broken_files.empty() ||
                          std::any_of(report.rules.begin(), report.rules.end(),
                                      [](const RuleOutcome& rule) { return rule.state == State::unknown; });
    return exit_code(unjudged ? State::unknown : State::ok);
}

void sort_findings(Report& report) {
    const auto place = [&](const Finding& finding) {
        const auto found = std::find_if(report.rules.begin(), report.rules.end(),
                                        [&](const RuleOutcome& rule) { return rule.id == finding.rule; });
        return found - report.rules.begin();
    };
    std::stable_sort(report.findings.begin(), report.findings.end(), [&](const Finding& a, const Finding& b) {
        if (a.state != b.state || place(a) != place(b)) {
            return a.state != b.state ? a.state > b.state : place(a) < place(b);
        }
        return a.netns_path.empty() && !b.netns_path.empty(); // one's own namespace first
    });
}

} // namespace findings
