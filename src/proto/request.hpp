// One request as every protocol means it. The classic, the meta and the binary parser all fill this
// struct and one switch executes it, so a feature exists once whatever the peer speaks. The shape
// is that of the meta protocol, the richest of the three:
//
//   get, fetch  get gets gat gats    · mg · GET GETK GAT.. TOUCH
//   store       set add .. cas       · ms · SET ADD ..        the value follows
//   erase       delete               · md · DELETE
//   arithmetic  incr decr            · ma · INCR DECR
//   inspect                            me
//
// Views point into the bytes the parser was given and live as long as those do.
// Thread: any; a plain value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace rc::proto {

inline constexpr std::size_t key_bytes_max = 250;
// The longest value the protocols can announce: the length and the line end behind it fit an int.
inline constexpr std::uint32_t value_bytes_max = 0x7fffffffU - 2;

enum class Op : std::uint8_t {
  get,    // a mere look-up (or a classic gat), so that a whole pipeline is looked up together
  fetch,  // a get that changes something, or asks how the item was before: one by one
  store,
  erase,
  arithmetic,
  touch,
  inspect,
  flush_all,
  stats,
  version,
  verbosity,
  memory_limit,
  noop,
  shutdown,
  watch,
  tune,  // one of the commands that steer only memcached
  quit,
};

// How a store treats a key that exists. A cas command is `set` with With::compare_cas.
enum class Mode : std::uint8_t { set, add, replace, append, prepend };

// Whose words the reply uses.
enum class Dialect : std::uint8_t { classic, meta, binary };

// What the reply of a get, store or arithmetic shall carry. The meta protocol answers in the order
// of the request: its writer walks Echo::flags and needs these only to know what to fetch.
enum class Return : std::uint16_t {
  value = 1U << 0,         // v
  key = 1U << 1,           // k; GETK
  client_flags = 1U << 2,  // f
  cas = 1U << 3,           // c; gets
  size = 1U << 4,          // s
  ttl = 1U << 5,           // t
  fetched = 1U << 6,       // h: whether the item was read before
  last_access = 1U << 7,   // l
  opaque = 1U << 8,        // O
};

// Which of the optional fields below carry a meaning, and switches that have no field.
enum class With : std::uint16_t {
  touch = 1U << 0,         // get, fetch, arithmetic, erase: set the expiry to `exptime` (T; gat)
  compare_cas = 1U << 1,   // only if the item's cas is `cas` (C; cas; a binary cas that is not 0)
  new_cas = 1U << 2,       // the result gets `new_cas` (E)
  vivify = 1U << 3,        // make what is missing, to live for `vivify_exptime` (N; binary INCR)
  recache = 1U << 4,       // one reader wins when less than `recache_ttl` is left (R)
  invalidate = 1U << 5,    // mark stale instead of erasing; store: accept an older cas as stale (I)
  keep_empty = 1U << 6,    // erase: drop the value, keep the item (x)
  no_bump = 1U << 7,       // leave the clock, the last access and the fetched mark alone (u)
  base64_key = 1U << 8,    // `key` is decoded already; the echo's key is not (b)
  decrement = 1U << 9,     // arithmetic: downwards, ending at 0
  silent_miss = 1U << 10,  // binary GETQ and its like: `quiet` is about a miss, not a success
};

// What a reply repeats of its request, and how. Apart from Request because the value of a storage
// command may come long after the line.
struct Echo {
  Dialect dialect = Dialect::classic;
  // The peer wants no reply (noreply), or none in the expected case (q and the quiet opcodes).
  bool quiet = false;
  bool base64_key = false;   // meta: `key` is not the item's key but spells it
  std::uint8_t opcode = 0;   // binary
  std::uint32_t opaque = 0;  // binary: as its bytes lay in the request
  std::string_view key{};    // meta, binary: as the peer sent it
  std::string_view flags{};  // meta: from the first flag to the end of the line
};

// A set of one of the enumerations above.
template <class Bit>
class Bits {
 public:
  constexpr Bits() = default;

  [[nodiscard]] constexpr bool none() const { return bits_ == 0; }
  [[nodiscard]] constexpr bool has(Bit bit) const { return (bits_ & word(bit)) != 0; }
  constexpr Bits& add(Bit bit) {
    bits_ = static_cast<std::uint16_t>(bits_ | word(bit));
    return *this;
  }
  constexpr Bits& add(Bits more) {
    bits_ = static_cast<std::uint16_t>(bits_ | more.bits_);
    return *this;
  }
  friend constexpr bool operator==(Bits, Bits) = default;

 private:
  static constexpr std::uint16_t word(Bit bit) { return static_cast<std::uint16_t>(bit); }
  std::uint16_t bits_ = 0;
};

// The first group always means something, and so does Echo::dialect and Echo::quiet. A field of the
// second group does so only where its comment says it does: parsers leave the others as they find
// them, because to clear the whole struct costs more than to read a short line.
struct Request {
  Op op = Op::noop;
  Mode mode = Mode::set;
  Bits<With> with;
  Bits<Return> returns;

  // 1..key_bytes_max bytes for every operation on a key, else empty.
  std::string_view key;
  // classic get: the further keys of the line; stats, watch: the arguments; tune: the whole line.
  // Read with TokenCursor.
  std::string_view rest;

  // Of a meta or binary request all of it means something.
  Echo echo;
  // store: the value's length, ≤ value_bytes_max. The value itself never passes through here.
  std::uint32_t value_bytes = 0;
  // store.
  std::uint32_t client_flags = 0;
  // store, touch, flush_all, With::touch. As on the wire: 0 never, negative at once, up to 30 days
  // relative, else a Unix time. Text sends 32 bits with a sign, binary 32 without.
  std::int64_t exptime = 0;
  // With::vivify.
  std::int64_t vivify_exptime = 0;
  // With::recache: seconds.
  std::int32_t recache_ttl = 0;
  // With::compare_cas.
  std::uint64_t cas = 0;
  // With::new_cas.
  std::uint64_t new_cas = 0;
  // arithmetic; verbosity: the level; memory_limit: MiB.
  std::uint64_t delta = 0;
  // arithmetic With::vivify.
  std::uint64_t initial = 0;
  // With::base64_key: where `key` lies.
  std::array<char, key_bytes_max> key_room;

  // Sets the first group to what a request without arguments has.
  void begin(Op operation, Dialect speaker) {
    op = operation;
    mode = Mode::set;
    echo.dialect = speaker;
    echo.quiet = false;
    with = {};
    returns = {};
    key = {};
    rest = {};
  }
};

}  // namespace rc::proto
