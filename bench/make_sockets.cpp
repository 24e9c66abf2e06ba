// make_sockets: fills this network namespace with TIME_WAIT sockets, fast (a million lives only a minute).
//
//   make_sockets outgoing COUNT DESTINATIONS    we connect to them and close first; another argument is the
//                                               number of the first of them, for a second run
//   make_sockets incoming COUNT CLIENTS         they connect to a listener of ours, and we close first
//   make_sockets gone COUNT CLIENTS             the same, and then the listener is closed
//   make_sockets exhausted COUNT PORTS          outgoing: PORTS of them to one destination, the others to 40
//
// One worker process for each processor, with a listener of its own, because accept() must give a worker the
// other end of its own connection. Prints "ready" and stays, with the listeners, until standard input ends.
// Wants a namespace with lo up, the local route 10.0.0.0/8 on lo, an ephemeral range of 1024 to 65535,
// tcp_tw_reuse=0, tcp_rfc1337=1 and many tcp_max_tw_buckets.
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif
#ifndef IP_LOCAL_PORT_RANGE // Linux 6.3
#define IP_LOCAL_PORT_RANGE 51
#endif

namespace {

constexpr std::uint32_t first_remote = 0x0a010000; // 10.1.0.0: the other ends, one address each
constexpr std::uint32_t our_address = 0x0aff0001;  // 10.255.0.1
constexpr std::uint16_t remote_service = 80;       // outside the range: a listener in it would block its port
constexpr std::uint16_t our_service = 8443;        // inside it: the harder case for whoever tells in from out
constexpr std::uint16_t first_port = 10000;
constexpr std::uint32_t ports_in_use = 55000;
constexpr std::uint32_t spread =
    7919; // each end point begins elsewhere: one port for all would look like a service

struct EndPoint {
    std::uint32_t address;
    std::uint16_t port;
};

enum class ClosesFirst { client, server };

[[noreturn]] void fail(const char* what) {
    std::fprintf(stderr, "make_sockets: %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

sockaddr_in to_sockaddr(EndPoint end_point) {
    sockaddr_in name = {};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(end_point.address);
    name.sin_port = htons(end_point.port);
    return name;
}

int new_socket() {
    const int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (handle < 0) {
        fail("socket");
    }
    return handle;
}

int listen_on(EndPoint end_point) {
    const int server = new_socket();
    const int on = 1;
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    const sockaddr_in name = to_sockaddr(end_point);
    if (bind(server, reinterpret_cast<const sockaddr*>(&name), sizeof(name)) != 0 ||
        listen(server, 128) != 0) {
        fail("listen");
    }
    return server;
}

/// Lets connect() choose from a range of one port: no search, and yet no explicitly bound port. Kernels
/// without the option search; that is slow beyond half of the range.
void prefer_port(int client, std::uint16_t port) {
    const std::uint32_t range = port | static_cast<std::uint32_t>(port) << 16;
    setsockopt(client, IPPROTO_IP, IP_LOCAL_PORT_RANGE, &range, sizeof(range));
}

int connect_to(EndPoint from, EndPoint to) {
    const int client = new_socket();
    const int on = 1;
    setsockopt(client, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    prefer_port(client, from.port);
    const sockaddr_in source = to_sockaddr({from.address, 0});
    const sockaddr_in target = to_sockaddr(to);
    if (bind(client, reinterpret_cast<const sockaddr*>(&source), sizeof(source)) != 0) {
        fail("bind");
    }
    if (connect(client, reinterpret_cast<const sockaddr*>(&target), sizeof(target)) != 0) {
        fail("connect");
    }
    return client;
}

void make_one(int server, EndPoint from, EndPoint to, ClosesFirst who) {
    const int client = connect_to(from, to);
    const int accepted = accept4(server, nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted < 0) {
        fail("accept");
    }
    close(who == ClosesFirst::client ? client : accepted);
    close(who == ClosesFirst::client ? accepted : client);
}

/// Worker `place` of `all`, with its own listener; `ports` local ports from first_port on are in use.
struct Worker {
    int server;
    std::uint32_t place;
    std::uint32_t all;
    std::uint32_t ports;
};

/// `n` below `worker.ports` gives as many different ports for each end point.
std::uint16_t nth_port(const Worker& worker, std::uint32_t n, std::uint32_t end_point) {
    n += static_cast<std::uint32_t>(std::uint64_t{end_point} * spread % worker.ports);
    return static_cast<std::uint16_t>(first_port + n % worker.ports);
}

/// `count` connections over `destinations` end points, of which this worker makes its share: each `all`-th
/// end point.
void make_outgoing(Worker worker, std::uint32_t count, std::uint32_t destinations, std::uint32_t first) {
    const auto port = static_cast<std::uint16_t>(remote_service + worker.place);
    for (std::uint32_t i = 0; i < count; ++i) {
        if (i % destinations % worker.all == worker.place) {
            const std::uint32_t remote = first + i % destinations;
            make_one(worker.server, {our_address, nth_port(worker, i / destinations, remote)},
                     {first_remote + remote, port}, ClosesFirst::client);
        }
    }
}

void make_incoming(Worker worker, std::uint32_t count, std::uint32_t clients) {
    for (std::uint32_t i = 0; i < count; ++i) {
        if (i % clients % worker.all == worker.place) {
            make_one(worker.server, {first_remote + i % clients, nth_port(worker, i / clients, i % clients)},
                     {our_address + worker.place, our_service}, ClosesFirst::server);
        }
    }
}

struct Job {
    std::string_view mode;
    std::uint32_t count;
    std::uint32_t many;
    std::uint32_t first;

    bool incoming() const { return mode == "incoming" || mode == "gone"; }
    /// The range of `exhausted` ends with the ports that it needs, with 5 % to spare.
    std::uint32_t ports() const { return mode == "exhausted" ? many * 20 / 19 + 1 : ports_in_use; }
};

void work(const Job& job, Worker worker) {
    if (job.incoming()) {
        make_incoming(worker, job.count, job.many);
    } else if (job.mode == "exhausted") {
        const std::uint32_t to_one = std::min(job.count, job.many);
        make_outgoing(worker, to_one, 1, 0);
        make_outgoing(worker, job.count - to_one, 40, 1);
    } else {
        make_outgoing(worker, job.count, job.many, job.first);
    }
}

int listen_for(const Job& job, std::uint32_t place) {
    return job.incoming() ? listen_on({our_address + place, our_service})
                          : listen_on({INADDR_ANY, static_cast<std::uint16_t>(remote_service + place)});
}

/// The listeners, which the workers share with us; fails if a worker does.
std::vector<int> run_workers(const Job& job) {
    const auto all = static_cast<std::uint32_t>(std::clamp(sysconf(_SC_NPROCESSORS_ONLN), 1L, 4L));
    std::vector<int> listeners;
    for (std::uint32_t place = 0; place < all; ++place) {
        listeners.push_back(listen_for(job, place));
        const pid_t child = fork();
        if (child == 0) {
            work(job, {listeners.back(), place, all, job.ports()});
            _exit(0);
        }
        if (child < 0) {
            fail("fork");
        }
    }
    for (int status = 0; wait(&status) > 0;) {
        if (status != 0) {
            std::exit(1);
        }
    }
    return listeners;
}

std::uint32_t number(const char* text) {
    return static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
}

void stay() {
    std::puts("ready");
    std::fflush(stdout);
    char byte = 0;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 4 || argc > 5 || number(argv[3]) == 0) {
        std::fputs("usage: make_sockets outgoing|incoming|gone|exhausted COUNT NUMBER [FIRST]\n", stderr);
        return 2;
    }
    const Job job = {argv[1], number(argv[2]), number(argv[3]), argc == 5 ? number(argv[4]) : 0};
    const auto listeners = run_workers(job);
    if (job.mode == "gone") {
        for (const int listener : listeners) {
            close(listener);
        }
    }
    stay();
    return 0;
}
