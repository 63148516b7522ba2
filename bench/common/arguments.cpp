#include "common/arguments.hpp"

#include "base/numbers.hpp"

#include <cstdio>
#include <cstdlib>

namespace rc::bench {

void Arguments::parse(int count, char** values) const {
  for (int at = 1; at < count; at += 2) {
    const std::string_view name = values[at];
    if (name == "--help" || name == "-h") {
      std::fwrite(usage_.data(), 1, usage_.size(), stdout);
      std::exit(0);
    }
    const Binding& found = binding(name);
    if (at + 1 == count) fail("`" + std::string(name) + "` needs a value");
    assign(found, values[at + 1]);
  }
}

void Arguments::fail(const std::string& what) const {
  const std::string program(program_);
  std::fprintf(stderr, "%s: error: %s (see --help)\n", program.c_str(), what.c_str());
  std::exit(2);
}

const Arguments::Binding& Arguments::binding(std::string_view name) const {
  for (const Binding& known : bindings_) {
    if (known.name == name) return known;
  }
  fail("unknown option `" + std::string(name) + "`");
}

void Arguments::assign(const Binding& binding, const std::string& value) const {
  if (binding.text != nullptr) *binding.text = value;
  if (binding.list != nullptr) binding.list->push_back(value);
  if (binding.number == nullptr) return;
  const auto number = parse_number<std::size_t>(value);
  if (number) {
    *binding.number = *number;
    return;
  }
  fail("`" + std::string(binding.name) + "` is not a number: `" + value + "`");
}

}  // namespace rc::bench
