// From a snapshot to facts. Pure: the same snapshot under other sysctls, or with another history, is the same
// call with other arguments. The tables refer to the snapshot and the history, which
// must outlive them.
#pragma once

#include "facts/table.h"
#include "history/samples.h"
#include "model/expected.h"
#include "snapshot/host.h"

#include <map>
#include <string>

namespace model {

/// Sysctls (name, text) to take in place of the kernel's, in every namespace.
using Assumptions = std::map<std::string, std::string>;

/// `expected`: a load to come; none makes the facts about it absent.
facts::Facts derive(const snapshot::Host& host, const Assumptions& assumed, const history::History& history,
                    const Expectation& expected = {});

} // namespace model
