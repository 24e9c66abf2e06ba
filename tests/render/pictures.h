// Pictures of hosts for the golden files.
#pragma once

#include "facts/answers.h"

namespace test {

/// The namespace "this namespace" with everything in it, and one that could not be read.
facts::Picture busy_picture();

/// Nothing goes on, nothing is connected.
facts::Picture idle_picture();

/// Every text comes from somebody who means no good.
facts::Picture hostile_picture();

} // namespace test
