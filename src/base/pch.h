// The headers of libraries that nearly every file includes: compiled once for each folder that names it.
#ifndef TCPADVISOR_PCH_H
#define TCPADVISOR_PCH_H

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#endif
