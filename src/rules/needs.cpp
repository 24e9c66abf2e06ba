#include "rules/needs.h"

#include "facts/schema.h"
#include "rules/resolve.h"

#include <algorithm>

namespace rules {
namespace {

class Collector {
  public:
    Collector(Needs& needs, const Rule& rule) : needs_(needs), rule_(rule) {}

    void run() {
        needs_.add(rule_.table);
        for (const Expression* each :
             {&rule_.when, &rule_.value, &rule_.condition, &rule_.warning_when, &rule_.critical_when}) {
            add(*each);
        }
        add(rule_.summary);
        std::for_each(rule_.evidence.begin(), rule_.evidence.end(),
                      [this](const Reference& each) { add(each); });
        for (const Remedy& remedy : rule_.remedies) {
            add(remedy.when);
            for (const Template* each : {&remedy.text, &remedy.command, &remedy.undo, &remedy.risk}) {
                add(*each);
            }
            for (const auto& [name, value] : remedy.sysctls) {
                add(value);
            }
        }
    }

  private:
    void add(const Reference& reference) {
        if (const auto table = table_of(reference.where, rule_.table)) {
            needs_.add(*table, reference.index);
        }
    }

    void add(const Expression& expression) {
        for (const ExpressionNode& node : expression.nodes) {
            if (node.op == Op::name) {
                add(node.reference);
            }
        }
    }

    void add(const Template& text) {
        for (const Template::Part& part : text.parts) {
            if (part.has_name && part.special == Template::Special::none) {
                add(part.reference);
            }
        }
    }

    Needs& needs_;
    const Rule& rule_;
};

} // namespace

bool Needs::has(facts::TableId table, std::string_view column) const {
    const auto number = facts::schema(table).find(column);
    return number && columns_[static_cast<std::size_t>(table)].test(*number);
}

void Needs::add(facts::TableId table, std::size_t column) {
    add(table);
    columns_[static_cast<std::size_t>(table)].set(column);
}

Needs needs(const RuleSet& rules) {
    Needs needs;
    for (const Rule& rule : rules.rules) {
        if (rule.active) {
            Collector(needs, rule).run();
        }
    }
    return needs;
}

} // namespace rules
