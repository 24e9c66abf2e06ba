// Messages as programs really print them, and what they lead to.
#include "cli/messages.h"

#include "tests/catch.h"

#include <algorithm>

namespace {

std::string topic(std::string_view message) {
    const auto found = cli::topic_of_message(message);
    return found ? std::string(found->name) : "";
}

std::string first_command(std::string_view message) {
    const auto found = cli::topic_of_message(message);
    return found ? cli::next_of(*found, message).at(0) : "";
}

} // namespace

TEST_CASE("messages of programs and of the kernel lead to their topic") {
    const std::vector<std::pair<std::string_view, std::string_view>> messages = {
        {"Cannot assign requested address", "address-not-available"},
        {"EADDRNOTAVAIL", "address-not-available"},
        {"dial tcp 10.0.0.5:5432: connect: cannot assign requested address", "address-not-available"},
        {"OSError: [Errno 99] Cannot assign requested address", "address-not-available"},
        {"java.net.NoRouteToHostException: Cannot assign requested address", "address-not-available"},
        {"Error: connect EADDRNOTAVAIL 10.0.0.5:5432 - Local (0.0.0.0:0)", "address-not-available"},
        {"connect() to 10.0.0.5:80 failed (99: Cannot assign requested address) while connecting to upstream",
         "address-not-available"},
        {"Connect() failed for backend web: no free ports.", "address-not-available"},
        {"upstream connect error or disconnect/reset before headers. reset reason: connection failure, "
         "transport failure reason: immediate connect error: Cannot assign requested address",
         "address-not-available"},
        {"nginx: [emerg] bind() to 192.0.2.9:80 failed (99: Cannot assign requested address)",
         "address-not-here"},
        {"listen tcp 192.0.2.9:80: bind: cannot assign requested address", "address-not-here"},
        {"nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)", "address-in-use"},
        {"listen tcp :8080: bind: address already in use", "address-in-use"},
        {"Error: listen EADDRINUSE: address already in use :::3000", "address-in-use"},
        {"java.net.BindException: Address already in use", "address-in-use"},
        {"[ALERT] Starting frontend web: cannot bind socket (Address already in use) [0.0.0.0:80]",
         "address-in-use"},
        {"connect() failed (111: Connection refused) while connecting to upstream", "connection-refused"},
        {"curl: (7) Failed to connect to 10.0.0.5 port 5432 after 0 ms: Couldn't connect to server",
         "connection-refused"},
        {"upstream connect error or disconnect/reset before headers. reset reason: connection failure, "
         "transport failure reason: delayed connect error: 111",
         "connection-refused"},
        {"Server web/a is DOWN, reason: Layer4 connection problem, info: \"Connection refused\"",
         "connection-refused"},
        {"read tcp 10.0.0.1:33412->10.0.0.5:443: read: connection reset by peer", "connection-reset"},
        {"java.net.SocketException: Connection reset", "connection-reset"},
        {"Error: socket hang up", "connection-reset"},
        {"curl: (52) Empty reply from server", "connection-reset"},
        {"unexpected EOF", "connection-reset"},
        {"BrokenPipeError: [Errno 32] Broken pipe", "broken-pipe"},
        {"ERROR 2003 (HY000): Can't connect to MySQL server on '10.0.0.5' (99)", "address-not-available"},
        {"ERROR 2003 (HY000): Can't connect to MySQL server on '10.0.0.5' (110)", "timed-out"},
        {"ERROR 2003 (HY000): Can't connect to MySQL server on '10.0.0.5' (111)", "connection-refused"},
        {"Die angeforderte Adresse kann nicht zugewiesen werden", "address-not-available"},
        {"[ALERT] Proxy web reached process FD limit (maxsock=4096). Please check 'ulimit-n' and restart.",
         "too-many-open-files"},
        {"HikariPool-1 - Connection is not available, request timed out after 30000ms.", "pool-exhausted"},
        {"org.apache.http.conn.ConnectionPoolTimeoutException: Timeout waiting for connection from pool",
         "pool-exhausted"},
        {"FATAL: sorry, too many clients already", "pool-exhausted"},
        {"connect() to unix:/run/php.sock failed (11: Resource temporarily unavailable) while connecting to "
         "upstream",
         "try-again"},
        {"java.net.SocketException: Software caused connection abort", "connection-reset"},
        {"ip_local_port_range: prefer different parity for start/end values.", "different-parity"},
        {"java.net.ConnectException: Connection timed out", "timed-out"},
        {"dial tcp 10.0.0.5:443: i/o timeout", "timed-out"},
        {"context deadline exceeded (Client.Timeout exceeded while awaiting headers)", "timed-out"},
        {"upstream timed out (110: Connection timed out) while reading response header", "timed-out"},
        {"curl: (28) Failed to connect to h port 443 after 130 ms: Connection timed out", "timed-out"},
        {"upstream connect error or disconnect/reset before headers. reset reason: connection timeout",
         "timed-out"},
        {"connect: network is unreachable", "unreachable"},
        {"OSError: [Errno 113] No route to host", "unreachable"},
        {"http: Accept error: accept tcp [::]:8080: accept4: too many open files; retrying in 1s",
         "too-many-open-files"},
        {"accept4() failed (24: Too many open files)", "too-many-open-files"},
        {"TCP: request_sock_TCP: Possible SYN flooding on port 0.0.0.0:8080. Sending cookies.",
         "syn-flooding"},
        {"nf_conntrack: nf_conntrack: table full, dropping packet", "conntrack-full"},
        {"TCP: out of memory -- consider tuning tcp_mem", "out-of-memory"},
        {"TCP: too many orphaned sockets", "too-many-orphans"},
        {"TCP: time wait bucket table overflow", "time-wait-table-overflow"},
        {"listen tcp :80: bind: permission denied", "permission-to-bind"},
        {"getaddrinfo ENOTFOUND db", "name-resolution"},
        {"dial tcp: lookup db on 10.0.0.2:53: no such host", "name-resolution"},
        {"no live upstreams while connecting to upstream", "no-live-upstream"},
        {"no healthy upstream", "no-live-upstream"},
        {"Error: listen EADDRNOTAVAIL: address not available 10.0.0.7:3000", "address-not-here"},
        {"dial tcp 10.0.0.9:0->10.0.0.5:5432: bind: cannot assign requested address", "address-not-here"},
        {"dial tcp 10.0.0.5:5432: bind: address already in use", "source-ports-taken"},
        {"curl: (45) bind failed with errno 98: Address already in use", "source-ports-taken"},
        {"503 UC upstream_reset_before_response_started{connection_termination}", "connection-reset"},
        {"503 UF upstream_reset_before_response_started{connection_failure}", "connection-refused"},
        {"bash: fork: Resource temporarily unavailable", "no-more-processes"},
        {"OpenJDK: unable to create new native thread", "no-more-processes"},
        {"nf_conntrack: expectation table full", "conntrack-expectations-full"},
        {"WARNING: The TCP backlog setting of 511 cannot be enforced because /proc/sys/net/core/somaxconn is "
         "set "
         "to the lower value of 128.",
         "backlog-capped"},
        {"Web server failed to start. Port 8080 was already in use.", "address-in-use"},
        {"com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure",
         "connection-reset"},
        {"ERROR 2003 (HY000): Can't connect to MySQL server on '10.0.0.5' (115)", "timed-out"},
        {"WSAEADDRINUSE 10048", "address-in-use"},
        {"An existing connection was forcibly closed by the remote host", "connection-reset"},
        {"org.apache.http.NoHttpResponseException: db:443 failed to respond", "connection-reset"},
        {"Out of socket memory", "out-of-memory"},
        {"rpc error: code = Unavailable desc = name resolver error", "grpc-unavailable"},
        {"rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing "
         "dial tcp "
         "10.0.0.5:443: connect: connection refused\"",
         "connection-refused"},
        {"Os { code: 110, kind: TimedOut }", "timed-out"},
        {"Die Wartezeit für die Verbindung ist abgelaufen", "timed-out"},
        {"Connexion refusée", "connection-refused"},
        {"В соединении отказано", "connection-refused"},
        {"アドレスは既に使用中です", "address-in-use"},
        {"連線被拒絕", "connection-refused"},
        {"upstream connect error or disconnect/reset before headers. reset reason: remote connection "
         "failure, "
         "transport failure reason: delayed connect error: 99",
         "address-not-available"},
        {"upstream connect error or disconnect/reset before headers. reset reason: connection failure, "
         "transport failure reason: delayed connect error: 113",
         "unreachable"},
        {"upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_111}",
         "connection-refused"},
        {"Error: connect ... errno: -110", "timed-out"},
        {"Os { code: 105, kind: Other }", "no-buffer-space"},
        {"accept4: no buffer space available", "no-buffer-space"},
        {"No buffer space available (os error 105)", "no-buffer-space"},
        {"TCP: out of memory -- consider tuning tcp_mem", "out-of-memory"},
        {"curl: (7) Failed to connect to example.com port 443 after 130000 ms: Couldn't connect to server",
         "timed-out"},
        {"curl: (7) Failed to connect to example.com port 443 after 3 ms: Could not connect to server",
         "connection-refused"},
        {"VFS: file-max limit 65536 reached", "file-table-full"},
        {"accept: Too many open files in system", "file-table-full"},
        {"Zu viele offene Dateien im System", "file-table-full"},
        {"accept4() failed (24: Too many open files)", "too-many-open-files"},
        {"[ERROR] Connection in use: ('0.0.0.0', 8000)", "address-in-use"},
        {"1024 worker_connections exceed open file resource limit: 1024", "worker-connections"},
        {"[alert] 7#7: 1024 worker_connections are not enough", "worker-connections"},
        {"app.socket: Too many incoming connections (64), dropping connection.", "too-many-incoming"},
        {"[pool www] server reached pm.max_children setting (5), consider raising it", "workers-busy"},
        {"SQLSTATE[HY000]: General error: 2006 MySQL server has gone away", "server-gone-away"},
        {"10.0.1.2:33317 web web/a 0/0/3005/-1/3005 503 212 - - sC-- 2/1/0/0/3 0/0", "haproxy-termination"},
        {"cD--", "haproxy-termination"},
        {"sysctl: cannot stat /proc/sys/net/ipv4/tcp_tw_recycle: No such file or directory",
         "sysctl-not-there"},
        {"sysctl: setting key \"net.ipv4.ip_local_port_range\": Invalid argument", "sysctl-refused"},
        {"kernel", ""},
        {"geofence", ""}, // holds "eof"
        {"", ""},
    };
    for (const auto& [message, wanted] : messages) {
        INFO(message);
        CHECK(topic(message) == wanted);
    }
}

TEST_CASE("the end point of a message is in the next command") {
    CHECK(first_command("dial tcp 10.0.0.1:0->10.0.0.5:5432: connect: cannot assign requested address") ==
          "tcpadvisor ports --to 10.0.0.5:5432");
    CHECK(first_command("connect EADDRNOTAVAIL [2001:db8::1]:443") ==
          "tcpadvisor ports --to [2001:db8::1]:443");
    CHECK(first_command("cannot assign requested address") == "tcpadvisor ports");
    CHECK(first_command("listen tcp :8080: bind: address already in use") == "tcpadvisor port 8080");
    CHECK(first_command("listen EADDRINUSE: address already in use :::3000") == "tcpadvisor port 3000");
    CHECK(first_command("cannot bind socket (Address already in use) [0.0.0.0:80]") == "tcpadvisor port 80");
    CHECK(first_command("Possible SYN flooding on port 8443. Sending cookies.") == "tcpadvisor port 8443");
    CHECK(first_command("address already in use") == "tcpadvisor port N");
    CHECK(first_command("Connection in use: ('0.0.0.0', 8000)") == "tcpadvisor port 8000");
    CHECK(first_command("Creating Server TCP listening socket *:6379: bind: Address already in use") ==
          "tcpadvisor port 6379");
    CHECK(first_command("dial tcp 10.0.0.5:5432: bind: address already in use") ==
          "tcpadvisor ports --to 10.0.0.5:5432");
    const char* bound = "dial tcp 10.0.0.9:0->10.0.0.5:5432: bind: cannot assign requested address";
    CHECK(cli::next_of(*cli::topic_of_message(bound), bound).at(1) == "tcpadvisor ports --from 10.0.0.9");
    CHECK(first_command("EADDRNOTAVAIL $(reboot):80 `x`") == "tcpadvisor ports");
}

TEST_CASE("hostile messages end in time") {
    std::string endless(1 << 20, '(');
    CHECK(topic(endless).empty());
    for (const char* part : {"bind ", "->", "[::", "99: ", "\xff\x1b["}) {
        std::string text;
        while (text.size() < 100'000) {
            text += part;
        }
        CHECK_NOTHROW(topic(text));
        CHECK_NOTHROW(cli::next_of(cli::message_topics().front(), text));
    }
}

TEST_CASE("every pattern is written as it is compared, and leads to its own topic") {
    for (const cli::MessageTopic& of : cli::message_topics()) {
        INFO(of.name);
        CHECK_FALSE(of.patterns.empty());
        CHECK_FALSE(of.next.empty());
        CHECK(of.text.size() > 100);
        for (const std::string_view pattern : of.patterns) {
            INFO(pattern);
            CHECK(std::none_of(pattern.begin(), pattern.end(), [](char c) { return c >= 'A' && c <= 'Z'; }));
            CHECK(topic(pattern) == of.name);
        }
    }
}
