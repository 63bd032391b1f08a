// Planes and the host's own memory.
#include "pixels.h"

using namespace af;

#ifdef __wasm__
// Hosts read these structs from linear memory: wasm/layout.ts and summit_notebook/engine.py know the same
// numbers.
static_assert(offsetof(AfError, byte_offset) == 16 && offsetof(AfError, message) == 40 &&
              sizeof(AfError) == 200);
static_assert(offsetof(AfPlane, data) == 16 && sizeof(AfPlane) == 20);
static_assert(sizeof(AfStreamOptions) == 16);
static_assert(offsetof(AfHdu, cards) == 32 && offsetof(AfHdu, raw) == 40 && offsetof(AfHdu, problems) == 52 &&
              sizeof(AfHdu) == 56);
static_assert(sizeof(AfChecksum) == 16);
static_assert(offsetof(AfColumn, dimensions) == 32 && offsetof(AfColumn, scale) == 48 && sizeof(AfColumn) == 72);
static_assert(offsetof(AfProblem, text) == 4 && sizeof(AfProblem) == 8);
static_assert(offsetof(AfCard, type) == 24 && offsetof(AfCard, integer) == 32 && sizeof(AfCard) == 48);
static_assert(offsetof(AfIsrOptions, serial_skip) == 16 && offsetof(AfIsrOptions, calibs) == 40 &&
              offsetof(AfIsrOptions, image) == 68 && offsetof(AfIsrOptions, keep_raws) == 80 &&
              sizeof(AfIsrOptions) == 84);
static_assert(offsetof(AfWriterCard, integer) == 16 && sizeof(AfWriterCard) == 32);
static_assert(offsetof(AfWriterColumn, letter) == 12 && sizeof(AfWriterColumn) == 16);
#endif

extern "C" {

const char* af_version(void) { return "0.1.0"; }

void* af_alloc(size_t bytes) { return std::malloc(bytes); }
void af_free(void* memory) { std::free(memory); }

AfPlane* af_plane_new(int32_t type, uint32_t width, uint32_t height) {
  u64 bytes = 0;
  if (!multiply(u64{width} * bytes_of_plane_type(type), height, &bytes) || bytes == 0) return nullptr;
  if (bytes > std::numeric_limits<size_t>::max() / 2) return nullptr;
  void* data = std::malloc(static_cast<size_t>(bytes));
  if (data == nullptr) return nullptr;
  AfPlane* plane = create<AfPlane>();
  if (plane == nullptr) {
    std::free(data);
    return nullptr;
  }
  *plane = AfPlane{type, width, height, 0, data};
  return plane;
}

void af_plane_free(AfPlane* plane) {
  if (plane == nullptr) return;
  std::free(plane->data);
  std::free(plane);
}

}  // extern "C"
