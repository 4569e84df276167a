#include "client/load/compare/results.h"

#include <limits>
#include <stdexcept>
#include <utility>

namespace rookery::load {
namespace {

using nlohmann::json;

json to_json(const Shape& shape) {
  return {{"key", shape.key}, {"title", shape.title}, {"options", shape.options}};
}

json to_json(const Machine& machine) {
  return {{"processor", machine.processor}, {"cores", machine.cores},   {"memory_bytes", machine.memory_bytes},
          {"kernel", machine.kernel},       {"system", machine.system}, {"load_before", machine.load_before}};
}

json to_json(const Sample& sample) {
  json object{{"experiment", sample.experiment}, {"shape", sample.shape},     {"round", sample.round},
              {"clients", sample.clients},       {"figures", sample.figures}, {"command", sample.command},
              {"failures", sample.failures}};
  if (!sample.detail.is_null()) object["detail"] = sample.detail;
  return object;
}

// Takes members out of one object; every error says where it is: "samples[3].figures: ...".
class Reader final {
 public:
  Reader(const json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) throw std::runtime_error(where_.empty() ? "not an object" : where_ + ": not an object");
  }

  template <typename Value>
  void take(const char* name, Value& value) const {
    try {
      value = member(name).get<Value>();
    } catch (const json::exception&) {
      throw std::runtime_error(path(name) + ": not of the kind that it should be");
    }
  }
  void take(const char* name, std::uint32_t& value) const {
    const json& number = member(name);
    if (!number.is_number_integer() || number.get<std::int64_t>() < 0 ||
        number.get<std::int64_t>() > std::numeric_limits<std::uint32_t>::max())
      throw std::runtime_error(path(name) + ": not a whole number from 0 on");
    value = number.get<std::uint32_t>();
  }
  template <typename Value>
  void take_all(const char* name, std::vector<Value>& values, Value (*read)(const Reader&)) const {
    const json& array = member(name);
    if (!array.is_array()) throw std::runtime_error(path(name) + ": not a list");
    for (std::size_t i = 0; i < array.size(); ++i)
      values.push_back(read(Reader(array[i], path(name) + "[" + std::to_string(i) + "]")));
  }
  [[nodiscard]] Reader object(const char* name) const { return {member(name), path(name)}; }
  [[nodiscard]] json member_or_null(const char* name) const { return object_.value(name, json()); }

 private:
  [[nodiscard]] std::string path(const char* name) const { return where_.empty() ? name : where_ + "." + name; }
  [[nodiscard]] const json& member(const char* name) const {
    const auto found = object_.find(name);
    if (found == object_.end()) throw std::runtime_error(path(name) + ": is missing");
    return *found;
  }

  const json& object_;
  std::string where_;
};

Shape read_shape(const Reader& reader) {
  Shape shape;
  reader.take("key", shape.key);
  reader.take("title", shape.title);
  reader.take("options", shape.options);
  return shape;
}

Sample read_sample(const Reader& reader) {
  Sample sample;
  reader.take("experiment", sample.experiment);
  reader.take("shape", sample.shape);
  reader.take("round", sample.round);
  reader.take("clients", sample.clients);
  reader.take("figures", sample.figures);
  reader.take("command", sample.command);
  reader.take("failures", sample.failures);
  sample.detail = reader.member_or_null("detail");
  return sample;
}

Machine read_machine(const Reader& reader) {
  Machine machine;
  reader.take("processor", machine.processor);
  reader.take("cores", machine.cores);
  reader.take("memory_bytes", machine.memory_bytes);
  reader.take("kernel", machine.kernel);
  reader.take("system", machine.system);
  reader.take("load_before", machine.load_before);
  return machine;
}

}  // namespace

json to_json(const Results& results) {
  json shapes = json::array();
  for (const Shape& shape : results.shapes) shapes.push_back(to_json(shape));
  json samples = json::array();
  for (const Sample& sample : results.samples) samples.push_back(to_json(sample));
  return {{"format", Results::kFormat},   {"version", results.version},          {"begun", results.begun},
          {"seconds", results.seconds},   {"command", results.command},          {"quick", results.quick},
          {"rounds", results.rounds},     {"machine", to_json(results.machine)}, {"shapes", std::move(shapes)},
          {"samples", std::move(samples)}};
}

std::string json_text(const Results& results) {
  return to_json(results).dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

Results results_from_json(const json& object) {
  const Reader reader(object, "");
  std::uint32_t format = 0;
  reader.take("format", format);
  if (format != static_cast<std::uint32_t>(Results::kFormat)) {
    throw std::runtime_error("format " + std::to_string(format) + ", and this program reads format " +
                             std::to_string(Results::kFormat) + " only");
  }
  Results results;
  reader.take("version", results.version);
  reader.take("begun", results.begun);
  reader.take("seconds", results.seconds);
  reader.take("command", results.command);
  reader.take("quick", results.quick);
  reader.take("rounds", results.rounds);
  results.machine = read_machine(reader.object("machine"));
  reader.take_all("shapes", results.shapes, &read_shape);
  reader.take_all("samples", results.samples, &read_sample);
  return results;
}

}  // namespace rookery::load
