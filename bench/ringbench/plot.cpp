#include "ringbench/plot.hpp"

#include "ringbench/units.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace rc::bench {
namespace {

constexpr double width = 860;
constexpr double height = 300;
constexpr double left = 90;
constexpr double right = 20;
constexpr double top = 40;
constexpr double bottom = 45;
constexpr double bar_row = 26;
constexpr std::array<const char*, 6> colours = {
    "#1f6fb4",
    "#d1641a",
    "#2b8a3e",
    "#8a3ea8",
    "#b02a37",
    "#6b6b6b",
};

const char* colour_of(std::size_t number) {
  return colours[number % colours.size()];
}

double place(const Axis& axis, double value, double from, double to) {
  const double span = std::max(axis.to - axis.from, 1e-12);
  return from + (value - axis.from) / span * (to - from);
}

std::string line(double x1, double y1, double x2, double y2, const char* colour) {
  return formatted(
      "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n",
      x1,
      y1,
      x2,
      y2,
      colour
  );
}

std::string label(double x, double y, const char* anchor, const std::string& text) {
  return formatted("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor) +
         escaped(text) + "</text>\n";
}

std::string opening(double whole_height, const std::string& title) {
  return formatted(
             "<svg viewBox=\"0 0 %.0f %.0f\" font-size=\"12\" role=\"img\">\n", width, whole_height
         ) +
         "<g font-weight=\"bold\">" + label(left, 18, "start", title) + "</g>\n";
}

std::string x_axis(const Axis& x, double floor) {
  std::string text;
  for (const Tick& tick : x.ticks) {
    const double at = place(x, tick.at, left, width - right);
    text += line(at, top, at, floor, "#ddd") + label(at, floor + 16, "middle", tick.text);
  }
  return text + label((left + width - right) / 2, floor + 34, "middle", x.name);
}

std::string y_axis(const Axis& y) {
  std::string text;
  for (const Tick& tick : y.ticks) {
    const double at = place(y, tick.at, height - bottom, top);
    text += line(left, at, width - right, at, "#ddd") + label(left - 6, at + 4, "end", tick.text);
  }
  return text + label(left - 6, top - 10, "end", y.name);
}

std::string legend(const std::vector<Curve>& curves) {
  std::string text;
  double x = width - right;
  for (std::size_t number = curves.size(); number-- > 0;) {
    const std::string& name = curves[number].name;
    text += formatted("<g fill=\"%s\">", colour_of(number)) + label(x, 18, "end", name) + "</g>\n";
    x -= 8.0 * static_cast<double>(name.size()) + 16;
  }
  return text;
}

}  // namespace

Axis linear_axis(std::string name, double largest) {
  const double whole = std::max(largest, 1e-9) * 1.05;
  double step = std::pow(10.0, std::floor(std::log10(whole)));
  if (whole / step < 2) step /= 5;
  if (whole / step < 5) step /= 2;
  Axis axis{.name = std::move(name), .from = 0, .to = whole, .ticks = {}};
  for (int number = 0; number * step <= whole; ++number) {
    axis.ticks.push_back({.at = number * step, .text = formatted("%.6g", number * step)});
  }
  return axis;
}

Axis log_axis(std::string name, double least, double largest) {
  const double from = std::floor(std::log10(std::max(least, 1e-6)));
  const double to = std::max(std::ceil(std::log10(std::max(largest, 1e-6))), from + 1);
  Axis axis{.name = std::move(name), .from = from, .to = to, .ticks = {}};
  for (double at = from; at <= to; at += 1) {
    axis.ticks.push_back({.at = at, .text = formatted("%.6g", std::pow(10.0, at))});
  }
  return axis;
}

std::string plot_curves(
    const std::string& title, const Axis& x, const Axis& y, const std::vector<Curve>& curves
) {
  std::string text = opening(height, title) + x_axis(x, height - bottom) + y_axis(y);
  for (std::size_t number = 0; number < curves.size(); ++number) {
    text += formatted("<polyline fill=\"none\" stroke=\"%s\" points=\"", colour_of(number));
    for (const auto& point : curves[number].points) {
      text += formatted(
          "%.1f,%.1f ",
          place(x, point.first, left, width - right),
          place(y, point.second, height - bottom, top)
      );
    }
    text += "\"/>\n";
  }
  return text + legend(curves) + "</svg>\n";
}

std::string plot_bars(
    const std::string& title, const Axis& x, const std::vector<Bar>& bars, double reference
) {
  const double floor = top + bar_row * static_cast<double>(bars.size());
  std::string text = opening(floor + bottom, title) + x_axis(x, floor);
  const double at = place(x, reference, left, width - right);
  text += line(at, top, at, floor, "#333");
  double y = top + bar_row / 2;
  for (const Bar& bar : bars) {
    const double low = place(x, bar.low, left, width - right);
    const double high = place(x, bar.high, left, width - right);
    const double middle = place(x, bar.middle, left, width - right);
    text += "<g stroke-width=\"6\">" + line(low, y, std::max(high, low + 1), y, "#9dc3e6") + "</g>";
    text += formatted("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"#1f6fb4\"/>\n", middle, y);
    text += label(left + 4, y - 5, "start", bar.name);
    y += bar_row;
  }
  return text + "</svg>\n";
}

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char byte : text) {
    if (byte == '&') {
      safe += "&amp;";
    } else if (byte == '<') {
      safe += "&lt;";
    } else if (byte == '>') {
      safe += "&gt;";
    } else if (byte == '"') {
      safe += "&quot;";
    } else {
      safe += byte;
    }
  }
  return safe;
}

}  // namespace rc::bench
