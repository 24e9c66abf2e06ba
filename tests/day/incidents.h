// What goes wrong on the hosts, each on a day that is else healthy; and from when on it harms, by what the
// model knows and no check sees.
#pragma once

#include "tests/day/hosts.h"

#include <string_view>
#include <vector>

namespace day {

struct Incident {
    std::string_view name;
    HostModel (*host)(double begin) = nullptr;
    double begin = 0; // seconds since midnight
    double end = 0;

    HostModel::Action begins = {};       // at the first second
    HostModel::Action every_second = {}; // as long as it lasts
    HostModel::Action ends = {};

    std::string_view harm = {}; // what delays are counted from: "the first connect() fails"
    bool (*harms)(const HostModel&, const Counted& before) = nullptr; // has that come?
    double bound = 120;                                               // seconds within which it must be seen
    std::string_view because = {};                                    // why the bound is higher than that
};

std::vector<Incident> incidents();

} // namespace day
