// The command line of a benchmark program: "--name value" pairs, each known name bound to a
// variable. A wrong line ends the program at once with what is wrong and what is known.
//
// Thread: startup only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace rc::bench {

class Arguments {
 public:
  // `usage` is the whole help text.
  Arguments(std::string_view program, std::string_view usage) : program_(program), usage_(usage) {}

  void bind(std::string_view name, std::size_t& target) { bindings_.push_back({name, &target}); }
  void bind(std::string_view name, std::string& target) {
    bindings_.push_back({name, nullptr, &target});
  }
  // May be given several times.
  void bind(std::string_view name, std::vector<std::string>& target) {
    bindings_.push_back({name, nullptr, nullptr, &target});
  }

  void parse(int count, char** values) const;

  // Prints "program: error: ..." and exits with status 2, as for a wrong command line.
  [[noreturn]] void fail(const std::string& what) const;

 private:
  struct Binding {
    std::string_view name;
    std::size_t* number = nullptr;
    std::string* text = nullptr;
    std::vector<std::string>* list = nullptr;
  };

  [[nodiscard]] const Binding& binding(std::string_view name) const;
  void assign(const Binding& binding, const std::string& value) const;

  std::string_view program_;
  std::string_view usage_;
  std::vector<Binding> bindings_;
};

}  // namespace rc::bench
