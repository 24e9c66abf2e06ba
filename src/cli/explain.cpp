#include "cli/explain.h"

#include "base/text.h"
#include "cli/commands.h"
#include "cli/messages.h"
#include "cli/observe.h"
#include "cli/output.h"
#include "cli/rules.h"
#include "facts/schema.h"
#include "rules/placeholders.h"
#include "rules/reader.h"

#include <algorithm>

#include <fmt/format.h>

namespace cli {

// explain: what a rule, a state, a sysctl or a fact means, why, and what to do.

namespace {

constexpr std::string_view proc_sys = "proc/sys/"; // as people copy it

std::string topic_name(const base::Embedded& file) {
    return std::string(file.name.substr(0, file.name.rfind('.')));
}

std::string lower(std::string_view text) {
    std::string changed(text);
    for (char& c : changed) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c == '-' ? '_' : c;
    }
    return changed;
}

/// FIN-WAIT-1, fin_wait1 and FinWait1 are one name.
std::string letters_of(std::string_view text) {
    std::string letters = lower(text);
    std::erase(letters, '_');
    return letters;
}

/// Names that other tools and the RFC give to the same state.
std::string common_name(const std::string& topic) {
    constexpr std::pair<std::string_view, std::string_view> aliases[] = {
        {"estab", "established"},   {"closed", "close"},    {"unconn", "close"},
        {"synreceived", "synrecv"}, {"synrcvd", "synrecv"}, {"listening", "listen"},
        {"boundinactive", "bound"},
    };
    const std::string wanted = letters_of(topic);
    for (const auto& [alias, name] : aliases) {
        if (wanted == alias) {
            return std::string(name);
        }
    }
    return wanted;
}

enum class TopicKind { general, myth, sysctl };

TopicKind kind_of(const std::string& name) {
    return name.starts_with("myth-")             ? TopicKind::myth
           : name.find('.') != std::string::npos ? TopicKind::sysctl
                                                 : TopicKind::general;
}

std::string last_part(const std::string& sysctl) {
    return sysctl.substr(sysctl.rfind('.') + 1);
}

const base::Embedded* find_topic(const std::string& topic) {
    const std::string wanted = common_name(topic);
    std::string dotted = lower(topic); // sysctl(8) takes net/ipv4/... too
    if (const std::size_t at = dotted.find(proc_sys); at <= 1) {
        dotted.erase(0, at + proc_sys.size());
    }
    std::replace(dotted.begin(), dotted.end(), '/', '.');
    for (const base::Embedded& file : topics()) {
        const std::string name = lower(topic_name(file));
        const bool fits = kind_of(name) == TopicKind::sysctl ? name == dotted || last_part(name) == dotted
                                                             : letters_of(name) == wanted;
        if (fits) {
            return &file;
        }
    }
    return nullptr;
}

std::string paragraphs(std::string_view text, std::size_t width) {
    std::string out;
    std::string paragraph;
    const auto flush = [&] {
        for (const std::string& line : base::wrap(paragraph, width)) {
            out += line + "\n";
        }
        if (!paragraph.empty()) {
            out += "\n";
        }
        paragraph.clear();
    };
    for (const std::string_view line : base::split(text, '\n')) {
        if (base::trim(line).empty()) {
            flush();
        } else {
            paragraph += std::string(line) + " ";
        }
    }
    flush();
    return out;
}

std::string indented(std::string_view text, std::size_t width, std::string_view first,
                     std::string_view next) {
    std::string out;
    for (const std::string& line : base::wrap(text, width - first.size())) {
        out += std::string(out.empty() ? first : next) + line + "\n";
    }
    return out;
}

std::string judgement_of(const rules::Rule& rule, std::size_t width) {
    std::string text = fmt::format("Judges, for each {}:\n", facts::schema(rule.table).name);
    const auto line = [&](std::string_view what, const std::string& value) {
        if (!value.empty()) {
            text += indented(value, width, fmt::format("  {:<10} ", what), std::string(13, ' '));
        }
    };
    line("when", rule.when.text);
    line("value",
         rule.value.text.empty() ? "" : rule.value.text + (rule.unit.empty() ? "" : " in " + rule.unit));
    line("condition", rule.condition.text);
    line("severity", rule.condition.empty() ? "" : std::string(findings::name(rule.severity)));
    line("warning", rule.warning.range ? "outside " + rule.warning.range->text : rule.warning_when.text);
    line("critical", rule.critical.range ? "outside " + rule.critical.range->text : rule.critical_when.text);
    for (const rules::Parameter& parameter : rule.parameters) {
        line(parameter.name, rules::to_text(parameter.value) +
                                 (parameter.unit.empty() ? "" : " " + parameter.unit) + ": " +
                                 std::string(parameter.help));
    }
    return text + "\n";
}

std::string remedies_of(const rules::Advice& advice, std::size_t width) {
    std::string text;
    std::size_t number = 0;
    for (const rules::RemedyTemplate& remedy : advice.remedies) {
        const auto line = [&](std::string_view what, const std::string& value) {
            if (!value.empty()) {
                text += indented(value, width, fmt::format("     {:<8} ", what), std::string(14, ' '));
            }
        };
        text += indented(remedy.text.text, width, fmt::format("{:>3}. ", ++number), "     ");
        line("when", remedy.when.text);
        for (const auto& [name, value] : remedy.sysctls) {
            line("run",
                 "sysctl -w " + name + "=" +
                     (value.text.find(' ') == std::string::npos ? value.text : "\"" + value.text + "\""));
        }
        line("run", remedy.command.text);
        line("undo", remedy.undo.text);
        line("risk", remedy.risk.text);
        line("effect", remedy.effect.text);
    }
    return text.empty() ? "" : "What to do, in this order:\n" + text + "\n";
}

std::string myths_of(const rules::Advice& advice, std::size_t width) {
    std::string text;
    for (const rules::MythTemplate& myth : advice.myths) {
        std::string change;
        for (const auto& [name, value] : myth.sysctls) {
            change += (change.empty() ? "" : " ") + name + "=" + value.text;
        }
        text += indented(change + ": " + myth.text.text, width, "  - ", "    ");
        if (!myth.when.empty()) {
            text += indented(myth.when.text, width, "    when     ", "             ");
        }
    }
    return text.empty() ? "" : "What does not help:\n" + text + "\n";
}

std::string rule_text(const rules::Rule& rule, std::size_t width, const std::string& now) {
    const rules::Advice advice = rules::advice_of(rule);
    std::string text = indented(fmt::format("{}: {}", rule.id, rule.title), width, "", "") + "\n";
    text += paragraphs(advice.why, width);
    text += judgement_of(rule, width);
    text += now;
    text += remedies_of(advice, width);
    text += myths_of(advice, width);
    if (!advice.source.empty()) {
        text += indented("Sources: " + base::join(advice.source, "; "), width, "", "");
    }
    if (!advice.see.empty()) {
        text += indented("See also: " + base::join(advice.see, ", "), width, "", "");
    }
    return text;
}

/// `wanted` is NAME or TABLE.NAME.
std::string fact_text(const std::string& wanted, std::size_t width) {
    std::string text;
    const std::size_t dot = wanted.find('.');
    const std::string name = wanted.substr(dot == std::string::npos ? 0 : dot + 1);
    for (const facts::Schema& schema : facts::schemas()) {
        if (dot != std::string::npos && schema.name != wanted.substr(0, dot)) {
            continue;
        }
        if (const auto column = schema.find(name)) {
            const facts::Column& fact = schema.columns[*column];
            text += fmt::format("{}.{}{}\n", schema.name, fact.name,
                                fact.unit.empty() ? "" : fmt::format(" ({})", fact.unit));
            text += indented(std::string(fact.sentence), width, "  ", "  ");
        }
    }
    return text;
}

std::string first_line(std::string_view text) {
    return std::string(text.substr(0, text.find('\n')));
}

/// A sysctl by its name alone, the others with their title.
std::string topic_lines(TopicKind kind) {
    std::string text;
    for (const base::Embedded& file : topics()) {
        const std::string name = topic_name(file);
        if (kind_of(name) == kind) {
            text += fmt::format("  {}\n", kind == TopicKind::sysctl ? name : first_line(file.text));
        }
    }
    return text;
}

std::string topic_list(const rules::RuleSet& rules) {
    std::string text = "Rules:\n";
    for (const rules::Rule& rule : rules.rules) {
        text += fmt::format("  {:<30} {}\n", rule.id, rule.title);
    }
    text += "\nStates and more:\n" + topic_lines(TopicKind::general);
    text += "\nError messages, as a log has them (explain \"MESSAGE\"):\n";
    for (const MessageTopic& message : message_topics()) {
        text += fmt::format("  {}\n", first_line(message.text));
    }
    text += "\nMyths:\n" + topic_lines(TopicKind::myth);
    text += "\nSysctls:\n" + topic_lines(TopicKind::sysctl);
    text += "\nFacts:\n";
    for (const facts::Schema& schema : facts::schemas()) {
        for (const facts::Column& fact : schema.columns) {
            text += fmt::format("  {}.{}\n", schema.name, fact.name);
        }
    }
    return text;
}

std::string unknown_topic(const std::string& topic, const rules::RuleSet& rules) {
    std::vector<std::string> known;
    for (const rules::Rule& rule : rules.rules) {
        known.push_back(rule.id);
    }
    for (const base::Embedded& file : topics()) {
        known.push_back(topic_name(file));
        if (kind_of(known.back()) == TopicKind::sysctl) {
            known.push_back(last_part(known.back()));
        }
    }
    for (const facts::Schema& schema : facts::schemas()) {
        for (const facts::Column& fact : schema.columns) {
            known.emplace_back(fact.name);
        }
    }
    std::string upper = topic;
    std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == '-' ? '_' : c;
    });
    const std::string suggestion = base::did_you_mean(topic, known);
    return "nothing is known about '" + base::printable(topic) + "'" +
           (suggestion.empty() ? base::did_you_mean(upper, known) : suggestion) +
           " (tcpadvisor explain lists all topics)";
}

} // namespace

namespace {

/// Empty if the message is none that is known.
base::Result<std::string> message_text(const Options& options, const std::string& message,
                                       const rules::RuleSet& rules, std::size_t width) {
    const auto topic = topic_of_message(message);
    if (!topic) {
        return std::string();
    }
    std::string text = std::string(topic->text);
    if (!topic->rules.empty()) {
        const auto now = rules_now(options, rules, topic->rules, width);
        if (!now) {
            return now;
        }
        text += "\n" + *now;
    }
    text += "\nRun:\n";
    for (const std::string& command : next_of(*topic, message)) {
        text += "    " + command + "\n";
    }
    return text;
}

/// One topic, or a message that came without quotes.
std::string asked_topic(const Options& options) {
    return base::join(options.arguments, " ");
}

} // namespace

int explain(const Options& options) {
    if (const auto assumed = assumptions(options); !assumed) {
        return fail(options, assumed.error().what);
    }
    const auto loaded = load_rules(options);
    if (!loaded) {
        return fail(options, loaded.error().message, loaded.error().details);
    }
    constexpr int widest = 100;
    const auto width = static_cast<std::size_t>(std::min(style_for(options).width, widest));
    const std::string asked = asked_topic(options);
    std::string text;
    if (options.arguments.empty() || options.list) {
        text = topic_list(loaded->rules);
    } else if (const rules::Rule* rule = loaded->rules.find(asked)) {
        const auto now = rule_now(options, *rule, width);
        if (!now) {
            return fail(options, now.error().what);
        }
        text = rule_text(*rule, width, *now);
    } else if (const base::Embedded* topic = find_topic(asked)) {
        const std::string name = topic_name(*topic);
        const auto now =
            name.find('.') != std::string::npos ? sysctl_now(options, name) : state_now(options, name);
        if (!now) {
            return fail(options, now.error().what);
        }
        text = std::string(topic->text) + (now->empty() ? "" : "\n" + *now);
    } else if (text = fact_text(asked, width); !text.empty()) {
        const auto now = fact_now(options, asked);
        if (!now) {
            return fail(options, now.error().what);
        }
        text += "\n" + *now;
    } else {
        const auto told = message_text(options, asked, loaded->rules, width);
        if (!told) {
            return fail(options, told.error().what);
        }
        text = *told;
    }
    if (text.empty()) {
        return fail(options, unknown_topic(asked, loaded->rules));
    }
    const base::Status delivered = deliver(options, text);
    return delivered ? 0 : fail(options, delivered.error().what);
}

} // namespace cli
