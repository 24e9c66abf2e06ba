// A listener of a simulated host and the connections that clients make to it: the accept queue and what it
// turns away, half-open handshakes, clients that stay, TIME_WAIT at this side, clients that vanish.
#pragma once

#include "snapshot/host.h"
#include "tests/day/silence.h"

#include <array>
#include <deque>
#include <utility>

namespace day {

class Service {
  public:
    struct Traits {
        const char* address = "";
        std::uint16_t port = 0;
        std::uint32_t backlog = 511;
        Program program;
        double closes_first = 0; // share of connections that this side closes first
        double vanishing = 0;    // share of connections whose client is gone when this side closes
        double segments = 12;    // that a connection costs
        double patience = 10;    // seconds that a client waits for an answer
    };

    explicit Service(Traits of) : traits(of), address_(*snapshot::Address::parse(of.address)) {}

    double rate = 0;         // new clients a second
    double clients = 0;      // connections that stay
    double accepts = 20'000; // connections that the program accepts a second
    double flood = 0;        // SYNs a second whose senders never answer
    bool reachable = true;   // false: nothing comes from the clients any more
    Traits traits;

    /// So many clients come at once, in the next second.
    void herd(std::uint32_t count) { herd_ += count; }
    /// The program accepts nothing for some seconds.
    void pause(double seconds) { pause_ = seconds; }

    /// One second goes by.
    void step(KernelModel& kernel);

    std::size_t full_sockets() const;
    std::uint32_t inode() const { return 500'000U + traits.port; }
    void show_listener(snapshot::Census& census) const;
    void show(const KernelModel& kernel, double late, snapshot::Census& census) const;

  private:
    struct Waiting {
        double since;
        std::uint64_t cookie;
    };
    struct Closed {
        double moment;
        std::uint32_t count;
    };

    std::uint32_t arrivals(KernelModel& kernel);
    std::uint32_t handshakes(std::uint32_t arriving, KernelModel& kernel);
    void queue(std::uint32_t arriving, KernelModel& kernel);
    void turn_away(std::uint32_t count, KernelModel& kernel);
    void accept(KernelModel& kernel);
    void close(std::uint32_t count, KernelModel& kernel);
    void forget(KernelModel& kernel);
    void show_queue(double now, snapshot::Census& census) const;

    static constexpr std::size_t tries = 4;
    static constexpr std::size_t horizon = 16;
    snapshot::Address address_;
    std::deque<Waiting> queue_;
    std::deque<Closed> time_waits_;
    std::deque<Closed> vanished_; // FIN_WAIT1: nobody acknowledges our FIN
    /// SYNs that come again, by second and by how often they came before.
    std::array<std::array<std::uint32_t, tries>, horizon> again_{};
    Silence silence_; // of the clients that stay
    std::uint32_t half_open_ = 0;
    std::uint32_t herd_ = 0;
    double pause_ = 0;
};

} // namespace day
