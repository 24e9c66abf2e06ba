#include "render/json.h"

#include "render/wording.h"

#include <cmath>
#include <cstdint>

namespace render {

Json json_answer() {
    Json answer = Json::object();
    answer["schema"] = 1;
    return answer;
}

Json json_host(const std::string& name, const std::string& kernel, double time) {
    Json host = Json::object();
    host["name"] = json_text(name);
    host["kernel"] = json_text(kernel);
    const auto text = rfc3339(time);
    host["time"] = text ? Json(*text) : Json();
    return host;
}

Json json_number(std::optional<double> value) {
    constexpr double exact_integers = 9007199254740992.0; // 2^53
    if (!value || !std::isfinite(*value)) {
        return {};
    }
    if (std::trunc(*value) == *value && std::abs(*value) <= exact_integers) {
        return static_cast<std::int64_t>(*value);
    }
    constexpr double places = 1e6; // what lies behind is noise of binary fractions
    return std::abs(*value) < exact_integers / places ? std::round(*value * places) / places : *value;
}

Json json_text(const std::string& text) {
    return text.empty() ? Json() : Json(text);
}

Json json_gaps(const std::vector<base::Gap>& gaps) {
    Json list = Json::array();
    for (const base::Gap& gap : gaps) {
        Json item = Json::object();
        item["what"] = gap.what;
        item["why"] = base::name(gap.why);
        item["detail"] = json_text(gap.detail);
        list.push_back(std::move(item));
    }
    return list;
}

void write_json(const Json& json, std::ostream& out) {
    out << json.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

void error_json(std::string_view message, const std::vector<std::string>& details, std::ostream& out) {
    Json answer = json_answer();
    answer["error"] = Json::object();
    answer["error"]["message"] = message;
    answer["error"]["diagnostics"] = details;
    write_json(answer, out);
}

} // namespace render
