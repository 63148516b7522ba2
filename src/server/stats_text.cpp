#include "server/stats_text.hpp"

#include "server/stats_sections.hpp"

namespace rc::server {

namespace {

bool write_topic(StatWriter& writer, std::string_view topic, const Node& node, UnixSeconds now) {
  if (topic.empty()) {
    write_general_stats(writer, node, now);
  } else if (topic == "settings") {
    write_settings_stats(writer, node);
  } else if (topic == "items") {
    write_items_stats(writer, node);
  } else if (topic == "slabs") {
    write_slabs_stats(writer, node);
  } else if (topic == "sizes" || topic == "sizes_status") {
    // What counts is no text of the node's but a walk over its items: see dump.hpp.
    writer.line("sizes_status", node.tracks_sizes() ? "enabled" : "disabled");
  } else if (topic == "conns") {
    write_conns_stats(writer, node, now);
  } else if (topic == "ringcached") {
    write_own_stats(writer, node);
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::string stats_text(std::string_view topic, const Node& node, UnixSeconds now) {
  std::string text;
  StatWriter writer(text);
  if (!write_topic(writer, topic, node, now)) return {};
  text += "END\r\n";
  return text;
}

}  // namespace rc::server
