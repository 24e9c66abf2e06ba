#include "rules/overrides.h"

#include "base/text.h"
#include "facts/schema.h"
#include "rules/resolve.h"

#include <algorithm>

namespace rules {
namespace {

using facts::Value;
using findings::OverrideNote;

bool fits(const Subject& subject, const facts::Facts& facts, const Context& context,
          std::size_t network_namespace) {
    if (subject.key == "namespace") {
        return subject.fits(facts.namespaces[network_namespace].label);
    }
    const auto column = context.row_table->schema().find(subject.key);
    if (!column) {
        return false;
    }
    const Value value = context.row_table->get(context.row, *column);
    return value.is_text() && subject.fits(value.text());
}

/// "source 10.0.0.1, remote 192.0.2.1:443"; a row without a subject is its namespace.
std::string row_text(const Rule& rule, const facts::Facts& facts, const Judged& judged) {
    const Context context = context_of(rule, facts, judged.network_namespace, judged.row);
    const facts::Schema& schema = facts::schema(rule.table);
    std::vector<std::string> parts;
    for (const std::string_view name : schema.subject) {
        if (const auto column = schema.find(name)) {
            parts.push_back(std::string(name) + " " + to_text(context.row_table->get(judged.row, *column)));
        }
    }
    return parts.empty() ? "namespace " + facts.namespaces[judged.network_namespace].label
                         : base::join(parts, ", ");
}

} // namespace

std::string describe(const Override& exception) {
    if (exception.ignore) {
        return "ignored";
    }
    std::vector<std::string> ranges;
    if (exception.warning) {
        ranges.push_back("warning " + exception.warning->text);
    }
    if (exception.critical) {
        ranges.push_back("critical " + exception.critical->text);
    }
    return "judged by " + base::join(ranges, ", ");
}

const Override* override_for(const Rule& rule, const facts::Facts& facts, const Context& context,
                             std::size_t network_namespace) {
    const Override* expired = nullptr;
    for (const Override& exception : rule.overrides) {
        const bool all_fit =
            std::all_of(exception.subject.begin(), exception.subject.end(), [&](const Subject& subject) {
                return fits(subject, facts, context, network_namespace);
            });
        if (all_fit && !exception.expired) {
            return &exception;
        }
        expired = all_fit && expired == nullptr ? &exception : expired;
    }
    return expired;
}

void OverrideNotes::add(const Override& exception, const facts::Facts& facts, const Judged& without,
                        findings::State with) {
    if (exception.expired || without.state <= with) {
        return;
    }
    Hidden& hidden = hidden_[&exception];
    ++hidden.subjects;
    if (without.state > hidden.state) {
        hidden.state = without.state;
        hidden.example = row_text(rule_, facts, without);
    }
}

std::vector<OverrideNote> OverrideNotes::all() const {
    std::vector<OverrideNote> notes;
    for (const Override& exception : rule_.overrides) {
        const auto found = hidden_.find(&exception);
        if (found == hidden_.end() && !exception.expired) {
            continue;
        }
        OverrideNote note;
        note.kind = exception.expired  ? OverrideNote::Kind::expired
                    : exception.ignore ? OverrideNote::Kind::ignored
                                       : OverrideNote::Kind::eased;
        note.subject = to_text(exception.subject);
        note.effect = describe(exception);
        note.reason = exception.reason;
        note.expires = exception.expires;
        note.origin = rules_.describe(exception.origin);
        if (found != hidden_.end()) {
            note.hidden = found->second.state;
            note.example = found->second.example;
            note.subjects = found->second.subjects;
        }
        notes.push_back(std::move(note));
    }
    return notes;
}

} // namespace rules
