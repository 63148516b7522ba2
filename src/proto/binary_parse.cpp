#include "proto/binary_parse.hpp"

#include <array>
#include <cstring>

namespace rc::proto {

namespace {

// What has to stand behind the header.
enum class Key : std::uint8_t { none, needed, optional };
enum class Body : std::uint8_t {
  key_ends,  // nothing behind the key
  value,     // anything
};

// A row per opcode. The quiet variants are rows of their own: to look up is all there is to do.
struct Form {
  bool known = false;
  Op op = Op::noop;
  Mode mode = Mode::set;
  bool quiet = false;
  std::uint8_t extras_bytes = 0;
  bool extras_optional = false;
  Key key = Key::needed;
  Body body = Body::key_ends;
  Bits<With> with{};
  Bits<Return> returns{};
};

constexpr std::uint8_t exptime_bytes = 4;
constexpr std::uint8_t store_extras_bytes = 8;
constexpr std::uint8_t number_extras_bytes = 20;
// The expiry of a counter that is not to be made.
constexpr std::uint32_t no_vivify = 0xFFFFFFFF;

constexpr Bits<Return> value_alone = Bits<Return>().add(Return::value).add(Return::client_flags);
constexpr Bits<Return> value_and_key = Bits<Return>(value_alone).add(Return::key);

// The forms are written down once, for the loud opcode; the quiet one differs in that alone.
class FormTable {
 public:
  constexpr FormTable() {
    get(Opcode::get, Opcode::get_quiet, value_alone);
    get(Opcode::get_key, Opcode::get_key_quiet, value_and_key);
    get_touch(Opcode::get_touch, Opcode::get_touch_quiet, value_alone);
    get_touch(Opcode::get_key_touch, Opcode::get_key_touch_quiet, value_and_key);
    at(Opcode::touch) = touching({});
    store(Opcode::set, Opcode::set_quiet, Mode::set, store_extras_bytes);
    store(Opcode::add, Opcode::add_quiet, Mode::add, store_extras_bytes);
    store(Opcode::replace, Opcode::replace_quiet, Mode::replace, store_extras_bytes);
    store(Opcode::append, Opcode::append_quiet, Mode::append, 0);
    store(Opcode::prepend, Opcode::prepend_quiet, Mode::prepend, 0);
    both(Opcode::erase, Opcode::erase_quiet, {.known = true, .op = Op::erase});
    number(Opcode::increment, Opcode::increment_quiet, {});
    number(Opcode::decrement, Opcode::decrement_quiet, Bits<With>().add(With::decrement));
    both(Opcode::quit, Opcode::quit_quiet, bare(Op::quit));
    Form flush = bare(Op::flush_all);
    flush.extras_bytes = exptime_bytes;
    flush.extras_optional = true;
    both(Opcode::flush, Opcode::flush_quiet, flush);
    at(Opcode::noop) = bare(Op::noop);
    at(Opcode::version) = bare(Op::version);
    at(Opcode::stat) = {.known = true, .op = Op::stats, .key = Key::optional};
  }

  [[nodiscard]] constexpr const Form& operator[](std::uint8_t opcode) const {
    return forms_[opcode < forms_.size() ? opcode : unknown];
  }

 private:
  static constexpr std::size_t unknown = 0x25;

  static constexpr Form bare(Op op) { return {.known = true, .op = op, .key = Key::none}; }
  static constexpr Form touching(Bits<Return> returns) {
    return {
        .known = true,
        .op = Op::fetch,
        .extras_bytes = exptime_bytes,
        .with = Bits<With>().add(With::touch),
        .returns = returns};
  }

  constexpr Form& at(Opcode opcode) { return forms_[static_cast<std::size_t>(opcode)]; }
  constexpr void both(Opcode loud, Opcode quiet, Form form) {
    at(loud) = form;
    form.quiet = true;
    at(quiet) = form;
  }
  constexpr void reads(Opcode loud, Opcode quiet, Form form) {
    both(loud, quiet, form);
    at(quiet).with.add(With::silent_miss);
  }
  constexpr void get(Opcode loud, Opcode quiet, Bits<Return> returns) {
    reads(loud, quiet, {.known = true, .op = Op::get, .returns = returns});
  }
  constexpr void get_touch(Opcode loud, Opcode quiet, Bits<Return> returns) {
    reads(loud, quiet, touching(returns));
  }
  constexpr void store(Opcode loud, Opcode quiet, Mode mode, std::uint8_t extras_bytes) {
    both(
        loud,
        quiet,
        {.known = true,
         .op = Op::store,
         .mode = mode,
         .extras_bytes = extras_bytes,
         .body = Body::value}
    );
  }
  constexpr void number(Opcode loud, Opcode quiet, Bits<With> with) {
    both(
        loud,
        quiet,
        {.known = true, .op = Op::arithmetic, .extras_bytes = number_extras_bytes, .with = with}
    );
  }

  std::array<Form, unknown + 1> forms_{};
};

constexpr FormTable forms;

// Big-endian numbers at any alignment.
template <class Number>
Number number_at(const char* at) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    number = static_cast<Number>(number << 8U | static_cast<unsigned char>(at[i]));
  }
  return number;
}

struct Header {
  std::uint8_t opcode;
  std::uint16_t key_bytes;
  std::uint8_t extras_bytes;
  std::uint32_t body_bytes;
  std::uint64_t cas;

  // Requires: the lengths were compared.
  [[nodiscard]] std::uint32_t value_bytes() const { return body_bytes - extras_bytes - key_bytes; }
};

Header header_at(const char* at) {
  return {
      .opcode = static_cast<std::uint8_t>(at[1]),
      .key_bytes = number_at<std::uint16_t>(at + 2),
      .extras_bytes = static_cast<std::uint8_t>(at[4]),
      .body_bytes = number_at<std::uint32_t>(at + 8),
      .cas = number_at<std::uint64_t>(at + 16)};
}

Parsed refuse(Status status) {
  return {
      .verdict = Verdict::refused,
      .closes = true,
      .status = status,
      .line_bytes = binary_header_bytes};
}

// Whether what the header announces is what the opcode asks for.
bool fits(const Header& header, const Form& form) {
  const bool no_extras = form.extras_optional && header.extras_bytes == 0;
  if (header.extras_bytes != form.extras_bytes && !no_extras) return false;
  if (form.key == Key::needed && header.key_bytes == 0) return false;
  if (form.key == Key::none && header.key_bytes != 0) return false;
  return form.body == Body::value || header.value_bytes() == 0;
}

// Reads the extras, whose length fits the operation.
void read_extras(const char* extras, const Header& header, Request& request) {
  const auto exptime_at = [extras](std::size_t offset) {
    // Without a sign, as memcached reads it: what begins with a one is a time after 2038.
    return std::int64_t{number_at<std::uint32_t>(extras + offset)};
  };
  switch (request.op) {
    case Op::store:
      request.client_flags = header.extras_bytes == 0 ? 0 : number_at<std::uint32_t>(extras);
      request.exptime = header.extras_bytes == 0 ? 0 : exptime_at(4);
      break;
    case Op::arithmetic:
      request.delta = number_at<std::uint64_t>(extras);
      request.initial = number_at<std::uint64_t>(extras + 8);
      request.vivify_exptime = exptime_at(16);
      if (number_at<std::uint32_t>(extras + 16) != no_vivify) request.with.add(With::vivify);
      break;
    case Op::fetch:
    case Op::flush_all:
      request.exptime = header.extras_bytes == 0 ? 0 : exptime_at(0);
      break;
    default:
      break;
  }
}

void begin(Request& request, const Header& header, const Form& form) {
  request.op = form.op;
  request.mode = form.mode;
  request.with = form.with;
  request.returns = form.returns;
  request.echo.quiet = form.quiet;
  request.key = {};
  request.rest = {};
  request.echo.key = {};
  request.echo.flags = {};
  // 0 asks for no version, and readers get any. An add of a version is a set of it: to be stored it
  // has to be there.
  const bool reads = request.op == Op::get || request.op == Op::fetch;
  if (header.cas == 0 || reads) return;
  request.cas = header.cas;
  request.with.add(With::compare_cas);
  if (request.mode == Mode::add) request.mode = Mode::set;
}

Parsed parse_body(std::string_view bytes, const Header& header, Request& request) {
  const Form& form = forms[header.opcode];
  if (!form.known) {
    Parsed parsed = refuse(Status::unknown_command);
    parsed.closes = false;
    parsed.swallow_bytes = header.body_bytes;
    return parsed;
  }
  if (!fits(header, form)) return refuse(Status::invalid);
  const std::size_t line_bytes = binary_header_bytes + header.extras_bytes + header.key_bytes;
  if (bytes.size() < line_bytes) return {};

  begin(request, header, form);
  read_extras(bytes.data() + binary_header_bytes, header, request);
  const std::string_view key =
      bytes.substr(binary_header_bytes + header.extras_bytes, header.key_bytes);
  request.key = request.echo.key = key;
  if (request.op == Op::stats) request.rest = key;
  if (request.op == Op::store) request.value_bytes = header.value_bytes();
  return {.verdict = Verdict::request, .line_bytes = line_bytes};
}

}  // namespace

Parsed parse_binary(std::string_view bytes, Request& request) {
  if (bytes.empty()) return {};
  if (static_cast<std::uint8_t>(bytes[0]) != binary_request_magic) {
    return {.verdict = Verdict::close};
  }
  if (bytes.size() < binary_header_bytes) return {};
  const Header header = header_at(bytes.data());
  request.echo.dialect = Dialect::binary;
  request.echo.quiet = false;
  request.echo.opcode = header.opcode;
  std::memcpy(&request.echo.opaque, bytes.data() + 12, sizeof(request.echo.opaque));

  const std::uint32_t prefix_bytes = std::uint32_t{header.key_bytes} + header.extras_bytes;
  if (prefix_bytes > header.body_bytes) return refuse(Status::unknown_command);
  if (header.body_bytes > binary_body_max) return refuse(Status::invalid);
  if (header.key_bytes > key_bytes_max) return refuse(Status::invalid);
  return parse_body(bytes, header, request);
}

}  // namespace rc::proto
