// client/load/report/answer.h
//
// What is said above the findings about two shapes, made from the findings and from nothing else. The names are those
// of shape_name().
#pragma once

#include <string>
#include <vector>

#include "client/load/report/findings.h"

namespace rookery::load {

// Three to six sentences for somebody who reads nothing else: where the two are alike, where they differ and by how
// much, what cannot be told. Speed comes first, then what a crash costs, then what the server costs.
[[nodiscard]] std::vector<std::string> in_words(const std::vector<Finding>& findings, const std::string& first,
                                                const std::string& second);

// One sentence with the largest difference of each kind; empty if there is none.
[[nodiscard]] std::string in_short(const std::vector<Finding>& findings, const std::string& first,
                                   const std::string& second);

// "Of 17 topics: 4 better with processes, 2 better with threads, ..."
[[nodiscard]] std::string count_of(const std::vector<Finding>& findings, const std::string& first,
                                   const std::string& second);

[[nodiscard]] std::vector<Statement> statements_of(const std::vector<Finding>& findings, const std::string& first,
                                                   const std::string& second);

}  // namespace rookery::load
