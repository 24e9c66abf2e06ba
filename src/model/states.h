// The answer of `tcpadvisor states`: the census by netstat's names.
#pragma once

#include "facts/states.h"
#include "snapshot/host.h"

namespace model {

facts::NamespaceStates states_answer(const snapshot::Namespace& space);

} // namespace model
