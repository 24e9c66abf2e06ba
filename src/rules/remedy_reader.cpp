#include "rules/remedy_reader.h"

#include <algorithm>
#include <array>

namespace rules {
namespace {

using Kind = Node::Kind;

constexpr auto remedy_keys =
    std::to_array<std::string_view>({"when", "text", "command", "undo", "risk", "effect", "sysctl"});
constexpr auto myth_keys = std::to_array<std::string_view>({"when", "text", "sysctl"});

bool is_sysctl_name(std::string_view text) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '.' || c == '-';
    };
    return text.find('.') != std::string_view::npos && std::all_of(text.begin(), text.end(), fits);
}

void read_sysctls(const Node* table, SysctlValues& sysctls, ScopedReader& scoped, Reporter& reporter) {
    if (table == nullptr) {
        return;
    }
    if (table->members.empty()) {
        reporter.error(table->mark, "'sysctl' names no sysctl", "write { \"net.ipv4.tcp_tw_reuse\" = 1 }");
    }
    for (const Node::Member& member : table->members) {
        const auto value = read_value(member.value);
        const bool plain =
            value && !value->is_boolean() && to_text(*value).find_first_of("\"\\$`\n") == std::string::npos;
        if (!is_sysctl_name(member.key.name) || !plain) {
            reporter.error(member.key.mark, "not a sysctl and its value",
                           "write { \"net.ipv4.tcp_tw_reuse\" = 1 }, the name in quotes");
        } else if (value->is_number()) {
            sysctls.emplace_back(member.key.name,
                                 Template{to_text(*value), {{to_text(*value), false, {}, {}}}});
        } else {
            sysctls.emplace_back(member.key.name, scoped.placeholders(member.value));
        }
    }
}

} // namespace

std::vector<Remedy> read_remedies(std::span<const Node> tables, ScopedReader& scoped, Reporter& reporter) {
    std::vector<Remedy> remedies;
    for (const Node& table : tables) {
        const TableReader keys(table, "a remedy", remedy_keys, reporter);
        Remedy remedy;
        remedy.when = scoped.expression(keys, "when", facts::Type::boolean);
        if (const Node* text = keys.require("text", Kind::text, "say what to do, in one sentence")) {
            remedy.text = scoped.placeholders(*text);
        }
        remedy.command = scoped.placeholders(keys, "command");
        remedy.undo = scoped.placeholders(keys, "undo");
        remedy.risk = scoped.placeholders(keys, "risk");
        remedy.effect = scoped.placeholders(keys, "effect");
        const Node* sysctls = keys.get("sysctl", Kind::table);
        read_sysctls(sysctls, remedy.sysctls, scoped, reporter);
        if (const Node* command = keys.get_any("command"); command != nullptr && sysctls != nullptr) {
            reporter.error(command->mark, "a remedy with both 'sysctl' and 'command'",
                           "the command is made from sysctl");
        }
        const bool acts = keys.get_any("command") != nullptr || keys.get_any("sysctl") != nullptr;
        if (acts && keys.get_any("risk") == nullptr) {
            reporter.error(table.mark, "a remedy without 'risk'",
                           "say in one sentence what the command may break");
        }
        remedies.push_back(std::move(remedy));
    }
    return remedies;
}

std::vector<Myth> read_myths(std::span<const Node> tables, ScopedReader& scoped, Reporter& reporter) {
    std::vector<Myth> myths;
    for (const Node& table : tables) {
        const TableReader keys(table, "a myth", myth_keys, reporter);
        Myth myth;
        myth.when = scoped.expression(keys, "when", facts::Type::boolean);
        if (const Node* text = keys.require("text", Kind::text, "say why it does nothing")) {
            myth.text = scoped.placeholders(*text);
        }
        read_sysctls(keys.require("sysctl", Kind::table, "name the sysctl that people change in vain"),
                     myth.sysctls, scoped, reporter);
        myths.push_back(std::move(myth));
    }
    return myths;
}

} // namespace rules
