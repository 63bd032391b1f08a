// What every unit of the engine needs: integers, growable arrays that report a failed allocation, and errors.
#ifndef ASTRO_FITS_SUPPORT_H_
#define ASTRO_FITS_SUPPORT_H_

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <type_traits>
#include <utility>

#include "astro_fits.h"

namespace af {

using u8 = uint8_t;
using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;
using i16 = int16_t;
using i32 = int32_t;
using i64 = int64_t;

static_assert(std::endian::native == std::endian::little, "FITS is big-endian and the loads below swap");

// FITS files come in blocks of this many bytes.
inline constexpr u64 kBlock = 2880;

// The rice decoder looks at eight bytes at a time and finds out at the end of a block of pixels that it went
// past its tile; this many readable bytes behind the data keep those looks inside the allocation.
inline constexpr size_t kReadAhead = 512;

// `std::vector` would abort on a failed allocation (the engine is built without exceptions), hence this.
template <class T>
class Array {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Array() = default;
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  ~Array() { std::free(data_); }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }

  // False when memory is short; the contents are then unchanged.
  [[nodiscard]] bool reserve(size_t capacity) {
    if (capacity <= capacity_) return true;
    if (capacity > std::numeric_limits<size_t>::max() / sizeof(T) / 2) return false;
    void* grown = std::realloc(static_cast<void*>(data_), capacity * sizeof(T));
    if (grown == nullptr) return false;
    data_ = static_cast<T*>(grown);
    capacity_ = capacity;
    return true;
  }
  // New elements are undefined.
  [[nodiscard]] bool resize(size_t size) {
    if (!reserve(size)) return false;
    size_ = size;
    return true;
  }
  [[nodiscard]] bool append(const T* values, size_t count) {
    if (count > capacity_ - size_) {
      const size_t wanted = size_ + count;
      if (!reserve(wanted < 2 * capacity_ ? 2 * capacity_ : wanted)) return false;
    }
    if (count > 0) std::memcpy(static_cast<void*>(data_ + size_), values, count * sizeof(T));
    size_ += count;
    return true;
  }
  [[nodiscard]] bool push(const T& value) { return append(&value, 1); }
  void clear() { size_ = 0; }
  void shrink(size_t size) { size_ = size < size_ ? size : size_; }
  // Moves to memory of just its size, lower where there is some free; stays where memory is short.
  void compact() {
    if (size_ == 0) return release();
    void* const fitting = std::malloc(size_ * sizeof(T));
    if (fitting == nullptr) return;
    std::memcpy(fitting, data_, size_ * sizeof(T));
    std::free(data_);
    data_ = static_cast<T*>(fitting);
    capacity_ = size_;
  }
  void release() {
    std::free(data_);
    data_ = nullptr;
    size_ = capacity_ = 0;
  }

 private:
  T* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

// Null when memory is short.
template <class T, class... A>
T* create(A&&... arguments) {
  void* memory = std::malloc(sizeof(T));
  return memory == nullptr ? nullptr : new (memory) T(std::forward<A>(arguments)...);
}
template <class T>
void destroy(T* object) {
  if (object == nullptr) return;
  object->~T();
  std::free(object);
}

// False on overflow; `out` is then undefined.
inline bool multiply(u64 a, u64 b, u64* out) { return !__builtin_mul_overflow(a, b, out); }
inline bool add(u64 a, u64 b, u64* out) { return !__builtin_add_overflow(a, b, out); }

inline u16 load_be16(const u8* p) {
  u16 v;
  std::memcpy(&v, p, 2);
  return __builtin_bswap16(v);
}
inline u32 load_be32(const u8* p) {
  u32 v;
  std::memcpy(&v, p, 4);
  return __builtin_bswap32(v);
}
inline u64 load_be64(const u8* p) {
  u64 v;
  std::memcpy(&v, p, 8);
  return __builtin_bswap64(v);
}

// Where in the file something is wrong.
struct Place {
  i32 hdu = -1;
  i32 tile = -1;
  i64 byte_offset = -1;
  const char* keyword = "";
};

inline void copy_text(char* to, size_t size, const char* from) {
  size_t n = 0;
  while (n + 1 < size && from[n] != '\0') {
    to[n] = from[n];
    ++n;
  }
  to[n] = '\0';
}

// Fills `error` and returns `status`, so that a routine can end with `return fail(...)`.
inline AfStatus fail(AfError* error, AfStatus status, const char* message, const Place& place = {}) {
  error->status = status;
  error->hdu = place.hdu;
  error->tile = place.tile;
  error->reserved = 0;
  error->byte_offset = place.byte_offset;
  copy_text(error->keyword, sizeof error->keyword, place.keyword);
  copy_text(error->message, sizeof error->message, message);
  return status;
}

}  // namespace af

#endif  // ASTRO_FITS_SUPPORT_H_
