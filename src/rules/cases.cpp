#include "rules/cases.h"

#include "base/text.h"
#include "facts/schema.h"
#include "rules/document.h"
#include "rules/evaluate.h"
#include "rules/finding_writer.h"
#include "rules/reader.h"
#include "rules/resolve.h"
#include "rules/scoped_reader.h"
#include "rules/settings.h"
#include "rules/toml.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace rules {

LiteralTable::LiteralTable(facts::TableId which) : schema_(facts::schema(which)) {}

void LiteralTable::add_row() {
    std::vector<facts::Value>& row = rows_.emplace_back();
    for (const facts::Column& column : schema_.columns) {
        row.emplace_back(base::Gap{std::string(column.name), base::Why::absent, ""});
    }
}

bool LiteralTable::set(std::string_view column, facts::Value value) {
    const auto number = schema_.find(column);
    if (number) {
        rows_.back()[*number] = std::move(value);
    }
    return number.has_value();
}

namespace {

using Kind = Node::Kind;
using facts::TableId;
using facts::Value;

constexpr auto case_file_keys = std::to_array<std::string_view>({"case"});
constexpr auto case_keys = std::to_array<std::string_view>(
    {"name", "rule", "host", "namespace", "row", "sysctl", "denied", "inferred", "parameters", "past",
     "expect", "summary", "remedies", "commands"});
constexpr auto past_keys = std::to_array<std::string_view>({"runs", "seconds", "state"});
constexpr auto expectations = std::to_array<std::string_view>(
    {"ok", "info", "warning", "critical", "unknown", "skipped", "not_applicable", "waiting"});

std::size_t index_of(TableId which) {
    return static_cast<std::size_t>(which);
}

std::string_view result_of(const Verdict& verdict) {
    if (!verdict.outcome.state) {
        return "skipped";
    }
    if (*verdict.outcome.state != findings::State::ok) {
        return findings::word(*verdict.outcome.state);
    }
    if (verdict.outcome.waiting > 0) {
        return "waiting";
    }
    return verdict.outcome.judged == 0 ? "not_applicable" : "ok";
}

/// "expected X, got Y", for one aspect of a case; empty if they are equal.
std::string difference(std::string_view what, std::string_view expected, std::string_view got) {
    return expected == got ? std::string() : fmt::format("{}: expected '{}', got '{}'", what, expected, got);
}

/// Runs one [[case]].
class CaseRunner {
  public:
    CaseRunner(const RuleSet& rules, const Node& table, Reporter& reporter)
        : rules_(rules), table_(table), reporter_(reporter), errors_before_(reporter.errors()),
          keys_(table, "a case", case_keys, reporter) {}

    /// None if the case itself is wrong, which is reported.
    std::optional<CaseResult> run() {
        const Node* name = keys_.require("name", Kind::text, "say in one line what it shows");
        const Node* expect =
            keys_.require("expect", Kind::text, fmt::format("add one of {}", fmt::join(expectations, ", ")));
        check_expectation(expect);
        find_rule();
        if (rule_) {
            give_facts();
            set_parameters();
            give_past();
        }
        if (!rule_ || reporter_.errors() != errors_before_) {
            return std::nullopt;
        }
        const Verdict verdict = judge(*rule_, rules_, facts_, recall_ ? &*recall_ : nullptr);
        CaseResult result{std::string(name->text),
                          rule_->id,
                          {reporter_.file().name, table_.mark.line, table_.mark.column},
                          false,
                          ""};
        result.message = compare(expect->text, verdict);
        result.passed = result.message.empty();
        return result;
    }

  private:
    void check_expectation(const Node* expect) {
        if (expect != nullptr &&
            std::find(expectations.begin(), expectations.end(), expect->text) == expectations.end()) {
            const std::vector<std::string> names(expectations.begin(), expectations.end());
            reporter_.error(expect->mark,
                            fmt::format("'{}' is no verdict{}", base::printable(expect->text),
                                        base::did_you_mean(expect->text, names)),
                            fmt::format("it is one of {}", base::join(names, ", ")));
        }
    }

    void find_rule() {
        const Node* id = keys_.require("rule", Kind::text, "name the rule that it tests");
        if (id == nullptr) {
            return;
        }
        if (const Rule* rule = rules_.find(id->text)) {
            rule_ = *rule;
            rule_->overrides.clear();
            return;
        }
        reporter_.error(id->mark,
                        fmt::format("unknown rule '{}'{}", base::printable(id->text),
                                    base::did_you_mean(id->text, all_ids(rules_))),
                        "'tcpadvisor rules list' shows all rules");
    }

    void give_facts() {
        auto host = std::make_unique<LiteralTable>(TableId::host);
        host->add_row();
        fill("host", *host);
        host_ = host.get();
        facts_.host = std::move(host);
        facts_.namespaces.emplace_back();
        facts_.namespaces[0].label = "case";
        inside_ = &add_table(TableId::netns);
        inside_->add_row();
        fill("namespace", *inside_);
        LiteralTable& sysctls = add_table(TableId::sysctl);
        give_sysctls(sysctls);
        const bool own_row = rule_->table != TableId::host && rule_->table != TableId::netns;
        if (own_row) {
            row_ = rule_->table == TableId::sysctl ? &sysctls : &add_table(rule_->table);
            row_->add_row();
            fill("row", *row_);
        } else if (const Node* row = keys_.get_any("row")) {
            reporter_.error(row->mark,
                            fmt::format("a rule for each {} has no 'row'", facts::schema(rule_->table).name),
                            fmt::format("give its facts under '{}'", facts::schema(rule_->table).name));
        }
        mark_denied();
        mark_inferred();
    }

    LiteralTable& add_table(TableId which) {
        auto table = std::make_unique<LiteralTable>(which);
        LiteralTable& added = *table;
        facts_.namespaces[0].tables[index_of(which)] = std::move(table);
        return added;
    }

    void fill(std::string_view key, LiteralTable& table) {
        for (const Node::Member& member : keys_.members(key)) {
            const auto column = table.schema().find(member.key.name);
            const auto value = read_value(member.value);
            if (!column) {
                report_unknown(member.key.mark, member.key.name, table.schema());
            } else if (!value || type_of(*value) != table.schema().columns[*column].type) {
                reporter_.error(member.value.mark,
                                fmt::format("'{}' must be {}, this is {}", member.key.name,
                                            describe(table.schema().columns[*column].type),
                                            describe(member.value.kind)),
                                "tcpadvisor-facts(7) lists the facts with their types");
            } else {
                table.set(member.key.name, *value);
            }
        }
    }

    void report_unknown(Mark mark, std::string_view name, const facts::Schema& schema) {
        std::vector<std::string> names;
        for (const facts::Column& column : schema.columns) {
            names.emplace_back(column.name);
        }
        reporter_.error(mark,
                        fmt::format("'{}' is no fact of '{}'{}", base::printable(name), schema.name,
                                    base::did_you_mean(name, names)),
                        "tcpadvisor-facts(7) lists the facts of each table");
    }

    void give_sysctls(LiteralTable& table) {
        for (const Node::Member& member : keys_.members("sysctl")) {
            const auto value = read_value(member.value);
            table.add_row();
            table.set("name", Value(std::string(member.key.name)));
            table.set("runtime", value ? to_text(*value) : std::string());
        }
    }

    void mark_denied() {
        for_each_name("denied", [](LiteralTable& table, std::size_t, const std::string& name) {
            table.set(name, base::Gap{name, base::Why::denied, ""});
        });
    }

    void mark_inferred() {
        for_each_name("inferred", [](LiteralTable& table, std::size_t column, const std::string& name) {
            const Value value = table.get(table.size() - 1, column);
            if (value.is_number()) {
                table.set(name, Value(value.number(), facts::Basis::inferred));
            } else if (value.is_boolean()) {
                table.set(name, Value(value.truth(), facts::Basis::inferred));
            }
        });
    }

    template <typename Change>
    void for_each_name(std::string_view key, const Change& change) {
        const Node* list = keys_.get(key, Kind::list);
        for (const Node& item : list != nullptr ? list->items() : std::span<const Node>()) {
            const auto found = Scope(rule_->table).find(item.text);
            if (!found) {
                const ExpressionError mistake = unknown_name(item.text, 0, Scope(rule_->table));
                reporter_.error(item.mark, mistake.message, mistake.advice);
                continue;
            }
            const TableId which = *table_of(found->where, rule_->table);
            LiteralTable& table = which == TableId::host    ? *host_
                                  : which == TableId::netns ? *inside_
                                                            : *row_;
            change(table, found->index, std::string(table.schema().columns[found->index].name));
        }
    }

    void set_parameters() {
        for (const Node::Member& member : keys_.members("parameters")) {
            change_parameter(*rule_, member, {}, reporter_);
        }
    }

    /// The subject alerted in so many runs before this one; the rule was judged there in any case.
    void give_past() {
        const Node* given = keys_.get("past", Kind::table);
        if (given == nullptr) {
            return;
        }
        const TableReader keys(*given, "the past of a case", past_keys, reporter_);
        const auto number = [&](std::string_view key) {
            const Node* node = keys.get(key, Kind::number);
            return node != nullptr ? std::max(node->number, 0.0) : 0;
        };
        const std::string_view state = keys.text("state");
        constexpr double now = 1e6; // seconds since the boot
        history::Memory memory;
        memory.judged.push_back({fingerprint_of(*rule_), now - 600, now - 60});
        if (const double runs = number("runs"); runs > 0) {
            const double since = now - std::max(number("seconds"), 60 * runs);
            memory.entries.push_back({fingerprint_of(*rule_), subject_of(context_of(*rule_, facts_, 0, 0)),
                                      state == "critical"  ? findings::State::critical
                                      : state == "warning" ? findings::State::warning
                                      : state == "info"    ? findings::State::info
                                                           : findings::State::ok,
                                      since, now - 60, static_cast<std::uint32_t>(runs), now - 60, now - 60});
        }
        recall_.emplace(std::vector<history::Memory>{memory}, now, now, history::Remembers::yes);
    }

    std::string compare(std::string_view expect, const Verdict& verdict) const {
        std::vector<std::string> differences = {difference("verdict", expect, result_of(verdict))};
        if (!differences[0].empty() && !verdict.outcome.reason.empty()) {
            differences[0] += fmt::format(" ({})", verdict.outcome.reason);
        }
        const findings::Finding none;
        const findings::Finding& finding = verdict.findings.empty() ? none : verdict.findings.front();
        if (const Node* summary = keys_.get("summary", Kind::text)) {
            differences.push_back(difference("summary", summary->text, finding.summary));
        }
        std::vector<std::string> remedies;
        std::vector<std::string> commands;
        for (const findings::Remedy& remedy : finding.remedies) {
            remedies.push_back(remedy.text);
            if (!remedy.command.empty()) {
                commands.push_back(remedy.command);
            }
        }
        if (keys_.get_any("remedies") != nullptr) {
            differences.push_back(difference("remedies", base::join(keys_.texts("remedies"), "; "),
                                             base::join(remedies, "; ")));
        }
        if (keys_.get_any("commands") != nullptr) {
            differences.push_back(difference("commands", base::join(keys_.texts("commands"), "; "),
                                             base::join(commands, "; ")));
        }
        std::erase(differences, std::string());
        return base::join(differences, "\n");
    }

    const RuleSet& rules_;
    const Node& table_;
    Reporter& reporter_;
    std::size_t errors_before_;
    TableReader keys_;
    std::optional<Rule> rule_; // a copy, for its parameters
    facts::Facts facts_;
    std::optional<history::Recall> recall_;
    LiteralTable* host_ = nullptr;
    LiteralTable* inside_ = nullptr;
    LiteralTable* row_ = nullptr;
};

} // namespace

CaseRun run_cases(const RuleSet& rules, const TextFile& file) {
    CaseRun run;
    Reporter reporter(file, run.diagnostics);
    const auto document = parse_document(reporter);
    if (!document) {
        return run;
    }
    const TableReader keys(document->root, "a file of cases", case_file_keys, reporter);
    const auto cases = keys.tables("case", "[[case]]");
    for (const Node& table : cases) {
        if (auto result = CaseRunner(rules, table, reporter).run()) {
            run.results.push_back(std::move(*result));
        }
    }
    if (cases.empty() && reporter.errors() == 0) {
        reporter.error({}, "holds no cases", "add [[case]] blocks, or remove the file");
    }
    return run;
}

} // namespace rules
