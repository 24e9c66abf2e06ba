#include "render/json.h"
#include "render/sums.h"

namespace render {
namespace {

using facts::StateCount;

Json count_json(std::optional<std::uint64_t> count) {
    return count ? Json(*count) : Json();
}

} // namespace

void add_counts(Json& json, const std::vector<StateCount>& states, const facts::Sockstat& sockstat) {
    Json both = Json::object();
    Json ipv4 = Json::object();
    Json ipv6 = Json::object();
    for (const StateCount& state : states) {
        const std::string name(state.name);
        both[name] = count_json(sum(state.ipv4, state.ipv6));
        ipv4[name] = count_json(state.ipv4);
        ipv6[name] = count_json(state.ipv6);
    }
    json["states"] = std::move(both);
    json["families"] = Json::object();
    json["families"]["ipv4"] = std::move(ipv4);
    json["families"]["ipv6"] = std::move(ipv6);
    Json& summary = json["sockstat"] = Json::object();
    summary["in_use"] = count_json(sockstat.in_use);
    summary["in_use6"] = count_json(sockstat.in_use6);
    summary["orphan"] = count_json(sockstat.orphan);
    summary["time_wait"] = count_json(sockstat.time_wait);
    summary["allocated"] = count_json(sockstat.allocated);
    summary["memory"] = count_json(sockstat.memory);
}

void states_json(const Origin& origin, const std::vector<facts::NamespaceStates>& spaces, std::ostream& out) {
    Json answer = json_answer();
    answer["host"] = json_host(origin.host, origin.kernel, origin.time);
    add_counts(answer, sum_states(spaces), sum_sockstat(spaces));
    Json list = Json::array();
    std::vector<base::Gap> all_gaps;
    for (const facts::NamespaceStates& space : spaces) {
        const auto gaps = gaps_of(space);
        Json item = Json::object();
        item["id"] = space.id;
        item["label"] = space.label;
        item["source"] = json_text(space.source);
        add_counts(item, known_states(space), space.sockstat);
        item["gaps"] = json_gaps(gaps);
        list.push_back(std::move(item));
        all_gaps.insert(all_gaps.end(), gaps.begin(), gaps.end());
    }
    answer["namespaces"] = std::move(list);
    answer["gaps"] = json_gaps(all_gaps);
    answer["assumed"] = origin.assumed;
    write_json(answer, out);
}

} // namespace render
