#include "cli/explain.h"

#include "base/text.h"
#include "cli/commands.h"
#include "cli/language.h"
#include "cli/messages.h"
#include "cli/observe.h"
#include "cli/output.h"
#include "cli/rules.h"
#include "cli/topics.h"
#include "facts/schema.h"
#include "rules/placeholders.h"
#include "rules/reader.h"

#include <algorithm>

#include <fmt/format.h>

namespace cli {

// explain: what a rule, a state, a sysctl or a fact means, why, and what to do.

namespace {

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
std::string topic_lines(TopicKind kind, Language language) {
    std::string text;
    for (const base::Embedded& file : topics()) {
        const std::string name = topic_name(file);
        if (kind_of(name) == kind) {
            const base::Embedded* told = topic_in(language, file);
            text += fmt::format("  {}\n", kind == TopicKind::sysctl
                                              ? name
                                              : first_line((told != nullptr ? *told : file).text));
        }
    }
    return text;
}

/// What stands above the parts of the list.
struct Headings {
    std::string_view rules;
    std::string_view general;
    std::string_view messages;
    std::string_view myths;
    std::string_view sysctls;
    std::string_view facts;
};

constexpr Headings english_headings{
    "Rules:", "States and more:", "Error messages, as a log has them (explain \"MESSAGE\"):",
    "Myths:", "Sysctls:",         "Facts:"};
constexpr Headings chinese_headings{
    "规则（英文）：", "状态及其他：",     "日志中的错误信息（英文；explain \"MESSAGE\"）：",
    "误区：",         "sysctl（英文）：", "事实（英文）："};

std::string topic_list(const rules::RuleSet& rules, Language language) {
    const Headings& headings = language == Language::chinese ? chinese_headings : english_headings;
    std::string text = fmt::format("{}\n", headings.rules);
    for (const rules::Rule& rule : rules.rules) {
        text += fmt::format("  {:<30} {}\n", rule.id, rule.title);
    }
    text += fmt::format("\n{}\n{}", headings.general, topic_lines(TopicKind::general, language));
    text += fmt::format("\n{}\n", headings.messages);
    for (const MessageTopic& message : message_topics()) {
        text += fmt::format("  {}\n", first_line(message.text));
    }
    text += fmt::format("\n{}\n{}", headings.myths, topic_lines(TopicKind::myth, language));
    text += fmt::format("\n{}\n{}", headings.sysctls, topic_lines(TopicKind::sysctl, language));
    text += fmt::format("\n{}\n", headings.facts);
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

/// Empty if the message is none that is known.
base::Result<std::string> message_text(const Options& options, const std::string& message,
                                       const rules::RuleSet& rules, std::size_t width) {
    const auto topic = topic_of_message(message);
    if (!topic) {
        return std::string();
    }
    std::string text = std::string(topic->text);
    if (!topic->rules.empty()) {
        auto now = rules_now(options, rules, topic->rules, width);
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

base::Result<std::string> topic_text(const Options& options, const base::Embedded& topic, Language language) {
    const std::string name = topic_name(topic);
    auto now =
        kind_of(name) == TopicKind::sysctl ? sysctl_now(options, name) : state_now(options, name, language);
    if (!now) {
        return now;
    }
    return std::string(topic.text) + (now->empty() ? "" : "\n" + *now);
}

/// What there is in English only, with the numbers of now; empty if nothing is known.
base::Result<std::string> english_text(const Options& options, const rules::RuleSet& rules,
                                       const std::string& asked, std::size_t width) {
    if (const rules::Rule* rule = rules.find(asked)) {
        const auto now = rule_now(options, *rule, width);
        return now ? rule_text(*rule, width, *now) : now;
    }
    if (const std::string text = fact_text(asked, width); !text.empty()) {
        const auto now = fact_now(options, asked);
        return now ? text + "\n" + *now : now;
    }
    return message_text(options, asked, rules, width);
}

/// In `language` if there is such a text, else in English under a line that says so.
base::Result<std::string> answer_text(const Options& options, const rules::RuleSet& rules, Language language,
                                      std::size_t width) {
    const std::string asked = asked_topic(options);
    if (options.arguments.empty() || options.list) {
        return topic_list(rules, language);
    }
    const base::Embedded* topic = rules.find(asked) == nullptr ? find_topic(asked) : nullptr;
    if (const base::Embedded* told = topic != nullptr ? topic_in(language, *topic) : nullptr) {
        return topic_text(options, *told, language);
    }
    const auto text = topic != nullptr ? topic_text(options, *topic, Language::english)
                                       : english_text(options, rules, asked, width);
    if (text && text->empty()) {
        return base::Error{unknown_topic(asked, rules)};
    }
    return text && language == Language::chinese ? "（本主题没有中文版，以下为英文。）\n\n" + *text : text;
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
    const render::Style style = style_for(options);
    const Language wanted = language_of(options, asked_topic(options));
    const bool readable = wanted == Language::english || style.unicode;
    const auto text = answer_text(options, loaded->rules, readable ? wanted : Language::english,
                                  static_cast<std::size_t>(std::min(style.width, widest)));
    if (!text) {
        return fail(options, text.error().what);
    }
    const std::string note =
        readable ? "" : "(Chinese needs a UTF-8 locale, as in LC_ALL=C.UTF-8. This is in English.)\n\n";
    return deliver_or_fail(options, note + *text, 0);
}

} // namespace cli
