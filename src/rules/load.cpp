#include "rules/load.h"

#include "base/text.h"
#include "rules/reader.h"
#include "rules/settings.h"
#include "rules/toml.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

namespace rules {

namespace {

constexpr auto rule_file_keys = std::to_array<std::string_view>({"rule"});

class Loader {
  public:
    explicit Loader(const Inputs& inputs) : inputs_(inputs) { loaded_.rules.files = {""}; }

    Loaded run() {
        for (const ShippedFile& file : inputs_.shipped) {
            read_shipped(file);
        }
        for (const TextFile& file : inputs_.drop_ins) {
            read_drop_in(file);
        }
        check_explained();
        if (inputs_.settings) {
            read_settings(*inputs_.settings);
        }
        const Layers layers{inputs_.settings ? &*inputs_.settings : nullptr, loaded_.rules.files.size()};
        apply_arguments(loaded_.rules,
                        {inputs_.set, inputs_.warning, inputs_.critical, inputs_.only, inputs_.excluded,
                         inputs_.tags, inputs_.own_tag},
                        broken_rules_, loaded_.argument_errors);
        find_silent_warnings(loaded_.rules, layers, loaded_.diagnostics, loaded_.argument_errors);
        check_some_active();
        return std::move(loaded_);
    }

  private:
    std::uint16_t add_file(const std::string& name) {
        loaded_.rules.files.push_back(name);
        return static_cast<std::uint16_t>(loaded_.rules.files.size() - 1);
    }

    void finish(const Reporter& reporter) {
        if (reporter.errors() > 0) {
            loaded_.broken_files.push_back(reporter.one_line());
        }
    }

    void read_shipped(const ShippedFile& file) {
        const TextFile named{std::string(file.name), ""};
        Reporter reporter(named, loaded_.diagnostics);
        const std::uint16_t number = add_file(named.name);
        for (const Node& table : rule_tables(*file.document, reporter)) {
            if (is_idle(table)) {
                claim_ids(table, number, reporter);
            } else {
                read_one(table, number, Scrutiny::judgement, reporter);
            }
        }
        finish(reporter);
    }

    void read_drop_in(const TextFile& file) {
        Reporter reporter(file, loaded_.diagnostics);
        const std::uint16_t number = add_file(file.name);
        if (const auto document = parse(reporter)) {
            const auto tables = rule_tables(*document, reporter);
            for (const Node& table : tables) {
                read_one(table, number, Scrutiny::all, reporter);
                note_explained(table, file);
            }
            if (tables.empty() && reporter.errors() == 0) {
                reporter.error({}, "holds no rules", "add [[rule]] blocks, or remove the file");
            }
        }
        finish(reporter);
    }

    /// Null after a syntax error. What rules and ids point to stays.
    const Node* parse(Reporter& reporter) {
        auto document = parse_document(reporter);
        return document ? &loaded_.rules.documents.emplace_back(std::move(document))->root : nullptr;
    }

    static std::span<const Node> rule_tables(const Node& document, Reporter& reporter) {
        return TableReader(document, "a file of rules", rule_file_keys, reporter).tables("rule", "[[rule]]");
    }

    /// A shipped rule that the command does not judge is of use only to what may name it.
    bool is_idle(const Node& table) const {
        const bool may_be_named = inputs_.settings || !inputs_.set.empty() || !inputs_.only.empty() ||
                                  !inputs_.excluded.empty() || !inputs_.tags.empty();
        const Node::Member* tags = table.find("tags");
        return !may_be_named && !inputs_.own_tag.empty() && tags != nullptr &&
               std::none_of(tags->value.items().begin(), tags->value.items().end(),
                            [this](const Node& tag) { return tag.text == inputs_.own_tag; });
    }

    void read_one(const Node& table, std::uint16_t file, Scrutiny scrutiny, Reporter& reporter) {
        auto rule = read_rule(table, file, scrutiny, reporter);
        const bool unique = claim_ids(table, file, reporter);
        if (rule && unique) {
            loaded_.rules.rules.push_back(std::move(*rule));
        } else if (const Node::Member* id = table.find("id")) {
            broken_rules_.emplace_back(id->value.text);
        }
    }

    /// Notes the id and aliases of a rule, even of a wrong one; false if another rule has one of them
    /// already.
    bool claim_ids(const Node& table, std::uint16_t file, Reporter& reporter) {
        std::vector<const Node*> ids;
        if (const Node::Member* id = table.find("id")) {
            ids.push_back(&id->value);
        }
        if (const Node::Member* aliases = table.find("aliases")) {
            for (const Node& alias : aliases->value.items()) {
                ids.push_back(&alias);
            }
        }
        bool unique = true;
        for (const Node* id : ids) {
            if (id->kind != Node::Kind::text) {
                continue;
            }
            const auto [other, fresh] = ids_.emplace(id->text, SourceLine{file, id->mark.line});
            if (!fresh) {
                unique = false;
                reporter.error(
                    id->mark,
                    fmt::format("the id '{}' is taken by {}", base::printable(id->text),
                                loaded_.rules.describe(other->second)),
                    "choose another id; to change a shipped rule use [rule.ID] in tcpadvisor.toml");
            }
        }
        return unique;
    }

    void note_explained(const Node& table, const TextFile& file) {
        if (const Node::Member* explains = table.find("explains")) {
            for (const Node& id : explains->value.items()) {
                explained_.emplace_back(&file, &id);
            }
        }
    }

    /// A rule may explain one of a later file. One that there is not leaves the verdict as it is.
    void check_explained() {
        std::vector<std::string> known;
        for (const auto& [id, origin] : ids_) {
            known.emplace_back(id);
        }
        for (const auto& [file, id] : explained_) {
            if (id->kind == Node::Kind::text && !ids_.contains(id->text)) {
                Reporter reporter(*file, loaded_.diagnostics);
                reporter.warning(id->mark,
                                 fmt::format("no rule '{}' to explain{}", base::printable(id->text),
                                             base::did_you_mean(std::string(id->text), known)),
                                 "'tcpadvisor rules list' shows all rules");
            }
        }
    }

    void read_settings(const TextFile& file) {
        Reporter reporter(file, loaded_.diagnostics);
        const std::uint16_t number = add_file(file.name);
        if (const Node* document = parse(reporter)) {
            apply_settings(loaded_.rules, *document, number, inputs_.now, broken_rules_, reporter);
        }
        finish(reporter);
    }

    /// Settings that disable everything would make everything look well.
    void check_some_active() {
        const auto& rules = loaded_.rules.rules;
        const bool any =
            std::any_of(rules.begin(), rules.end(), [](const Rule& rule) { return rule.active; });
        if (any || !inputs_.settings || loaded_.argument_errors.has_errors() ||
            !loaded_.broken_files.empty()) {
            return;
        }
        Reporter reporter(*inputs_.settings, loaded_.diagnostics);
        reporter.error({}, "no rule is left to judge: it disables every one that this run would judge",
                       "enable some with enabled = true; 'tcpadvisor rules list' shows all rules");
        finish(reporter);
    }

    const Inputs& inputs_;
    Loaded loaded_;
    std::map<std::string_view, SourceLine> ids_;                     // names of rules in their documents
    std::vector<std::pair<const TextFile*, const Node*>> explained_; // ids, in drop-ins
    std::vector<std::string> broken_rules_;
};

} // namespace

Loaded load(const Inputs& inputs) {
    return Loader(inputs).run();
}

} // namespace rules
