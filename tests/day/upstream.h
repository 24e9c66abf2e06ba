// Connections that a simulated host makes to one destination: brief ones, a pool of lasting ones, attempts
// that nobody answers, and those that the peer has closed and the program has not.
#pragma once

#include "snapshot/host.h"
#include "tests/day/kernel_model.h"
#include "tests/day/port_pool.h"
#include "tests/day/silence.h"

#include <deque>
#include <string>
#include <vector>

namespace day {

enum class Closer { host, peer }; // of brief connections and of the pool: who sends the first FIN
enum class Eof { unread, read };  // has the program seen the end of file?

class Upstream {
  public:
    struct Traits {
        std::string source;
        std::string remote;
        std::uint16_t remote_port = 0;
        Program program;
        Closer closer = Closer::host;
        double hold = 0.05;   // seconds that a brief connection lasts
        double patience = 10; // the connect timeout of the client, in seconds
    };

    Upstream(Traits traits, const KernelModel& kernel);

    double rate = 0;        // brief connections a second
    double more = 0;        // and so many more, of an incident
    double pool = 0;        // lasting connections that the program wants
    double pool_pace = 100; // so many of them are opened or closed a second at most
    bool answers = true;    // false: every packet is dropped without a word
    bool forgotten = false; // true: those of the connections that are open now
    Traits traits;

    /// One second goes by.
    void step(KernelModel& kernel);

    /// The peer closes lasting connections, and the program does not close its ends.
    void leave_open(std::uint32_t count, Eof eof, KernelModel& kernel);
    /// The program closes the ends that it left open, the oldest first.
    void close_left_open(std::size_t count);
    /// The pool ends at once, and what was left open with it: a restart here, or of the peer.
    void end_pool(Closer closer, KernelModel& kernel);
    void change_range(snapshot::PortRange range) { ports_.change_range(range); }

    std::size_t left_open() const { return left_open_.size(); }
    /// Of those, the ones that have stood so for this many seconds.
    std::size_t left_open_for(double seconds, double now) const;
    std::size_t unanswered() const { return attempts_.size(); }
    std::size_t full_sockets() const;
    std::size_t ports_held() const { return full_sockets() + time_waits_.size(); }

    /// Every socket, as sock_diag tells it `kernel.now` + `late` seconds after midnight.
    void show(const KernelModel& kernel, double late, snapshot::Census& census) const;
    /// The holders of what show() gave as CLOSE_WAIT, by their inodes.
    void show_holders(std::uint32_t process, std::vector<snapshot::Holder>& holders) const;

  private:
    struct Connection {
        std::uint16_t port;
        double moment; // when it ends, or began, or was closed: each list says which
    };
    struct LeftOpen {
        std::uint16_t port;
        double since;
        Eof eof;
        std::uint64_t cookie;
    };

    void end_brief_ones(KernelModel& kernel);
    void open_brief_ones(KernelModel& kernel);
    void keep_pool(KernelModel& kernel);
    void look_at_attempts(KernelModel& kernel);
    void close(std::uint16_t port, double moment, Closer closer, KernelModel& kernel);
    std::optional<std::uint16_t> connect(KernelModel& kernel);
    snapshot::Socket socket(snapshot::TcpState state, std::uint16_t port) const;
    void show_left_open(double now, snapshot::Census& census) const;

    snapshot::Address source_;
    snapshot::Address remote_;
    PortPool ports_;
    std::deque<Connection> brief_;      // by their end
    std::deque<Connection> time_waits_; // by their begin
    std::deque<Connection> attempts_;   // by their begin
    std::vector<std::uint16_t> lasting_;
    std::deque<LeftOpen> left_open_; // by their begin
    Silence silence_;                // about the pool
};

} // namespace day
