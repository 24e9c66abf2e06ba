// Opens the network namespaces that the options name, live or from a capture, and collects a snapshot of them
// as far as it is needed.
#pragma once

#include "base/result.h"
#include "cli/options.h"
#include "kernel/namespaces.h"
#include "kernel/sock_diag.h"
#include "model/derive.h"
#include "model/wants.h"
#include "render/formats.h"
#include "replay/replay.h"
#include "rules/rule.h"
#include "snapshot/host.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cli {

/// The targets refer to the capture, if there is one.
struct Observation {
    std::unique_ptr<replay::Capture> capture;
    std::vector<kernel::Target> targets;
    snapshot::Host host;
    std::map<std::string, std::vector<std::string>> file_lines; // of an audit of files
    std::vector<std::string> left_out;                          // by it
    /// Other network namespaces that hold TCP sockets, or may, and are not in `host`; counted by `report`,
    /// and by `check` if it is to say more.
    std::size_t not_looked_at = 0;
};

/// The base pass, and what the model wants beyond it.
snapshot::Host collect(std::vector<kernel::Target>& targets, const model::Assumptions& assumed,
                       const model::ModelNeeds& needs);

base::Result<Observation> observe(const Options& options, const model::Assumptions& assumed,
                                  const model::ModelNeeds& needs);

/// What the active rules read: a fact that needs another walk is asked for only if a rule reads it.
model::ModelNeeds needs_of(const rules::RuleSet& rules, rules::Detail detail);

/// What all facts of a table take.
model::ModelNeeds needs_of(facts::TableId table);

/// The live network namespaces that the options name.
base::Result<kernel::Opened> open_live(const Options& options);

/// --assume KEY=VALUE, each a sysctl that is known and a value that it can have. KEY may leave out
/// "net.ipv4.".
/// For what tells no port range: the same with the kernel's default. None if the range is known or assumed.
std::optional<model::Assumptions> with_default_range(const snapshot::Host& host,
                                                     const model::Assumptions& assumed);

/// What a reader of such an answer must know.
std::string note_of_default_range();

base::Result<model::Assumptions> assumptions(const Options& options);

render::Origin origin_of(const snapshot::Host& host, const model::Assumptions& assumed);

/// "net.ipv4.tcp_tw_reuse=1".
std::vector<std::string> texts_of(const model::Assumptions& assumed);

} // namespace cli
