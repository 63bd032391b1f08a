/*
 * The peer of the RICE decode bench: libcfitsio reads every image HDU of a file that is already in memory.
 *
 *     cfitsio_decode FILE      then, for every line on standard input, one decode; answers "CPU_SECONDS CRC32"
 *
 * CPU_SECONDS is user and system time of the decode, the checksum that of all pixels as int32 (not timed).
 */
#include <fitsio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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

int main(int argc, char** argv) {
  enum { MAX_HDUS = 64 };
  static int* planes[MAX_HDUS];
  static long pixels[MAX_HDUS];
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
    fitsfile* file = NULL;
    int status = 0, count = 0;
    double start = cpu_seconds();
    fits_open_memfile(&file, argv[1], READONLY, &bytes, &size, 0, NULL, &status);
    fits_get_num_hdus(file, &count, &status);
    for (int i = 0; i < count && i < MAX_HDUS && status == 0; ++i) {
      int type = 0, axes = 0, any_null = 0;
      long lengths[2] = {0, 0};
      fits_movabs_hdu(file, i + 1, &type, &status);
      fits_get_img_dim(file, &axes, &status);
      if (axes != 2) continue;
      fits_get_img_size(file, 2, lengths, &status);
      pixels[i] = lengths[0] * lengths[1];
      if (planes[i] == NULL) planes[i] = malloc(sizeof(int) * (size_t)pixels[i]);
      fits_read_img(file, TINT, 1, pixels[i], NULL, planes[i], &any_null, &status);
    }
    fits_close_file(file, &status);
    double spent = cpu_seconds() - start;
    if (status != 0) {
      fits_report_error(stderr, status);
      return 1;
    }
    uint32_t crc = 0;
    for (int i = 0; i < MAX_HDUS; ++i)
      if (planes[i] != NULL) crc = crc32_of(crc, (const unsigned char*)planes[i], sizeof(int) * (size_t)pixels[i]);
    printf("%.6f %u\n", spent, crc);
    fflush(stdout);
  }
  return 0;
}
