// What the files of sysctl.d mean for one namespace, as facts. Knows nothing of how they were read.
#pragma once

#include "facts/table.h"
#include "snapshot/host.h"

#include <string_view>

namespace model {

/// Why a fact about the boot is missing where nobody read the files.
base::Gap unread_boot();

/// A sysctl with one number after the next boot: what the files set; without a line that the kernel takes,
/// its default. Inferred if one of the files could not be read.
facts::Value number_at_boot(const snapshot::Netns& netns, std::string_view name);

/// Lines that do nothing, and the place of the first; that is absent if there is none.
facts::Value no_assignments(const snapshot::Netns& netns);
facts::Value first_no_assignment(const snapshot::Netns& netns);

} // namespace model
