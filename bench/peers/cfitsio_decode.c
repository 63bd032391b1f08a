/*
 * libcfitsio reads every image HDU of a file that is already in memory.
 *
 *     cfitsio_decode FILE      then, for every line COUNT on standard input, that many decodes; answers
 *                              "CPU_SECONDS CRC32"
 *
 * CPU_SECONDS is user and system time of all the decodes, the checksum that of all pixels (int32 or float32) of the
 * last one (not timed).
 */
#include <fitsio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MAX_HDUS = 64, PIXEL_BYTES = 4 };

static void* planes[MAX_HDUS];
static long pixels[MAX_HDUS];

static double cpu_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static uint32_t crc32_of(uint32_t crc, const unsigned char* bytes, size_t count) {
  static uint32_t table[256];
  if (table[1] == 0)
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t c = i;
      for (int k = 0; k < 8; ++k) c = (c & 1) ? 0xEDB88320u ^ (c >> 1) : c >> 1;
      table[i] = c;
    }
  crc = ~crc;
  while (count-- > 0) crc = table[(crc ^ *bytes++) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

static void decode(const char* name, void** bytes, size_t* size, int* status) {
  fitsfile* file = NULL;
  int count = 0;
  fits_open_memfile(&file, name, READONLY, bytes, size, 0, NULL, status);
  fits_get_num_hdus(file, &count, status);
  for (int i = 0; i < count && i < MAX_HDUS && *status == 0; ++i) {
    int type = 0, axes = 0, bitpix = 0, any_null = 0;
    long lengths[2] = {0, 0};
    fits_movabs_hdu(file, i + 1, &type, status);
    fits_get_img_dim(file, &axes, status);
    if (axes != 2) continue;
    fits_get_img_type(file, &bitpix, status);
    fits_get_img_size(file, 2, lengths, status);
    pixels[i] = lengths[0] * lengths[1];
    if (planes[i] == NULL) planes[i] = malloc(PIXEL_BYTES * (size_t)pixels[i]);
    fits_read_img(file, bitpix < 0 ? TFLOAT : TINT, 1, pixels[i], NULL, planes[i], &any_null, status);
  }
  fits_close_file(file, status);
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  FILE* in = fopen(argv[1], "rb");
  if (in == NULL) return 2;
  fseek(in, 0, SEEK_END);
  size_t size = (size_t)ftell(in);
  rewind(in);
  void* bytes = malloc(size);
  if (bytes == NULL || fread(bytes, 1, size, in) != size) return 2;
  fclose(in);

  char line[64];
  while (fgets(line, sizeof line, stdin) != NULL) {
    int status = 0;
    const double start = cpu_seconds();
    for (long n = strtol(line, NULL, 10); n > 0 && status == 0; --n) decode(argv[1], &bytes, &size, &status);
    const double spent = cpu_seconds() - start;
    if (status != 0) {
      fits_report_error(stderr, status);
      return 1;
    }
    uint32_t crc = 0;
    for (int i = 0; i < MAX_HDUS; ++i)
      if (planes[i] != NULL) crc = crc32_of(crc, planes[i], PIXEL_BYTES * (size_t)pixels[i]);
    printf("%.6f %u\n", spent, crc);
    fflush(stdout);
  }
  return 0;
}
