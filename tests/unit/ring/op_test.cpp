#include "ring/op.hpp"

#include <doctest/doctest.h>

namespace rc::ring {
namespace {

TEST_SUITE("ring") {
  TEST_CASE("an id survives the kernel") {
    const OpId ids[] = {
        {},
        {.kind = OpKind::wake, .index = ~std::uint32_t{0}, .generation = OpId::generation_mask},
        {.kind = OpKind::recv, .index = 1, .generation = 2},
    };
    for (const OpId& id : ids) {
      const OpId back = OpId::unpack(id.pack());
      CHECK(back.kind == id.kind);
      CHECK(back.index == id.index);
      CHECK(back.generation == id.generation);
    }
  }
}

}  // namespace
}  // namespace rc::ring
