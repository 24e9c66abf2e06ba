// The protocol of ctnetlink, as far as source NAT of TCP goes: the question as bytes, bytes of the answer as
// entries. Opens nothing. The kernel answers only those with CAP_NET_ADMIN in the namespace's user namespace.
#pragma once

#include "kernel/sock_diag.h"
#include "snapshot/nat.h"

#include <cstddef>
#include <span>
#include <vector>

namespace kernel {

/// For all entries whose source is translated; kernels that know no such filter (before 5.8) answer with all.
std::vector<std::byte> nat_request();

/// Reads the answer, datagram by datagram.
class NatReader {
  public:
    explicit NatReader(NatSink sink) : sink_(std::move(sink)) {}

    /// Hands the entries of the datagram to the sink. False when the dump is over, for good or ill.
    bool read(std::span<const std::byte> datagram);

    /// Complete, or why not.
    Outcome outcome() const;

  private:
    NatSink sink_;
    bool done_ = false;
    std::optional<base::Gap> lost_;
};

/// Asks the machine; a gap if it was refused, or ended before its end.
Outcome read_nat(SockDiagMachine& machine, const NatSink& sink);

} // namespace kernel
