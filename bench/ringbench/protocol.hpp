// The protocols that ringbench speaks, seen through one small interface: requests are appended to
// a connection's output, answers are read from its input.
//
// Parsing is a pure function over the bytes received so far, so one Protocol serves every
// connection of a thread and an answer may arrive in any pieces.
//
// Thread: any; const after construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rc::bench {

// An object of the load; the number is its key and decides its value.
struct Item {
  std::uint64_t object = 0;
  std::uint32_t size_bytes = 0;
};

enum class Verb : std::uint8_t { get, set };

// The oldest request that still waits for its answer.
struct Awaited {
  Verb verb = Verb::get;
  std::uint32_t keys = 1;
  std::uint32_t keys_left = 1;  // Not answered yet.
};

enum class AnswerKind : std::uint8_t {
  incomplete,  // More bytes are needed; nothing was consumed.
  value,       // One key's value.
  miss,        // The next key has none.
  stored,
  rest,     // No more values come: the keys left have none.
  frame,    // Part of the answer that says nothing by itself.
  refused,  // The server understood but would not, such as out of memory.
  wrong,    // Anything else.
};

struct Answer {
  AnswerKind kind = AnswerKind::incomplete;
  bool completes = false;       // The request has its whole answer.
  std::size_t size = 0;         // Bytes to drop from the input before the next call.
  std::string_view key = {};    // Of a value, where the protocol says it; points into the input.
  std::string_view value = {};  // Points into the input.
};

class Protocol {
 public:
  // Keys are `key_prefix` and fifteen digits; what is stored expires after `ttl_s` (0: never).
  Protocol(std::string key_prefix, std::uint32_t ttl_s)
      : key_prefix_(std::move(key_prefix)), ttl_s_(ttl_s) {}
  Protocol(const Protocol&) = delete;
  Protocol& operator=(const Protocol&) = delete;
  virtual ~Protocol() = default;

  // One request for all of `items`: a get, or a multiget.
  virtual void write_get(std::string& out, std::span<const Item> items) const = 0;
  virtual void write_set(std::string& out, const Item& item) const = 0;
  [[nodiscard]] virtual Answer parse(std::string_view input, const Awaited& awaited) const = 0;

  // A request for the server's version, and the version in its answer: nothing while that is
  // incomplete, empty where it is no answer of this protocol.
  [[nodiscard]] virtual std::string_view version_request() const = 0;
  [[nodiscard]] virtual std::optional<std::string> version_in(std::string_view input) const = 0;

  // The object that a key names, or nothing for a key that is none of ours.
  [[nodiscard]] std::optional<std::uint64_t> object_of(std::string_view key) const;

 protected:
  [[nodiscard]] std::size_t key_bytes() const;
  void append_key(std::string& out, std::uint64_t object) const;
  [[nodiscard]] std::uint32_t ttl_s() const { return ttl_s_; }

 private:
  std::string key_prefix_;
  std::uint32_t ttl_s_;
};

inline constexpr const char* protocol_names = "classic, meta, binary, resp";

// One of these. Null for a name that is not known.
[[nodiscard]] std::unique_ptr<Protocol> make_protocol(
    std::string_view name, const std::string& key_prefix, std::uint32_t ttl_s
);

}  // namespace rc::bench
