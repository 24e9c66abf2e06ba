// The texts of `tcpadvisor explain` beyond the rules: the files of rules/explain/, compiled in, and how a
// reader may call them. Knows no host.
#pragma once

#include "base/text.h"
#include "cli/options.h"

#include <span>
#include <string>
#include <string_view>

namespace cli {

/// States and more, then advice that does not work ("myth-" and what it is about), then sysctls by their
/// dotted name; each name ends with ".txt".
std::span<const base::Embedded> topics();

/// Those of them that there are in simplified Chinese, by the same names.
std::span<const base::Embedded> chinese_topics();

enum class TopicKind { general, myth, sysctl };

std::string topic_name(const base::Embedded& topic);
TopicKind kind_of(const std::string& name);

/// The last part of a dotted name.
std::string last_part(const std::string& sysctl);

/// The topic that is meant, by any of its names in either language; none if there is none.
const base::Embedded* find_topic(const std::string& asked);

/// The text of the topic in this language; none if there is no such text.
const base::Embedded* topic_in(Language language, const base::Embedded& topic);

} // namespace cli
