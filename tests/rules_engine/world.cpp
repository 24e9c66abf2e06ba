#include "tests/rules_engine/world.h"

#include "facts/schema.h"
#include "tests/catch.h"

#include <algorithm>

namespace test {

using facts::TableId;

void WorldTable::add(const Row& row) {
    add_row();
    for (const auto& [column, value] : row) {
        REQUIRE(set(column, value));
    }
}

World::World() {
    facts.host = std::make_unique<WorldTable>(TableId::host);
    host().add_row();
    add_netns("main");
}

void World::add_netns(const std::string& label) {
    facts::NetnsFacts& added = facts.namespaces.emplace_back();
    added.label = label;
    for (const facts::Schema& schema : facts::schemas()) {
        if (schema.id != TableId::host) {
            added.tables[static_cast<std::size_t>(schema.id)] = std::make_unique<WorldTable>(schema.id);
        }
    }
    table(TableId::netns, facts.namespaces.size() - 1).add_row();
}

WorldTable& World::table(TableId which, std::size_t netns) {
    return dynamic_cast<WorldTable&>(*facts.namespaces[netns].tables[static_cast<std::size_t>(which)]);
}

WorldTable& World::host() {
    return dynamic_cast<WorldTable&>(*facts.host);
}

facts::Value number(double value) {
    return value;
}

facts::Value inferred(double value) {
    return {value, facts::Basis::inferred};
}

facts::Value text(std::string value) {
    return value;
}

facts::Value truth(bool value) {
    return value;
}

facts::Value missing(base::Why why) {
    return base::Gap{"the fact", why, "detail"};
}

rules::RuleSet rules_of(std::string_view source) {
    rules::Inputs inputs;
    inputs.drop_ins.push_back({"test.toml", std::string(source)});
    rules::Loaded loaded = rules::load(inputs);
    INFO(base::to_text(loaded.diagnostics));
    REQUIRE(loaded.diagnostics.empty());
    return std::move(loaded.rules);
}

} // namespace test
