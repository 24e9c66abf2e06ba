// One value of a fact table: a number, a text or a boolean with how it is known, or the reason why it is
// missing.
#pragma once

#include "base/gap.h"

#include <cassert>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace facts {

enum class Type { number, text, boolean };

/// `inferred`: follows from an assumption that the documentation of the fact names.
enum class Basis { measured, inferred };

class Value {
  public:
    template <typename Number>
    requires(std::is_arithmetic_v<Number> && !std::is_same_v<Number, bool>)
        Value(Number number, Basis basis = Basis::measured)
        : content_(static_cast<double>(number)), basis_(basis) {}
    template <typename Truth>
    requires std::is_same_v<Truth, bool> Value(Truth truth, Basis basis = Basis::measured)
        : content_(truth), basis_(basis) {}
    Value(std::string text, Basis basis = Basis::measured) : content_(std::move(text)), basis_(basis) {}
    Value(base::Gap missing) : content_(std::move(missing)) {}

    bool known() const { return !std::holds_alternative<base::Gap>(content_); }
    bool is_number() const { return std::holds_alternative<double>(content_); }
    bool is_text() const { return std::holds_alternative<std::string>(content_); }
    bool is_boolean() const { return std::holds_alternative<bool>(content_); }

    double number() const { return get<double>(); }
    const std::string& text() const { return get<std::string>(); }
    bool truth() const { return get<bool>(); }
    const base::Gap& gap() const { return get<base::Gap>(); }
    Basis basis() const { return basis_; }

  private:
    template <typename T>
    const T& get() const {
        const T* content = std::get_if<T>(&content_);
        assert(content != nullptr);
        return *content;
    }
    std::variant<base::Gap, bool, double, std::string> content_;
    Basis basis_ = Basis::measured;
};

} // namespace facts
