// Changes sock_diag messages where they lie, for a capture that is given away: addresses, and whatever could
// hold a name or a key. Lengths stay; what does not fit is wiped.
#pragma once

#include "snapshot/address.h"

#include <functional>
#include <string>
#include <string_view>

namespace replay {

using AddressMap = std::function<snapshot::Address(const snapshot::Address&)>;

/// Wipes the keys of TCP MD5 signatures, which the kernel shows to root: no capture holds them.
void forget_keys(std::string& frame);

/// Both ends of each socket become what `other` makes of them. Wipes attributes that the program does not
/// read, and what is no message.
void replace_addresses(std::string& frame, const AddressMap& other);

/// The same for a question that names remote ends.
void replace_addresses_in_request(std::string& request, const AddressMap& other);

// Changes the addresses in the text of /proc/net/tcp and tcp6, and nothing else.

/// The table with other addresses. A line that is none of the table becomes "?".
std::string replace_in_proc_table(std::string_view text, const AddressMap& other);

} // namespace replay
