// Curves in an SVG that needs nothing else.
//
// Thread: any.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rc::bench {

struct Tick {
  double at;
  std::string text;
};

struct Axis {
  std::string name;
  double from = 0;
  double to = 1;
  std::vector<Tick> ticks;
};

// From 0 to a little above `largest`, with about five round ticks.
[[nodiscard]] Axis linear_axis(std::string name, double largest);
// Of a quantity that is plotted by its decimal logarithm, both given as they are.
[[nodiscard]] Axis log_axis(std::string name, double least, double largest);

struct Curve {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

// A range with its middle, on a row of its own.
struct Bar {
  std::string name;
  double low;
  double middle;
  double high;
};

[[nodiscard]] std::string plot_curves(
    const std::string& title, const Axis& x, const Axis& y, const std::vector<Curve>& curves
);
// Rows of ranges, with a line at `reference`.
[[nodiscard]] std::string plot_bars(
    const std::string& title, const Axis& x, const std::vector<Bar>& bars, double reference
);

// The characters that HTML and SVG give a meaning, escaped.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace rc::bench
