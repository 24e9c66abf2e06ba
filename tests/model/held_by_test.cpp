#include "model/ports.h"
#include "tests/catch.h"

namespace {

facts::Destination taken_by(std::vector<std::pair<std::string, std::uint32_t>> states,
                            std::uint32_t blocked = 0) {
    facts::Destination d;
    for (const auto& [state, ports] : states) {
        d.in_use += ports;
    }
    d.states = std::move(states);
    d.blocked = blocked;
    return d;
}

} // namespace

TEST_CASE("Ports are held by the state that has most of them") {
    CHECK(model::held_by(taken_by({{"ESTABLISHED", 20}, {"TIME_WAIT", 930}})) == "930 held by TIME_WAIT");
    CHECK(model::held_by(taken_by({{"TIME_WAIT", 0}, {"CLOSE_WAIT", 60}})) == "60 held by CLOSE_WAIT");
}

TEST_CASE("Two are named if both take a good part, three never") {
    CHECK(model::held_by(taken_by({{"ESTABLISHED", 50}, {"TIME_WAIT", 9}, {"CLOSE_WAIT", 40}})) ==
          "50 held by ESTABLISHED, 40 by CLOSE_WAIT");
    CHECK(model::held_by(taken_by({{"ESTABLISHED", 30}, {"TIME_WAIT", 30}, {"CLOSE_WAIT", 40}})) ==
          "40 held by CLOSE_WAIT, 30 by ESTABLISHED");
}

TEST_CASE("Blocked ports are no connections of this destination") {
    CHECK(model::held_by(taken_by({{"ESTABLISHED", 5}}, 900)) == "900 blocked");
    CHECK(model::held_by(taken_by({{"ESTABLISHED", 300}}, 600)) == "600 blocked, 300 held by ESTABLISHED");
}

TEST_CASE("A port of TIME_WAIT that may be reused is not held") {
    auto d = taken_by({{"ESTABLISHED", 50}, {"TIME_WAIT", 900}});
    d.in_use = 60;
    d.reuse.reusable = 890;
    CHECK(model::held_by(d) == "50 held by ESTABLISHED, 10 by TIME_WAIT");
    CHECK(model::held_by({}) == "none held");
}
