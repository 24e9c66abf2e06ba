// A table of sockets in a text, whoever wrote it: which lines are rows, whether the beginning and the end are
// there, and how many snapshots follow one another. What a tool's row looks like is its dialect.
#pragma once

#include "base/result.h"
#include "replay/lines.h"
#include "replay/socket_list.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace replay {

/// What a line is to the reader of one tool's text.
enum class LineKind {
    heading,    // a snapshot begins
    subheading, // belongs to the snapshot that has begun
    row,        // a socket
    named,      // a socket whose state is certain; its ends are names and no numbers
    other_row,  // a socket of another protocol
    detail,     // more about the socket of the row before
    broken,     // looks like a row and is none
    stranger    // nothing of this tool
};

struct Row {
    snapshot::Socket socket;
    std::string_view ends;    // both end points as the text has them; empty: no beginning
    std::string_view details; // what follows them
    std::string wrong;        // of a broken or a named one
};

class Dialect {
  public:
    virtual ~Dialect() = default;
    Dialect() = default;
    Dialect(const Dialect&) = delete;
    Dialect& operator=(const Dialect&) = delete;

    virtual LineKind read(std::string_view line, Row& row) = 0;
    /// All lines of a socket were seen: what they say beyond the columns goes into it.
    virtual void complete(std::string_view details, snapshot::Socket& socket) = 0;
    /// From here on another reading begins, at the start of a snapshot.
    virtual void restart() = 0;
    /// Did some row tell the inode of its socket?
    virtual bool has_identities() const = 0;
    /// All sockets were seen once: what they tell together, or do not. They may be asked for again.
    virtual void conclude(SocketList& list) = 0;
    /// The name of the text, "the text of ss".
    virtual std::string_view name() const = 0;
};

/// Which of several snapshots is meant; none: the last.
using SnapshotChoice = std::optional<std::size_t>;

/// Whoever pastes code pastes an excerpt, or not: the fence shows neither end of a table.
bool is_fence(std::string_view line);

/// What ssh, sudo, kubectl and netstat say before a table.
bool is_message_of_tools(std::string_view line);

/// The sockets of one snapshot. A line that makes no sense makes the list incomplete; an error if no line
/// makes any.
base::Result<SocketList> read_table(const Text& text, std::shared_ptr<Dialect> dialect,
                                    SnapshotChoice choice);

} // namespace replay
