// What all JSON answers share: the schema number, the origin, gaps, numbers and nulls. The only header that
// knows the JSON library.
#pragma once

#include "base/gap.h"
#include "render/formats.h"

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace render {

using Json = nlohmann::ordered_json;

/// {"schema": 1}: what every answer begins with.
Json json_answer();

/// {"name", "kernel", "time"}; the time as RFC 3339 in UTC.
Json json_host(const std::string& name, const std::string& kernel, double time);

/// Integers without a fraction; null for none and for what is not finite.
Json json_number(std::optional<double> value);

/// Null for an empty text.
Json json_text(const std::string& text);

/// [{"what", "why", "detail"}].
Json json_gaps(const std::vector<base::Gap>& gaps);

/// One destination with its port arithmetic, as `ports` and the picture of a report show it.
Json destination_json(const facts::Destination& destination);

/// Adds "states", "families" and "sockstat".
void add_counts(Json& json, const std::vector<facts::StateCount>& states, const facts::Sockstat& sockstat);

/// [{"namespace", "id", ...}], one for each namespace.
Json picture_json(const facts::Picture& picture);

/// Indented, with a newline; invalid UTF-8 becomes U+FFFD.
void write_json(const Json& json, std::ostream& out);

} // namespace render
