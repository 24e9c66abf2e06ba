#include "cli/topics.h"

#include <algorithm>

namespace cli {

namespace {

constexpr std::string_view proc_sys = "proc/sys/"; // as people copy it

std::string lower(std::string_view text) {
    std::string changed = base::lower_ascii(text);
    std::replace(changed.begin(), changed.end(), '-', '_');
    return changed;
}

/// FIN-WAIT-1, fin_wait1, "fin wait 1" and FinWait1 are one name.
std::string letters_of(std::string_view text) {
    std::string letters = lower(text);
    std::erase_if(letters, [](char c) { return c == '_' || c == ' '; });
    return letters;
}

/// Names that other tools, the RFC and Chinese textbooks give to the same thing.
std::string common_name(const std::string& topic) {
    constexpr std::pair<std::string_view, std::string_view> aliases[] = {
        {"estab", "established"},
        {"closed", "close"},
        {"unconn", "close"},
        {"synreceived", "synrecv"},
        {"synrcvd", "synrecv"},
        {"listening", "listen"},
        {"boundinactive", "bound"},
        {"msl", "2msl"},
        {"synqueue", "synrecv"},
        {"acceptqueue", "listen"},
        {"backlog", "listen"},
        {"toomanytimewait", "timewait"},
        {"portexhaustion", "ports"},
        {"ephemeralports", "ports"},
        {"portrange", "net.ipv4.ip_local_port_range"},
        {"四次挥手", "fourwayclose"},
        {"四次分手", "fourwayclose"},
        {"半关闭", "fourwayclose"},
        {"关闭连接", "fourwayclose"},
        {"断开连接", "fourwayclose"},
        {"同时关闭", "closing"},
        {"最长报文段寿命", "2msl"},
        {"最大报文段生存时间", "2msl"},
        {"三次握手", "states"},
        {"状态", "states"},
        {"连接状态", "states"},
        {"状态转换图", "states"},
        {"监听", "listen"},
        {"客户端", "client"},
        {"服务器", "server"},
        {"服务端", "server"},
        {"端口", "ports"},
        {"本地端口", "ports"},
        {"临时端口", "ports"},
        {"端口耗尽", "ports"},
        {"误区", "myths"},
        {"常见误区", "myths"},
    };
    std::string wanted = letters_of(topic);
    for (const auto& [alias, name] : aliases) {
        if (wanted == alias) {
            return std::string(name);
        }
    }
    return wanted;
}

} // namespace

std::string topic_name(const base::Embedded& file) {
    return std::string(file.name.substr(0, file.name.rfind('.')));
}

TopicKind kind_of(const std::string& name) {
    return name.starts_with("myth-")             ? TopicKind::myth
           : name.find('.') != std::string::npos ? TopicKind::sysctl
                                                 : TopicKind::general;
}

std::string last_part(const std::string& sysctl) {
    return sysctl.substr(sysctl.rfind('.') + 1);
}

const base::Embedded* find_topic(const std::string& topic) {
    const std::string wanted = common_name(topic);
    std::string dotted = lower(topic); // sysctl(8) takes net/ipv4/... too
    if (const std::size_t at = dotted.find(proc_sys); at <= 1) {
        dotted.erase(0, at + proc_sys.size());
    }
    std::replace(dotted.begin(), dotted.end(), '/', '.');
    for (const base::Embedded& file : topics()) {
        const std::string name = lower(topic_name(file));
        const bool fits = kind_of(name) == TopicKind::sysctl
                              ? name == dotted || last_part(name) == dotted || name == wanted
                              : letters_of(name) == wanted;
        if (fits) {
            return &file;
        }
    }
    return nullptr;
}

const base::Embedded* topic_in(Language language, const base::Embedded& topic) {
    if (language == Language::english) {
        return &topic;
    }
    const auto all = chinese_topics();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const base::Embedded& file) { return file.name == topic.name; });
    return found != all.end() ? &*found : nullptr;
}

} // namespace cli
