#include "server/reply.hpp"

#include <optional>

namespace rc::server {

namespace {

constexpr std::string_view end_of_value = "\r\n";
constexpr std::string_view end_of_value_and_request = "\r\nEND\r\n";

std::string_view end_text(ValueForm form) {
  return form.ends_request ? end_of_value_and_request : end_of_value;
}

char* write_header(char* out, std::string_view key, const store::Item& item, bool returns_cas) {
  const proto::ValueHeader header{
      .key = key, .client_flags = item.client_flags(), .value_bytes = item.value_bytes()};
  return returns_cas ? proto::write_value_header(out, header, item.cas())
                     : proto::write_value_header(out, header);
}

}  // namespace

void append_pieces(net::Output& out, store::Access& access, const store::Item& item) {
  const std::optional<store::PinToken> token = access.pin(item);
  if (!token) {
    item.for_each_piece([&out](std::string_view piece) { out.append(piece); });
    return;
  }
  std::uint32_t left = item.piece_count();
  item.for_each_piece([&](std::string_view piece) {
    out.append_pinned(piece, static_cast<net::PinToken>(*token), --left == 0);
  });
}

void append_value(
    net::Output& out,
    store::Access& access,
    std::string_view key,
    const store::Item& item,
    ValueForm form
) {
  constexpr std::size_t frame_max = proto::value_header_max + end_of_value_and_request.size();
  static_assert(frame_max + store::pin_value_min_bytes <= net::Output::reserve_max_bytes);

  const bool copied = item.value_bytes() <= store::pin_value_min_bytes;
  char* const begin = out.reserve(frame_max + (copied ? item.value_bytes() : 0));
  char* end = write_header(begin, key, item, form.returns_cas);
  if (copied) {
    end = proto::write_bytes(proto::write_bytes(end, item.value()), end_text(form));
    out.commit(static_cast<std::size_t>(end - begin));
    return;
  }
  out.commit(static_cast<std::size_t>(end - begin));
  append_pieces(out, access, item);
  append_short(out, end_text(form));
}

}  // namespace rc::server
