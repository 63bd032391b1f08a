// Reference: FITS standard 4.0, sections 4.4.2.5 (BSCALE, BZERO, BLANK), 5 (data types) and table 11
// (unsigned integers).
#include "pixels.h"

namespace af {
namespace {

struct LoadU8 {
  const u8* from;
  u8 operator()(size_t i) const { return from[i]; }
};
struct LoadBigI16 {
  const u8* from;
  i16 operator()(size_t i) const { return static_cast<i16>(load_be16(from + 2 * i)); }
};
struct LoadBigI32 {
  const u8* from;
  i32 operator()(size_t i) const { return static_cast<i32>(load_be32(from + 4 * i)); }
};
struct LoadBigI64 {
  const u8* from;
  i64 operator()(size_t i) const { return static_cast<i64>(load_be64(from + 8 * i)); }
};
struct LoadBigF32 {
  const u8* from;
  float operator()(size_t i) const { return std::bit_cast<float>(load_be32(from + 4 * i)); }
};
struct LoadBigF64 {
  const u8* from;
  double operator()(size_t i) const { return std::bit_cast<double>(load_be64(from + 8 * i)); }
};
template <class T>
struct LoadOwn {
  const u8* from;
  T operator()(size_t i) const { return reinterpret_cast<const T*>(from)[i]; }
};

template <class Visit>
void with_integer_loader(Stored stored, const u8* from, Visit visit) {
  switch (stored) {
    case Stored::kU8:
      return visit(LoadU8{from});
    case Stored::kBigI16:
      return visit(LoadBigI16{from});
    case Stored::kBigI64:
      return visit(LoadBigI64{from});
    case Stored::kI32:
      return visit(LoadOwn<i32>{from});
    default:
      return visit(LoadBigI32{from});
  }
}

template <class Visit>
void with_loader(Stored stored, const u8* from, Visit visit) {
  switch (stored) {
    case Stored::kBigF32:
      return visit(LoadBigF32{from});
    case Stored::kBigF64:
      return visit(LoadBigF64{from});
    case Stored::kF64:
      return visit(LoadOwn<double>{from});
    default:
      return with_integer_loader(stored, from, visit);
  }
}

// `Out` unsigned: the bits of a signed type are the same.
template <class Out>
void convert_integers(u64 flip, Stored stored, const u8* from, size_t count, void* to) {
  using Wide = std::conditional_t<sizeof(Out) == 8, u64, u32>;
  Out* const out = static_cast<Out*>(to);
  const Wide bits = static_cast<Wide>(flip);
  with_integer_loader(stored, from, [=](auto load) {
    for (size_t i = 0; i < count; ++i) out[i] = static_cast<Out>(static_cast<Wide>(load(i)) ^ bits);
  });
}

template <class Calc, class Out>
void convert_to_reals(const PixelRule& rule, Stored stored, const u8* from, size_t count, void* to) {
  constexpr Out kNan = std::numeric_limits<Out>::quiet_NaN();
  Out* const out = static_cast<Out*>(to);
  const Calc scale = static_cast<Calc>(rule.scale);
  // Adding -0.0 changes no number, not even -0.0, which + 0.0 would make positive.
  const Calc zero = rule.zero == 0 ? Calc{-0.0} : static_cast<Calc>(rule.zero);
  const bool has_blank = rule.has_blank;
  const i64 blank = rule.blank;
  with_loader(stored, from, [=](auto load) {
    using Number = decltype(load(size_t{0}));
    for (size_t i = 0; i < count; ++i) {
      const Number number = load(i);
      const Out value = static_cast<Out>(static_cast<Calc>(number) * scale + zero);
      bool none = value != value;
      if constexpr (std::is_integral_v<Number>)
        none = none || (has_blank && static_cast<i64>(number) == blank);
      out[i] = none ? kNan : value;
    }
  });
}

// The type that integers of this BITPIX take with the BZERO that stands for the other signedness.
bool other_signedness(i32 bitpix, const PixelRule& rule, AfPlaneType* type) {
  if (rule.scale != 1) return false;
  switch (bitpix) {
    case 8:
      *type = AF_I8;
      return rule.zero == -128;
    case 16:
      *type = AF_U16;
      return rule.zero == 32768;
    case 32:
      *type = AF_U32;
      return rule.zero == 2147483648.0;
    case 64:
      *type = AF_U64;
      return rule.zero == 9223372036854775808.0;
    default:
      return false;
  }
}

}  // namespace

u32 bytes_of_stored(Stored stored) {
  switch (stored) {
    case Stored::kU8:
      return 1;
    case Stored::kBigI16:
      return 2;
    case Stored::kBigI32:
    case Stored::kBigF32:
    case Stored::kI32:
      return 4;
    default:
      return 8;
  }
}

u32 bytes_of_plane_type(i32 type) {
  switch (type) {
    case AF_U8:
    case AF_I8:
      return 1;
    case AF_I16:
    case AF_U16:
      return 2;
    case AF_I32:
    case AF_U32:
    case AF_F32:
      return 4;
    case AF_I64:
    case AF_U64:
    case AF_F64:
      return 8;
    default:
      return 0;
  }
}

Stored stored_big_endian(u32 bytes, bool real) {
  switch (bytes) {
    case 1:
      return Stored::kU8;
    case 2:
      return Stored::kBigI16;
    case 4:
      return real ? Stored::kBigF32 : Stored::kBigI32;
    default:
      return real ? Stored::kBigF64 : Stored::kBigI64;
  }
}

PixelRule pixel_rule(const Header& header, i32 bitpix, AfPixelForm form) {
  PixelRule rule;
  header.real("BSCALE", &rule.scale);
  header.real("BZERO", &rule.zero);
  rule.wide = bitpix == 32 || bitpix == 64 || bitpix == -64;
  rule.has_blank = bitpix > 0 && header.integer("BLANK", &rule.blank);
  const bool plain = rule.scale == 1 && rule.zero == 0 && !rule.has_blank;
  if (form == AF_FORM_WORKING) {
    rule.type = plain && bitpix > 0 && bitpix < 64 ? AF_I32 : AF_F32;
    return rule;
  }
  if (other_signedness(bitpix, rule, &rule.type)) {
    rule.flip = u64{1} << (bitpix - 1);
  } else if (plain && bitpix > 0) {
    rule.type = bitpix == 8 ? AF_U8 : bitpix == 16 ? AF_I16 : bitpix == 32 ? AF_I32 : AF_I64;
  } else {
    rule.type = rule.wide ? AF_F64 : AF_F32;
  }
  return rule;
}

void convert_pixels(const PixelRule& rule, Stored stored, const void* numbers, size_t count, void* to) {
  const u8* from = static_cast<const u8*>(numbers);
  if (rule.type == AF_F64) return convert_to_reals<double, double>(rule, stored, from, count, to);
  if (rule.type == AF_F32)
    return rule.wide ? convert_to_reals<double, float>(rule, stored, from, count, to)
                     : convert_to_reals<float, float>(rule, stored, from, count, to);
  switch (bytes_of_plane_type(rule.type)) {
    case 1:
      return convert_integers<u8>(rule.flip, stored, from, count, to);
    case 2:
      return convert_integers<u16>(rule.flip, stored, from, count, to);
    case 4:
      return convert_integers<u32>(rule.flip, stored, from, count, to);
    default:
      return convert_integers<u64>(rule.flip, stored, from, count, to);
  }
}

void convert_to_i32(Stored stored, const void* from, size_t count, i32* to) {
  convert_integers<u32>(0, stored, static_cast<const u8*>(from), count, to);
}

}  // namespace af
