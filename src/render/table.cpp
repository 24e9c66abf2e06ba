#include "render/table.h"

#include "base/text.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

namespace render {
namespace {

constexpr std::size_t space_between = 2;

std::string line_of(const std::vector<std::string>& cells, const std::vector<Column>& columns,
                    const std::vector<std::size_t>& widths) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const std::string padding(widths[i] - std::min(widths[i], base::display_width(cells[i])), ' ');
        line += columns[i].align == Align::left ? cells[i] + padding : padding + cells[i];
        line.append(space_between, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

} // namespace

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::add_row(std::vector<std::string> cells) {
    assert(cells.size() == columns_.size());
    rows_.push_back(std::move(cells));
}

std::vector<std::size_t> Table::widths() const {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t width = base::display_width(columns_[i].title);
        for (const auto& row : rows_) {
            width = std::max(width, base::display_width(row[i]));
        }
        widths.push_back(width);
    }
    return widths;
}

std::size_t Table::width() const {
    const auto all = widths();
    const std::size_t spaces = all.empty() ? 0 : (all.size() - 1) * space_between;
    return std::accumulate(all.begin(), all.end(), spaces);
}

std::vector<std::string> Table::lines() const {
    const auto all = widths();
    std::vector<std::string> titles;
    for (const Column& column : columns_) {
        titles.push_back(column.title);
    }
    std::vector<std::string> lines{line_of(titles, columns_, all)};
    for (const auto& row : rows_) {
        lines.push_back(line_of(row, columns_, all));
    }
    return lines;
}

void Table::write(std::ostream& out) const {
    for (const std::string& line : lines()) {
        out << line << '\n';
    }
}

} // namespace render
