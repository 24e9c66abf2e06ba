// The door to toml++: what a person wrote in TOML becomes a document, or what is wrong with it is reported.
// Nothing that the library does with it ends the program: what the library must not see is refused before,
// and what it throws is a diagnostic. Knows nothing of rules.
#pragma once

#include "rules/document.h"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace rules {

/// A document that was read from a text, and all that its nodes point to.
struct Document {
    Document() = default;
    Document(const Document&) = delete;
    Document& operator=(const Document&) = delete;

    Node root; // a table
    std::deque<std::string> texts;
    std::deque<std::vector<Node>> lists;
    std::deque<std::vector<Node::Member>> tables;
};

/// The text of the reporter's file as a document; null, and an error, if it is no TOML, too large or nested
/// too deeply.
std::shared_ptr<const Document> parse_document(Reporter& reporter);

} // namespace rules
