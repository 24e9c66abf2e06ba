#include "facts/schema.h"
#include "rules/load.h"
#include "rules/rule.h"
#include "tests/catch.h"
#include "tests/rules_engine/world.h"

#include <algorithm>

using facts::TableId;

namespace {

constexpr const char* shipped = R"(
[[rule]]
id = "ports"
aliases = ["old-ports"]
tags = ["health"]
for_each = "destination"
when = "connections >= busy"
value = "used_percent"
warning = "70"
critical = "90"
summary = "{remote}"
  [rule.parameters.busy]
  default = 100
  unit = "connections"
  help = "Judge from so many connections on."
  [[rule.remedy]]
  when = "time_wait > 5"
  text = "Reuse"
  risk = "None"
  sysctl = { "net.ipv4.tcp_tw_reuse" = 1 }

[[rule]]
id = "reuse-off"
tags = ["tuning"]
for_each = "namespace"
condition = "tw_reuse == 0"
severity = "info"
summary = "off"
)";

rules::Inputs inputs() {
    rules::Inputs result;
    result.drop_ins.push_back({"ports.toml", shipped});
    result.now = 1798761600; // 2027-01-01
    return result;
}

rules::Loaded load_quietly(const rules::Inputs& from) {
    rules::Loaded loaded = rules::load(from);
    INFO(base::to_text(loaded.diagnostics) << base::to_text(loaded.argument_errors));
    CHECK(loaded.diagnostics.empty());
    CHECK(loaded.argument_errors.empty());
    return loaded;
}

std::string first_error(const base::Diagnostics& diagnostics) {
    const auto all = diagnostics.sorted();
    return all.empty() ? "" : base::to_text(all.front());
}

rules::ListedValue value_of(const rules::RuleSet& rules, std::string_view id, std::string_view name) {
    for (const rules::ListedRule& rule : rules::list(rules)) {
        for (const rules::ListedValue& value : rule.values) {
            if (rule.id == id && value.name == name) {
                return value;
            }
        }
    }
    return {};
}

} // namespace

TEST_CASE(
    "settings change thresholds, parameters and whether a rule is in force; each value knows its origin") {
    rules::Inputs from = inputs();
    from.settings = rules::TextFile{"tcpadvisor.toml", "[rule.old-ports]\n"
                                                       "warning = 60\n"
                                                       "parameters = { busy = 5 }\n"
                                                       "[rule.reuse-off]\n"
                                                       "enabled = false\n"};
    from.set = {"ports.critical=95%"};
    const rules::Loaded loaded = load_quietly(from);
    CHECK(value_of(loaded.rules, "ports", "warning").value == "60");
    CHECK(value_of(loaded.rules, "ports", "warning").origin == "tcpadvisor.toml:2");
    CHECK(value_of(loaded.rules, "ports", "critical").value == "95%");
    CHECK(value_of(loaded.rules, "ports", "critical").origin == "--set");
    CHECK(value_of(loaded.rules, "ports", "busy").value == "5");
    CHECK(value_of(loaded.rules, "ports", "busy").standard == "100");
    CHECK(value_of(loaded.rules, "ports", "busy").origin == "tcpadvisor.toml:3");
    CHECK(value_of(loaded.rules, "ports", "enabled").origin.empty());
    CHECK(value_of(loaded.rules, "reuse-off", "enabled").value == "false");
    CHECK_FALSE(loaded.rules.find("reuse-off")->active);
    CHECK(loaded.rules.find("old-ports") == loaded.rules.find("ports"));
    CHECK(value_of(load_quietly(inputs()).rules, "ports", "warning").origin == "ports.toml:9");
}

TEST_CASE("the command line has the last word") {
    rules::Inputs from = inputs();
    from.settings = rules::TextFile{"tcpadvisor.toml", "[rule.ports]\nwarning = 60\nenabled = false\n"};
    from.set = {"ports.busy=7", "ports.enabled=true", "ports.warning=~:50"};
    const rules::RuleSet rules = load_quietly(from).rules;
    CHECK(rules.find("ports")->parameter_values[0].number() == 7);
    CHECK(rules.find("ports")->warning.range->text == "~:50");
    CHECK(rules.find("ports")->active);
}

TEST_CASE("rules are chosen by id and tag") {
    const auto active = [](const rules::Inputs& from) {
        std::string ids;
        for (const rules::Rule& rule : load_quietly(from).rules.rules) {
            ids += rule.active ? rule.id + ' ' : "";
        }
        return ids;
    };
    rules::Inputs from = inputs();
    CHECK(active(from) == "ports reuse-off ");
    from.tags = {"health"};
    CHECK(active(from) == "ports ");
    from.only = {"reuse-off"};
    CHECK(active(from) == "reuse-off ");
    from.only = {"old-ports", "reuse-off"};
    from.excluded = {"reuse-off"};
    CHECK(active(from) == "ports ");
}

TEST_CASE("a topic narrows what the command judges, health and tuning replace it") {
    const auto active = [](std::vector<std::string> tags, const std::string& own_tag) {
        rules::Inputs from = inputs();
        const auto add = [&](const std::string& id, const std::string& its_tags) {
            from.drop_ins.push_back({id + ".toml", "[[rule]]\nid = \"" + id + "\"\ntags = [" + its_tags +
                                                       "]\nfor_each = \"host\"\nvalue = \"orphans\"\n"
                                                       "warning = 5\nsummary = \"x\"\n"});
        };
        add("web-health", R"("health", "web")");
        add("web-tuning", R"("tuning", "web")");
        add("db-health", R"("health", "db")");
        add("site", R"("site")"); // no command judges it by itself, which is a warning
        from.tags = std::move(tags);
        from.own_tag = own_tag;
        const rules::Loaded loaded = rules::load(from);
        std::string ids;
        for (const rules::Rule& rule : loaded.rules.rules) {
            ids += rule.active ? rule.id + ' ' : "";
        }
        return ids + first_error(loaded.argument_errors);
    };
    CHECK(active({}, "health") == "ports web-health db-health ");
    CHECK(active({}, "") == "ports reuse-off web-health web-tuning db-health site ");
    CHECK(active({"web"}, "health") == "web-health ");
    CHECK(active({"web"}, "tuning") == "web-tuning ");
    CHECK(active({"web"}, "") == "web-health web-tuning ");
    CHECK(active({"web", "db"}, "health") == "web-health db-health ");
    CHECK(active({"tuning"}, "health") == "reuse-off web-tuning ");
    CHECK(active({"health", "tuning"}, "health") == "ports reuse-off web-health web-tuning db-health ");
    CHECK(active({"web", "tuning"}, "health") == "web-tuning ");
    CHECK(active({"site"}, "health") == "site ");
    CHECK(active({"db"}, "tuning")
              .starts_with("--tag: error: no rule is left to judge: none tagged db is also tagged tuning\n"));
}

TEST_CASE("the settings may change a rule with a condition for one subject only by ignoring it") {
    const auto load_with = [](const std::string& rest) {
        rules::Inputs from = inputs();
        from.settings = rules::TextFile{
            "tcpadvisor.toml",
            "[[override]]\nrule = \"reuse-off\"\nreason = \"x\"\nnamespace = \"web\"\n" + rest};
        return rules::load(from);
    };
    CHECK(first_error(load_with("warning = 5\n").diagnostics) ==
          "tcpadvisor.toml:5:11: error: 'reuse-off' has no ranges: it judges a condition\n"
          "    warning = 5\n"
          "              ^\n"
          "    its overrides can only ignore: ignore = true, with the last day in expires\n");
    CHECK(load_with("ignore = true\nexpires = 2027-02-01\n").diagnostics.empty());
}

TEST_CASE("--warning and --critical need exactly one --rule") {
    rules::Inputs from = inputs();
    from.warning = "50";
    CHECK(first_error(rules::load(from).argument_errors)
              .starts_with("--warning: error: --warning needs exactly one --rule"));
    from.only = {"ports"};
    CHECK(load_quietly(from).rules.find("ports")->warning.range->text == "50");
    from.only = {"ports", "reuse-off"};
    CHECK(rules::load(from).argument_errors.has_errors());
    from.only = {"reuse-off"};
    CHECK(first_error(rules::load(from).argument_errors).find("it judges a condition") != std::string::npos);
}

TEST_CASE("mistakes in arguments name the argument, the place and advice") {
    const auto error_of = [](const std::string& set) {
        rules::Inputs from = inputs();
        from.set = {set};
        const rules::Loaded loaded = rules::load(from);
        CHECK(loaded.diagnostics.empty());
        CHECK(loaded.broken_files.empty());
        return first_error(loaded.argument_errors);
    };
    CHECK(error_of("prots.busy=1") == "--set: error: unknown rule 'prots', did you mean 'ports'?\n"
                                      "    prots.busy=1\n"
                                      "    ^~~~~\n"
                                      "    'tcpadvisor rules list' shows all rules\n");
    CHECK(error_of("ports.bsy=1") == "--set: error: 'ports' has no parameter 'bsy', did you mean 'busy'?\n"
                                     "    ports.bsy=1\n"
                                     "          ^~~\n"
                                     "    it has warning, critical, enabled, busy\n");
    CHECK(error_of("ports.busy=many") == "--set: error: parameter 'busy' must be a number, this is 'many'\n"
                                         "    ports.busy=many\n"
                                         "               ^~~~\n"
                                         "    the default is 100\n");
    CHECK(error_of("ports.warning=/root:10") ==
          "--set: error: '/root:10' is not a range: did the shell expand a tilde?\n"
          "    ports.warning=/root:10\n"
          "                  ^~~~~~~~\n"
          "    put it in quotes: '~:10'\n");
    for (const char* wrong :
         {"", "ports", "ports.busy", "=1", "ports=1", "ports.enabled=yes", ".=", "ports.="}) {
        INFO(wrong);
        CHECK_FALSE(error_of(wrong).empty());
    }
    rules::Inputs from = inputs();
    from.only = {"port"};
    CHECK(first_error(rules::load(from).argument_errors).find("did you mean 'ports'?") != std::string::npos);
}

TEST_CASE("intact rules survive a broken file") {
    rules::Inputs from = inputs();
    from.drop_ins.push_back({"a.toml", "[[rule]\n"});
    from.drop_ins.push_back(
        {"b.toml", "[[rule]]\nid = \"mine\"\nfor_each = \"host\"\nvalue = \"orphans\"\nwarning = 5\n"
                   "summary = \"x\"\n[[rule]]\nid = \"bad\"\nfor_each = \"host\"\nvalue = \"orfans\"\n"
                   "warning = 5\nsummary = \"x\"\n"});
    from.settings = rules::TextFile{"tcpadvisor.toml",
                                    "[rule.bad]\nwarning = 6\n[rule.mine]\nwarning = 6\ncritical = \"x\"\n"};
    const rules::Loaded loaded = rules::load(from);
    CHECK(loaded.rules.rules.size() == 3);
    REQUIRE(loaded.broken_files.size() == 3);
    CHECK(loaded.broken_files[0].starts_with("a.toml:1: not TOML"));
    CHECK(loaded.broken_files[1] == "b.toml:10: unknown fact 'orfans', did you mean 'orphans'?");
    CHECK(loaded.broken_files[2] ==
          "tcpadvisor.toml:5: 'x' is not a range: 'x' is not a number"); // [rule.bad] is no mistake
    CHECK(loaded.rules.find("mine")->warning.range->text == "6");
}

TEST_CASE("an id is unique over all files") {
    rules::Inputs from = inputs();
    from.drop_ins.push_back(
        {"mine.toml", "[[rule]]\nid = \"old-ports\"\nfor_each = \"host\"\nvalue = \"orphans\"\nwarning = 5\n"
                      "summary = \"x\"\n"});
    const rules::Loaded loaded = rules::load(from);
    CHECK(loaded.rules.rules.size() == 2);
    CHECK(first_error(loaded.diagnostics)
              .starts_with("mine.toml:2:6: error: the id 'old-ports' is taken by ports.toml:4\n"));
}

TEST_CASE("an override knows until when it applies") {
    rules::Inputs from = inputs();
    from.settings = rules::TextFile{"tcpadvisor.toml", "[[override]]\n"
                                                       "rule = \"ports\"\n"
                                                       "remote = \"192.0.2.1\"\n"
                                                       "reason = \"known\"\n"
                                                       "expires = 2027-01-01\n"
                                                       "ignore = true\n"};
    CHECK_FALSE(load_quietly(from).rules.find("ports")->overrides.at(0).expired); // its last day
    from.now += 86399;
    CHECK_FALSE(load_quietly(from).rules.find("ports")->overrides.at(0).expired);
    from.now += 1;
    const rules::Loaded late = rules::load(from);
    CHECK(late.rules.find("ports")->overrides.at(0).expired);
    CHECK(first_error(late.diagnostics)
              .find("warning: the override of 'ports' for remote 192.0.2.1 expired on 2027-01-01") !=
          std::string::npos);
    CHECK(late.broken_files.empty());
    const auto listed = rules::list(late.rules)[0].overrides.at(0);
    CHECK(listed.subject == "remote 192.0.2.1");
    CHECK(listed.effect == "ignored");
    CHECK(listed.origin == "tcpadvisor.toml:1");
    CHECK(listed.expired);
}

TEST_CASE("an unknown tag is a mistake, not a wish that nothing fulfils") {
    rules::Inputs from = inputs();
    from.tags = {"health", "helth"};
    CHECK(first_error(rules::load(from).argument_errors) ==
          "--tag: error: unknown tag 'helth', did you mean 'health'?\n"
          "    helth\n"
          "    ^~~~~\n"
          "    the tags are health, tuning\n");
    from.drop_ins.push_back({"mine.toml", "[[rule]]\nid = \"mine\"\ntags = [\"health\", \"web\"]\n"
                                          "for_each = \"host\"\nvalue = \"orphans\"\nwarning = 5\n"
                                          "summary = \"x\"\n"});
    from.tags = {"web"};
    CHECK(load_quietly(from).rules.find("mine")->active);
}

TEST_CASE("options that leave no rule to judge are a mistake") {
    const auto error_of = [](const auto& change) {
        rules::Inputs from = inputs();
        change(from);
        const rules::Loaded loaded = rules::load(from);
        CHECK(loaded.broken_files.empty());
        return first_error(loaded.argument_errors);
    };
    const auto excluded = error_of([](auto& from) { from.excluded = {"ports", "reuse-off"}; });
    CHECK(excluded.starts_with("--exclude-rule: error: no rule is left to judge\n"));
    CHECK(excluded.find("--rule, --exclude-rule, --tag and --set RULE.enabled") != std::string::npos);
    CHECK(error_of([](auto& from) {
              from.only = {"ports"};
              from.excluded = {"old-ports"};
          }).starts_with("--exclude-rule: error: no rule is left"));
    CHECK(error_of([](auto& from) {
              from.tags = {"tuning"};
              from.set = {"reuse-off.enabled=false"};
          }).starts_with("--set: error: no rule is left"));
    CHECK(error_of([](auto& from) {
              from.only = {"ports"};
              from.settings = rules::TextFile{"tcpadvisor.toml", "[rule.ports]\nenabled = false\n"};
          }).starts_with("--rule: error: no rule is left to judge: what it names is disabled"));
}

TEST_CASE("settings that disable everything cannot be used") {
    rules::Inputs from = inputs();
    from.tags = {"health"}; // as the command check does
    from.settings = rules::TextFile{"tcpadvisor.toml", "[rule.ports]\nenabled = false\n"};
    const rules::Loaded loaded = rules::load(from);
    CHECK(loaded.argument_errors.empty());
    REQUIRE(loaded.broken_files.size() == 1);
    CHECK(loaded.broken_files[0].starts_with("tcpadvisor.toml: no rule is left to judge"));
    CHECK(loaded.diagnostics.has_errors());
    from.set = {"ports.enabled=true"};
    load_quietly(from);
}

TEST_CASE("a warning range that can never fire is reported once everything is applied") {
    rules::Inputs from = inputs();
    from.set = {"ports.warning=95"};
    rules::Loaded loaded = rules::load(from);
    CHECK(loaded.argument_errors.empty());
    CHECK(first_error(loaded.diagnostics)
              .starts_with("--set: warning: the warning range '95' of 'ports' never"));
    from.only = {"ports"};
    from.critical = "94";
    loaded = rules::load(from);
    CHECK(loaded.argument_errors.has_errors());
    CHECK(first_error(loaded.argument_errors)
              .starts_with("--set: error: the warning range '95' of 'ports' never"));
    from.critical = "96";
    load_quietly(from);
    from.critical = "95"; // only CRITICAL is wanted: that is how many write it
    load_quietly(from);

    from = inputs();
    from.settings = rules::TextFile{"tcpadvisor.toml", "[[override]]\nrule = \"ports\"\nreason = \"x\"\n"
                                                       "remote = \"192.0.2.1\"\ncritical = 60\n"};
    loaded = rules::load(from);
    CHECK(loaded.broken_files.empty());
    CHECK(first_error(loaded.diagnostics)
              .starts_with("tcpadvisor.toml:1:1: warning: under this override the warning range '70'"));
    from.set = {"ports.warning=50"};
    load_quietly(from);
}

TEST_CASE("an override says why and names a remote that can exist") {
    const auto error_of = [](const std::string& reason, const std::string& remote) {
        rules::Inputs from = inputs();
        from.settings =
            rules::TextFile{"tcpadvisor.toml", "[[override]]\nrule = \"ports\"\nreason = \"" + reason +
                                                   "\"\nremote = \"" + remote + "\"\nwarning = 60\n"};
        const rules::Loaded loaded = rules::load(from);
        CHECK(loaded.diagnostics.empty() != loaded.diagnostics.has_errors());
        return loaded.diagnostics.empty() ? loaded.rules.find("ports")->overrides.at(0).subject.at(0).text
                                          : first_error(loaded.diagnostics);
    };
    CHECK(error_of("", "192.0.2.1")
              .starts_with("tcpadvisor.toml:3:10: error: an override with an empty 'reason'"));
    CHECK(error_of(" \t", "192.0.2.1").find("empty 'reason'") != std::string::npos);
    CHECK(error_of("x", "192.0.2.1\\u0000")
              .starts_with("tcpadvisor.toml:4:10: error: '192.0.2.1?' is neither an address nor a network"));
    CHECK(error_of("x", "[::FFFF:192.0.2.1]:443") == "192.0.2.1:443"); // as the facts show it
}

TEST_CASE("needs are the facts of active rules") {
    rules::Inputs from = inputs();
    const rules::NeededColumns all = rules::needs(load_quietly(from).rules, rules::Detail::advice);
    const auto reads = [&](TableId table, std::string_view fact) {
        return all.has(table, facts::schema(table).find(fact).value());
    };
    CHECK(all.has(TableId::destination));
    CHECK(reads(TableId::destination, "used_percent"));
    CHECK(reads(TableId::destination, "connections"));
    CHECK(reads(TableId::destination, "remote"));
    CHECK(reads(TableId::destination, "time_wait"));
    CHECK(reads(TableId::netns, "tw_reuse"));
    CHECK_FALSE(reads(TableId::destination, "free"));
    const rules::NeededColumns verdict = rules::needs(load_quietly(from).rules, rules::Detail::verdict);
    CHECK(verdict.has(TableId::destination, facts::schema(TableId::destination).find("remote").value()));
    CHECK_FALSE(verdict.has(TableId::destination,
                            facts::schema(TableId::destination).find("time_wait").value())); // of a remedy
    CHECK_FALSE(all.has(TableId::close_wait));
    from.only = {"reuse-off"};
    CHECK_FALSE(rules::needs(load_quietly(from).rules, rules::Detail::advice).has(TableId::destination));
}

TEST_CASE("What is collected beyond the usual follows from the facts that active rules read") {
    using facts::Collection;
    const auto wanted = [](const std::string& table, const std::string& condition) {
        rules::Inputs from = inputs();
        from.drop_ins = {{"one.toml", "[[rule]]\nid = \"one\"\ntags = [\"health\"]\nfor_each = \"" + table +
                                          "\"\ncondition = \"" + condition +
                                          "\"\nseverity = \"info\"\nsummary = \"one\"\n"}};
        auto all = rules::collections(rules::needs(load_quietly(from).rules, rules::Detail::advice));
        all.erase(Collection::usual);
        return all;
    };
    using Collections = std::set<Collection>;
    CHECK(wanted("namespace", "tw_reuse == 0").empty());
    CHECK(wanted("sysctl", "per_namespace").empty());
    CHECK(wanted("sysctl", "outvoted != ''") == Collections{Collection::boot_sysctls});
    CHECK(wanted("namespace", "boot_no_assignment != ''") == Collections{Collection::boot_sysctls});
    CHECK(wanted("namespace", "bound > 5") == Collections{Collection::bound_sockets});
    CHECK(wanted("listener", "fixed") == Collections{Collection::fixed_listeners});
    CHECK(wanted("close_wait", "total > 5") == Collections{Collection::owners});
    CHECK(wanted("destination", "bound > connections") == Collections{Collection::bound_sockets});
}
