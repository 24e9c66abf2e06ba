// What every JSON answer is built of. Only the files of that format include it.
#pragma once

#include "base/gap.h"
#include "facts/answers.h"

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace render {

using Json = nlohmann::ordered_json;

/// {"schema": 1}: what every answer begins with.
Json json_answer();

/// Null for an empty text.
Json json_text(const std::string& text);

/// {"name", "kernel", "time"}; the time as RFC 3339 in UTC.
Json json_host(const std::string& name, const std::string& kernel, double time);

/// Integers without a fraction; null for none and for what is not finite.
Json json_number(std::optional<double> value);

/// [{"what", "why", "detail"}].
Json json_gaps(const std::vector<base::Gap>& gaps);

/// [{"local", "remote", ...}]: the port arithmetic of each destination.
Json destinations_json(const facts::NetnsPorts& ports);

/// Indented, with a newline; invalid UTF-8 becomes U+FFFD.
void write_json(const Json& json, std::ostream& out);

} // namespace render
