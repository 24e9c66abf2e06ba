#include "rules/fold.h"

#include <algorithm>
#include <map>

namespace rules {

namespace {

using findings::Finding;

/// What a finding says of a column, in its subject or its evidence; empty if it says nothing.
std::string_view told(const Finding& finding, std::string_view column) {
    for (const auto& [name, value] : finding.subject) {
        if (name == column) {
            return value;
        }
    }
    for (const findings::Evidence& evidence : finding.evidence) {
        if (evidence.name == column && evidence.text) {
            return *evidence.text;
        }
    }
    return {};
}

/// The owner of sockets names the listener or destination of most of them as its end point.
bool says(const Finding& finding, std::string_view column, std::string_view value) {
    const bool is_end = column == "remote" || column == "listener";
    return told(finding, column) == value || (is_end && told(finding, "end_point") == value);
}

bool has_subject_of(const Finding& one, const Finding& other) {
    return std::all_of(other.subject.begin(), other.subject.end(), [&](const auto& part) {
        return says(one, part.first, part.second) ||
               (part.first == "source" && told(one, part.first).empty());
    });
}

bool about_the_same(const Finding& a, const Finding& b) {
    const bool same_place = a.netns == b.netns || a.netns.empty() || b.netns.empty();
    return same_place && (has_subject_of(a, b) || has_subject_of(b, a));
}

class Folder {
  public:
    Folder(findings::Report& report, const RuleSet& rules) : findings_(report.findings) {
        for (const Rule& rule : rules.rules) {
            if (!rule.explains.empty()) {
                explains_[rule.id] = &rule.explains;
            }
        }
    }

    /// The last one first, so that of two that explain each other the first one stays.
    void run() {
        for (std::size_t i = findings_.size(); i-- > 0 && !explains_.empty();) {
            findings_[i].explained_by = cause_of(i);
        }
        for (Finding& finding : findings_) {
            while (finding.explained_by && findings_[*finding.explained_by].explained_by) {
                finding.explained_by = findings_[*finding.explained_by].explained_by;
            }
        }
    }

  private:
    bool explains(const Finding& cause, const Finding& finding) const {
        const auto list = explains_.find(cause.rule);
        return list != explains_.end() &&
               std::find(list->second->begin(), list->second->end(), finding.rule) != list->second->end();
    }

    std::optional<std::size_t> cause_of(std::size_t place) const {
        const Finding& finding = findings_[place];
        for (std::size_t i = 0; i < findings_.size(); ++i) {
            const Finding& cause = findings_[i];
            if (i != place && !cause.explained_by && cause.state >= finding.state &&
                explains(cause, finding) && about_the_same(cause, finding)) {
                return i;
            }
        }
        return std::nullopt;
    }

    std::vector<Finding>& findings_;
    std::map<std::string_view, const std::vector<std::string>*> explains_;
};

} // namespace

void fold(findings::Report& report, const RuleSet& rules) {
    Folder(report, rules).run();
}

} // namespace rules
