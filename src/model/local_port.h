// What the sockets on a local port mean for a program that wants it: bind(), listen() and connect()
// (docs/kernel-model.md, 1.3 and 2), until when, and what keeps connect() away from it.
#pragma once

#include "facts/answers.h"
#include "snapshot/host.h"

namespace model {

/// About the port that was looked at; unknown without that look.
facts::PortAnswer local_port_answer(const snapshot::Netns& netns, const snapshot::Sysctls& sysctls);

} // namespace model
