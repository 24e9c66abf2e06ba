// A value or the reason why there is none. For errors that a caller handles as data; programming mistakes
// are asserted instead. Knows nothing of TCP.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace base {

struct Error {
    std::string what; // one sentence without a final stop
};

/// Either a T or an E. `T` and `E` must be different types.
template <typename T, typename E = Error>
class [[nodiscard]] Result {
  public:
    Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
    Result(E error) : content_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const { return content_.index() == 0; }
    bool has_value() const { return content_.index() == 0; }

    const T& value() const {
        assert(has_value());
        return *std::get_if<0>(&content_);
    }
    T& value() {
        assert(has_value());
        return *std::get_if<0>(&content_);
    }
    const E& error() const {
        assert(!has_value());
        return *std::get_if<1>(&content_);
    }
    T value_or(T fallback) const { return has_value() ? value() : std::move(fallback); }

    const T& operator*() const { return value(); }
    T& operator*() { return value(); }
    const T* operator->() const { return &value(); }
    T* operator->() { return &value(); }

  private:
    std::variant<T, E> content_;
};

struct Nothing {};
using Status = Result<Nothing>;

} // namespace base
