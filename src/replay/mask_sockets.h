// Changes recorded socket tables for a capture that is given away, the messages of sock_diag where they lie
// and the text of /proc/net/tcp: addresses, and whatever could hold a name or a key. Lengths stay; what does
// not fit is wiped.
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

/// The text of /proc/net/tcp or tcp6 with other addresses. A line that is none of the table becomes "?".
std::string replace_in_proc_table(std::string_view text, const AddressMap& other);

} // namespace replay
