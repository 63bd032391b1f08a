/*
 * astro_fits.h: reading FITS images and removing the instrument signature.
 *
 * The one public header of the engine. The same sources are compiled to WebAssembly, where a host
 * (TypeScript, Python) reads the structs below straight from linear memory, and natively for tests.
 *
 * Rules that hold for every routine
 * - No global state. An object may be used by one thread at a time.
 * - A routine that can fail returns AfStatus and fills `*error`, which must not be null.
 * - Nothing is thrown and nothing traps, whatever the bytes are. Every size read from a file is checked
 * against the bytes there are and against the caller's limit before memory is taken.
 * - Memory got here is given back with the matching `..._free`, which accepts null.
 * - Arithmetic is plain IEEE 754, evaluated in the order that the comments state, so that every host gets
 * equal bits.
 * - Boxes are half-open, pixels 0-based, row 0 first.
 */
#ifndef ASTRO_FITS_H_
#define ASTRO_FITS_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __wasm__
#define AF_EXPORT(name) __attribute__((export_name(#name)))
#else
#define AF_EXPORT(name)
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum AfStatus {
  AF_OK = 0,
  /* A step ended with more to do; not an error. */
  AF_MORE = 1,
  /* The bytes break the FITS standard, the gzip format or a compression convention. */
  AF_MALFORMED = 2,
  /* Correct FITS of a kind that is not read. */
  AF_UNSUPPORTED = 3,
  /* A size in the file is beyond the caller's memory limit. */
  AF_LIMIT = 4,
  AF_OUT_OF_MEMORY = 5,
  /* The caller asked for something impossible; the message says what. */
  AF_INVALID_ARGUMENT = 6,
  /* A step cannot go on before more bytes of the file have been pushed; not an error. */
  AF_WAITING = 7
} AfStatus;

/* What went wrong and where. Fields that do not apply are -1 or empty. */
typedef struct AfError {
  int32_t status; /* AfStatus */
  int32_t hdu;    /* 0 = primary */
  int32_t tile;   /* row of the compressed image's table, from 0 */
  int32_t reserved;
  int64_t byte_offset; /* from the start of the FITS bytes, after any gzip wrapper is removed */
  char keyword[16];    /* zero-terminated */
  char message[160];   /* zero-terminated ASCII sentence fragment without the location */
} AfError;

/* ------------------------------------------------------------------ planes */

typedef enum AfPlaneType {
  AF_I32 = 0,
  AF_F32 = 1,
  AF_U8 = 2,
  AF_I8 = 3,
  AF_I16 = 4,
  AF_U16 = 5,
  AF_U32 = 6,
  AF_I64 = 7,
  AF_U64 = 8,
  AF_F64 = 9
} AfPlaneType;

/* Numbers of one type, row by row without padding. */
typedef struct AfPlane {
  int32_t type; /* AfPlaneType */
  uint32_t width;
  uint32_t height;
  uint32_t reserved;
  void* data; /* width * height numbers, 16-byte aligned */
} AfPlane;

/* Contents undefined. Null when memory is short, width * height is 0 or there is no such type. */
AF_EXPORT(af_plane_new) AfPlane* af_plane_new(int32_t type, uint32_t width, uint32_t height);
AF_EXPORT(af_plane_free) void af_plane_free(AfPlane* plane);

/*
 * out = minimum, maximum, mean, median of the numbers that are not NaN, all NaN when there are none. Exact, but for
 * one rounding to float64; the mean's error is below 4 float64 roundings of the mean of the absolute values, where
 * their sum is a float64. The median of an even count is the mean of the two middle numbers, added in float64.
 */
AF_EXPORT(af_plane_summary) void af_plane_summary(const AfPlane* plane, double out[4]);

/* ------------------------------------------------------------------ memory for the host's own arguments */

AF_EXPORT(af_alloc) void* af_alloc(size_t bytes);
AF_EXPORT(af_free) void af_free(void* memory);

/* Zero-terminated, for example "0.1.0"; static. */
AF_EXPORT(af_version) const char* af_version(void);

/* ------------------------------------------------------------------ reading a file while it arrives */

typedef struct AfStreamOptions {
  /* Size of the file as it is pushed; 0 = not known. Without a gzip wrapper sizes in headers are checked
   * against it. */
  uint64_t expected_bytes;
  /* Most memory that the stream may hold (headers and data of all HDUs that were not released) and most that one
   * plane or table made from it may take; 0 = 1 GiB. */
  uint64_t memory_limit;
} AfStreamOptions;

typedef enum AfHduKind {
  AF_HDU_PRIMARY = 0,
  AF_HDU_IMAGE = 1,
  AF_HDU_COMPRESSED_IMAGE = 2,
  AF_HDU_BINTABLE = 3,
  AF_HDU_OTHER = 4
} AfHduKind;

typedef enum AfCardType {
  AF_CARD_COMMENTARY = 0, /* COMMENT, HISTORY, blank keyword: the text is the comment */
  AF_CARD_UNDEFINED = 1,  /* a keyword with a value indicator and no value */
  AF_CARD_TEXT = 2, /* a string; also a complex number, as it is written */
  AF_CARD_LOGICAL = 3, /* integer is 0 or 1 */
  AF_CARD_INTEGER = 4,
  AF_CARD_REAL = 5,
  AF_CARD_BAD = 6 /* cannot be parsed: the rest of the card is the comment */
} AfCardType;

/* Offsets into the text block of the HDU; the text is not zero-terminated. Long strings are already joined. Keywords
 * are in upper case, but those of HIERARCH cards as they are written. */
typedef struct AfCard {
  uint32_t keyword, keyword_length;
  uint32_t text, text_length;
  uint32_t comment, comment_length;
  int32_t type;    /* AfCardType */
  uint32_t number; /* of the (first) card in the header as it is stored, from 1 */
  int64_t integer; /* of INTEGER and LOGICAL cards */
  double real;     /* of REAL and INTEGER cards */
} AfCard;

/* Something that breaks the FITS standard and that reading can do without. */
typedef struct AfProblem {
  uint32_t card; /* its number in the header, from 1; 0 when it is about the header or the data as a whole */
  const char* text; /* zero-terminated; static */
} AfProblem;

/* Pointers live as long as the stream; `problems` until the next push or end, which may find more. */
typedef struct AfHdu {
  int32_t kind;     /* AfHduKind */
  int32_t complete; /* 1 when every byte of its data has arrived */
  uint32_t width;   /* of the uncompressed image; 0 without pixels */
  uint32_t height;  /* product of all axes but the first */
  uint32_t card_count;
  uint32_t text_length;
  int64_t byte_offset; /* of the header */
  const AfCard* cards;
  const char* text;
  const char* raw; /* the cards as they are stored, 80 characters each, up to END and with it */
  uint32_t raw_length;
  uint32_t problem_count;
  const AfProblem* problems;
} AfHdu;

typedef struct AfStream AfStream;

/* Null when memory is short. `options` may be null. */
AF_EXPORT(af_stream_new) AfStream* af_stream_new(const AfStreamOptions* options);
/* Any chunking. After an error every further call gives the same error. */
AF_EXPORT(af_stream_push)
AfStatus af_stream_push(AfStream* stream, const uint8_t* bytes, size_t count, AfError* error);
/* Says that nothing more comes: AF_MALFORMED when the file is truncated. Pushing afterwards is
 * AF_INVALID_ARGUMENT. */
AF_EXPORT(af_stream_end) AfStatus af_stream_end(AfStream* stream, AfError* error);
/* Gives back the memory of a complete HDU's data, of which no decoding, table or calib may be in use any more; reading
 * it afterwards is AF_INVALID_ARGUMENT. The header stays. Harmless the second time. */
AF_EXPORT(af_stream_release)
AfStatus af_stream_release(AfStream* stream, uint32_t hdu, AfError* error);
/* Of HDUs whose header is complete. */
AF_EXPORT(af_stream_hdu_count) uint32_t af_stream_hdu_count(const AfStream* stream);
AF_EXPORT(af_stream_hdu)
AfStatus af_stream_hdu(const AfStream* stream, uint32_t index, AfHdu* hdu, AfError* error);
/* The pixels of an HDU that an ISR with `keep_raws` has decoded, in the working form; owned by the stream. Null for
 * others. */
AF_EXPORT(af_stream_decoded) const AfPlane* af_stream_decoded(const AfStream* stream, uint32_t hdu);
AF_EXPORT(af_stream_free) void af_stream_free(AfStream* stream);

typedef enum AfSum { AF_SUM_ABSENT = 0, AF_SUM_GOOD = 1, AF_SUM_BAD = 2 } AfSum;

/* Ones' complement sums of big-endian 32-bit words (FITS standard 4.0, section 4.4.2.7 and appendix J). */
typedef struct AfChecksum {
  int32_t data;      /* AfSum of DATASUM; an empty string counts as absent */
  int32_t hdu;       /* AfSum of CHECKSUM */
  uint32_t data_sum; /* as computed: what DATASUM should say */
  uint32_t hdu_sum;  /* as computed: all ones when CHECKSUM is right */
} AfChecksum;

/* Of an HDU that is complete with its fill and was not released. */
AF_EXPORT(af_hdu_checksum)
AfStatus af_hdu_checksum(const AfStream* stream, uint32_t hdu, AfChecksum* checksum, AfError* error);

/* ------------------------------------------------------------------ binary tables */

/* Names and units are not zero-terminated; pointers live as long as the table. */
typedef struct AfColumn {
  const char* name;
  uint32_t name_length;
  const char* unit;
  uint32_t unit_length;
  int32_t type;     /* the letter of TFORM: L X B I J K A E D C M; of variable-length columns that of the elements */
  int32_t pointer;  /* 'P' or 'Q' for variable-length columns, else 0 */
  int32_t physical; /* AfPlaneType of the values */
  uint32_t width;   /* numbers in a row of af_table_values; 0 for variable-length columns and empty cells */
  const uint32_t* dimensions; /* TDIM, fastest first; at most `repeat` elements */
  uint32_t dimension_count;
  int32_t has_null;
  uint32_t reserved;
  double scale, zero; /* TSCAL and TZERO, which the values have had applied */
  int64_t null;       /* TNULL, of the stored integers */
} AfColumn;

/*
 * The physical values: integers as they are stored, or U16, U32, U64 (I8 of B) by TZERO = 2^(n-1) with TSCAL = 1, or
 * else scaled in F64 with TNULL as NaN; E, D as stored; C, M as pairs of real and imaginary part; logicals as U8 1, 0,
 * and 255 where undefined; bits as U8 0 or 1; characters as U8.
 */
typedef struct AfTable AfTable;

/* Of a BINTABLE, that of a compressed image included. The stream must outlive it. Null on error. */
AF_EXPORT(af_table_new) AfTable* af_table_new(const AfStream* stream, uint32_t hdu, AfError* error);
AF_EXPORT(af_table_rows) uint32_t af_table_rows(const AfTable* table);
AF_EXPORT(af_table_column_count) uint32_t af_table_column_count(const AfTable* table);
AF_EXPORT(af_table_column)
AfStatus af_table_column(const AfTable* table, uint32_t index, AfColumn* column, AfError* error);
/* A new plane of one row for each of the table's; null when that is empty. Not of variable-length columns. */
AF_EXPORT(af_table_values)
AfStatus af_table_values(const AfTable* table, uint32_t column, uint32_t first_row, uint32_t rows, AfPlane** values,
                         AfError* error);
/* One cell, of a variable-length column too: a new plane of one row, null when the cell is empty. */
AF_EXPORT(af_table_cell)
AfStatus af_table_cell(const AfTable* table, uint32_t column, uint32_t row, AfPlane** values, AfError* error);
/* The first fault that reading may not meet: columns narrower than a row, descriptors that point outside the heap. */
AF_EXPORT(af_table_check) AfStatus af_table_check(const AfTable* table, AfError* error);
AF_EXPORT(af_table_free) void af_table_free(AfTable* table);

/* ------------------------------------------------------------------ decoding one image in bands */

/*
 * Reads images that are not compressed and every tile compression of FITS 4.0, of any tile shape in any number of axes;
 * docs/fits-support.md has the whole list.
 */
typedef struct AfDecoding AfDecoding;

typedef enum AfPixelForm {
  /*
   * What ISR and display take: I32 for BITPIX 8, 16, 32 without scaling and BLANK, else F32.
   * BITPIX 8, 16 and -32 are scaled in float32, the others in float64 and rounded once. BLANK and ZBLANK become NaN.
   */
  AF_FORM_WORKING = 0,
  /*
   * The physical pixels in a type that keeps them. BSCALE 1 with BZERO 2^(n-1) (-128 for BITPIX 8) gives U16, U32,
   * U64 (I8), and BLANK is ignored. Without scaling and BLANK the stored type. Otherwise F32 for BITPIX 8 and 16, F64
   * for 32 and 64, BLANK is NaN; floats keep their type. stored * BSCALE is rounded in that type, then + BZERO.
   * Quantized floats are computed in float64 and rounded once; ZBLANK is NaN. A BZERO of 0 is not added, so that -0.0
   * stays. Every NaN, of either form, is quiet, positive and without payload.
   */
  AF_FORM_PHYSICAL = 1
} AfPixelForm;

/* The stream must outlive the decoding; the HDU must be complete. `form` is an AfPixelForm. Null on error. */
AF_EXPORT(af_decoding_new)
AfDecoding* af_decoding_new(const AfStream* stream, uint32_t hdu, int32_t form, AfError* error);
/* At least one tile and about as many pixels as `max_rows` rows have. AF_OK when done, AF_MORE when not. */
AF_EXPORT(af_decoding_step)
AfStatus af_decoding_step(AfDecoding* decoding, uint32_t max_rows, AfError* error);
/* Once the decoding is done the plane belongs to the caller (af_plane_free). */
AF_EXPORT(af_decoding_plane) AfPlane* af_decoding_plane(AfDecoding* decoding);
/* Frees the plane too when the decoding is not done. */
AF_EXPORT(af_decoding_free) void af_decoding_free(AfDecoding* decoding);

/* ------------------------------------------------------------------ instrument signature removal (ISR) */

/* The bits of a set of steps, 1 << number; the numbers are not the order, which the recipe gives. */
typedef enum AfStep {
  AF_STEP_SATURATION = 0,
  AF_STEP_SERIAL_OVERSCAN = 1,
  AF_STEP_PARALLEL_OVERSCAN = 2,
  AF_STEP_CROSSTALK = 3,
  AF_STEP_LINEARITY = 4,
  AF_STEP_GAIN = 5,
  AF_STEP_ASSEMBLE = 6,
  AF_STEP_BIAS = 7,
  AF_STEP_DARK = 8,
  AF_STEP_FLAT = 9,
  AF_STEP_DEFECTS = 10,
  AF_STEP_INTERPOLATE = 11,
  AF_STEP_VARIANCE = 12,
  AF_STEP_COSMIC_RAYS = 13,
  AF_STEP_BRIGHTER_FATTER = 14,
  AF_STEP_COUNT = 15
} AfStep;

typedef enum AfRecipe {
  /* ADU: saturation on raw ADU, serial-overscan, parallel-overscan, assemble, bias, variance, linearity, crosstalk,
   * defects, brighter-fatter, dark, flat, gain, cosmic-rays, interpolate. */
  AF_RECIPE_RAPID = 0,
  /* Electron: serial-overscan, saturation, gain, crosstalk, parallel-overscan, linearity, assemble, bias, dark,
   * defects, brighter-fatter, variance, flat, cosmic-rays, interpolate. */
  AF_RECIPE_FULL = 1
} AfRecipe;

typedef enum AfOverscan {
  AF_OVERSCAN_MEDIAN_PER_ROW = 0, /* with clipping */
  AF_OVERSCAN_PLAIN_MEDIAN_PER_ROW = 1,
  AF_OVERSCAN_MEAN_PER_ROW = 2,
  AF_OVERSCAN_MEDIAN = 3,
  AF_OVERSCAN_MEAN = 4,
  AF_OVERSCAN_SPLINE = 5
} AfOverscan;

typedef enum AfGeometryMode {
  AF_GEOMETRY_TABLE = 0,  /* the camera table; a warning when DATASEC differs */
  AF_GEOMETRY_HEADER = 1  /* DATASEC obeyed */
} AfGeometryMode;

/*
 * What the camera table has of a detector, as JSON: sizes, and of each amplifier boxes of its raw, its place in the DM
 * frame, flips, gain, read noise and saturation. `instrument` is the Butler's name, zero-terminated. Zero-terminated,
 * for af_free; null on error (AF_UNSUPPORTED for a detector that the table does not know).
 */
AF_EXPORT(af_camera_geometry)
char* af_camera_geometry(const char* instrument, int32_t detector, AfError* error);

typedef enum AfCalibKind {
  AF_CALIB_BIAS = 0,
  AF_CALIB_DARK = 1,
  AF_CALIB_FLAT = 2,
  AF_CALIB_DEFECTS = 3,
  AF_CALIB_CROSSTALK = 4,
  AF_CALIB_LINEARITY = 5,
  AF_CALIB_BRIGHTER_FATTER = 6,
  AF_CALIB_KIND_COUNT = 7
} AfCalibKind;

/* A calibration that stays in memory and serves any number of exposures. */
typedef struct AfCalib AfCalib;

/* Reads a calibration from a file that was pushed whole; the stream is not needed once af_calib_step has given
 * AF_OK, and the data of an image and its mask are released by then. `name` (zero-terminated, copied) is what reports
 * call it. Null on error. */
AF_EXPORT(af_calib_new)
AfCalib* af_calib_new(AfStream* stream, int32_t kind, const char* name, AfError* error);
/* About `max_rows` rows. AF_OK when done, AF_MORE when not. */
AF_EXPORT(af_calib_step) AfStatus af_calib_step(AfCalib* calib, uint32_t max_rows, AfError* error);
/* Of bias, dark and flat: F32 in the DM frame; owned by the calib. Null for the others. */
AF_EXPORT(af_calib_plane) const AfPlane* af_calib_plane(const AfCalib* calib);
/* What it holds in memory. */
AF_EXPORT(af_calib_bytes) size_t af_calib_bytes(const AfCalib* calib);
AF_EXPORT(af_calib_free) void af_calib_free(AfCalib* calib);

typedef struct AfIsrOptions {
  int32_t recipe;         /* AfRecipe */
  int32_t overscan;       /* AfOverscan */
  int32_t geometry;       /* AfGeometryMode */
  uint32_t steps;         /* bits of AfStep, assemble implied; 0 = saturation, both overscans, and each step whose calib is given */
  int32_t serial_skip[2]; /* columns left out: nearest the image, at the far end; -1 = 3 */
  int32_t parallel_skip[2];
  int32_t separate;       /* 1 = every step is a pass of its own, so that a host can time it; equal bits */
  int32_t statistics;     /* 1 = the report has the amplifiers' medians and sigmas before and after */
  const AfCalib* calibs[AF_CALIB_KIND_COUNT]; /* null = not given */
  /* Planes of the result's size to write into (F32, I32, F32), or null for new ones, because memory never shrinks. */
  AfPlane* image;
  AfPlane* mask;
  AfPlane* variance;
  /* 1 = the stream keeps the decoded segments until it is freed: a further ISR of it begins with them, so that another
   * set of steps costs no decoding, and af_stream_decoded shows them. */
  int32_t keep_raws;
} AfIsrOptions;

/*
 * One exposure of one detector, from its raw to the assembled image in the DM frame (row 0 first), with mask and
 * variance. Arithmetic is float32 in the order of the recipe; docs/isr.md states each step's. Segments are decoded as
 * they arrive, and their bytes are given back to the stream's owner's memory when they have been read.
 */
typedef struct AfIsr AfIsr;

/* Stream, calibs and planes must outlive the ISR. Null on error. */
AF_EXPORT(af_isr_new) AfIsr* af_isr_new(const AfIsrOptions* options, AfStream* raw, AfError* error);
/* About `max_rows` rows of work, at most about 10 ms for 256. AF_OK when done, AF_MORE when there is more to do now,
 * AF_WAITING when the next segment has not arrived; after af_stream_end a missing segment is AF_MALFORMED. */
AF_EXPORT(af_isr_step) AfStatus af_isr_step(AfIsr* isr, uint32_t max_rows, AfError* error);
/* The AfStep that the next af_isr_step works on, or AF_STEP_COUNT for reading and decoding, -1 when done. */
AF_EXPORT(af_isr_current_step) int32_t af_isr_current_step(const AfIsr* isr);
/* Once the ISR is done these belong to the caller. Mask and variance are null when no step made them. */
AF_EXPORT(af_isr_image) AfPlane* af_isr_image(AfIsr* isr);
AF_EXPORT(af_isr_mask) AfPlane* af_isr_mask(AfIsr* isr);
AF_EXPORT(af_isr_variance) AfPlane* af_isr_variance(AfIsr* isr);
/* JSON, zero-terminated; lives as long as the ISR; docs/isr.md has its schema. Complete once the ISR is done. */
AF_EXPORT(af_isr_report) const char* af_isr_report(AfIsr* isr);
/* Frees unfinished planes too, unless they were passed in. */
AF_EXPORT(af_isr_free) void af_isr_free(AfIsr* isr);

/* ------------------------------------------------------------------ for the display */

/*
 * Mean of the finite pixels of each factor x factor cell (cells at the upper and right edge may be smaller),
 * summed in float64; NaN where none is finite. A new F32 plane, or null on error.
 */
AF_EXPORT(af_bin) AfPlane* af_bin(const AfPlane* plane, uint32_t factor, AfError* error);

/*
 * IRAF's zscale: contrast 0.25, 1000 evenly strided finite samples, a line fitted to the sorted samples with
 * at most 5 rounds of rejection at 2.5 sigma. limits[0], limits[1] = low, high; both NaN without a finite
 * pixel.
 */
AF_EXPORT(af_zscale) AfStatus af_zscale(const AfPlane* plane, double limits[2], AfError* error);

/*
 * Of the finite pixels. out[0] = minimum, out[1] = maximum (exact); out[2 + i] = percentile fractions[i] in
 * [0, 1], linear between order statistics, of at most 100,000 evenly strided pixels. All NaN without a finite
 * pixel.
 */
AF_EXPORT(af_statistics)
AfStatus af_statistics(const AfPlane* plane, const double* fractions, uint32_t count, double* out,
                       AfError* error);

/* ------------------------------------------------------------------ world coordinates */

/*
 * The celestial coordinates of an image's pixels (FITS standard 4.0, section 8): TAN, SIN, ZPN, STG, ARC, ZEA and TPV,
 * with SIP distortion; CD, PC and CDELT, or CROTA. docs/frames.md has the whole list.
 */
typedef struct AfWcs AfWcs;

typedef struct AfWcsInfo {
  char types[2][16];      /* CTYPE of the longitude and of the latitude, for example RA---TAN-SIP */
  char frame[16];         /* ICRS, FK5, FK4, galactic, or as the header has it */
  double equinox;         /* years; NaN where the frame has none */
  int32_t longitude_axis; /* 0 = the x axis's CTYPE is the longitude; 1 = the y axis's */
  int32_t distorted;      /* 1 with SIP or TPV */
} AfWcsInfo;

/* `alternate` is 0 for the primary description, else 'A' to 'Z'. Null on error: AF_MALFORMED says what is missing. */
AF_EXPORT(af_wcs_new)
AfWcs* af_wcs_new(const AfStream* stream, uint32_t hdu, int32_t alternate, AfError* error);
AF_EXPORT(af_wcs_info) void af_wcs_info(const AfWcs* wcs, AfWcsInfo* info);
/* `xy` and `lonlat` are pairs, which may be the same memory; degrees in the frame of the header, longitude in [0, 360),
 * pixels 0-based with centres at integers. A point that has no counterpart becomes NaN, NaN. */
AF_EXPORT(af_wcs_to_sky) void af_wcs_to_sky(const AfWcs* wcs, const double* xy, double* lonlat, uint32_t count);
AF_EXPORT(af_wcs_to_pixel) void af_wcs_to_pixel(const AfWcs* wcs, const double* lonlat, double* xy, uint32_t count);
/* In place, from the frame of the header to ICRS and back. AF_UNSUPPORTED for FK4 and frames that are not known. */
AF_EXPORT(af_wcs_to_icrs)
AfStatus af_wcs_to_icrs(const AfWcs* wcs, double* lonlat, uint32_t count, AfError* error);
AF_EXPORT(af_wcs_from_icrs)
AfStatus af_wcs_from_icrs(const AfWcs* wcs, double* lonlat, uint32_t count, AfError* error);
AF_EXPORT(af_wcs_free) void af_wcs_free(AfWcs* wcs);

/* ------------------------------------------------------------------ writing FITS */

/* Collects a file in memory. Every HDU gets CHECKSUM and DATASUM. */
typedef struct AfWriter AfWriter;

typedef enum AfWriteForm {
  AF_WRITE_PLAIN = 0,
  AF_WRITE_RICE_1 = 1, /* integers of 8, 16 and 32 bits; one tile a row */
  AF_WRITE_GZIP_2 = 2  /* all types, floats without loss; one tile a row */
} AfWriteForm;

/* Texts are zero-terminated printable ASCII; `comment` may be null. */
typedef struct AfWriterCard {
  const char* keyword;
  const char* text; /* of TEXT cards and of COMMENTARY ones (keyword COMMENT, HISTORY or empty) */
  const char* comment;
  int32_t type;    /* AfCardType, not BAD */
  int64_t integer; /* of INTEGER and LOGICAL cards */
  double real;     /* finite */
} AfWriterCard;

/* `values` has one row for each row of the table, `width` elements each. */
typedef struct AfWriterColumn {
  const char* name;
  const char* unit;       /* may be null */
  const AfPlane* values;
  int32_t letter;         /* 'A' or 'L' for U8 planes of text or of 0 and 1; 0 = the letter of the plane's type */
} AfWriterColumn;

/* Null when memory is short. */
AF_EXPORT(af_writer_new) AfWriter* af_writer_new(void);
/*
 * Cards of the next HDU, in order. Those that tell an HDU's structure (NAXIS, BZERO, TFORM1, ZTILE1, CHECKSUM, EXTNAME
 * and so on) are left out, because the writer sets them itself. A COMMENTARY card of a keyword that cannot stand without
 * a value takes the form of a COMMENT. When this or any routine below fails, the HDU that was begun is dropped, and its
 * cards with it; the file is good without it.
 */
AF_EXPORT(af_writer_cards)
AfStatus af_writer_cards(AfWriter* writer, const AfWriterCard* cards, uint32_t count, AfError* error);
/*
 * Begins an image HDU; `form` is an AfWriteForm, `name` its EXTNAME (empty = none). The first plain image is the
 * primary HDU. Unsigned planes (and I8) are stored by the standard's BZERO convention. The plane must live until
 * af_writer_step gives AF_OK.
 */
AF_EXPORT(af_writer_image)
AfStatus af_writer_image(AfWriter* writer, const AfPlane* plane, int32_t form, const char* name, AfError* error);
/* About `max_rows` rows of the image. AF_OK when done, AF_MORE when not. */
AF_EXPORT(af_writer_step) AfStatus af_writer_step(AfWriter* writer, uint32_t max_rows, AfError* error);
/* A whole binary table. */
AF_EXPORT(af_writer_table)
AfStatus af_writer_table(AfWriter* writer, const AfWriterColumn* columns, uint32_t count, const char* name,
                         AfError* error);
/* The file so far; valid until the next call on the writer. Null while an image is unfinished. */
AF_EXPORT(af_writer_bytes) const uint8_t* af_writer_bytes(const AfWriter* writer, size_t* count);
AF_EXPORT(af_writer_free) void af_writer_free(AfWriter* writer);

#ifdef __cplusplus
}
#endif

#endif /* ASTRO_FITS_H_ */
