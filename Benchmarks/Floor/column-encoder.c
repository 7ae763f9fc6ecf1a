// The least that our chunks can cost: the same columns and the same LZ4 frames, with nothing around them; no gate, no
// kinds, no devices, no header.
//
//   column-encoder REPORTS
#include <lz4frame.h>
#include <string.h>

#include "reports.h"

#define CHUNK_US 250000
#define CHUNK_REPORTS 8192
#define BLOCK 32

static uint8_t *put(uint8_t *place, int64_t value)
{
    uint64_t rest = ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
    while (rest >= 128) {
        *place++ = (uint8_t)rest | 128;
        rest >>= 7;
    }
    *place++ = (uint8_t)rest;
    return place;
}

// Blocks of 32 values: width, reference, bits.
static uint8_t *pack(uint8_t *place, const int32_t *values, size_t count)
{
    int64_t reference = 0;
    for (size_t first = 0; first < count; first += BLOCK) {
        size_t length = count - first < BLOCK ? count - first : BLOCK;
        const int32_t *block = values + first;
        int32_t least = block[0], greatest = block[0];
        for (size_t i = 0; i < length; i++) {
            least = block[i] < least ? block[i] : least;
            greatest = block[i] > greatest ? block[i] : greatest;
        }
        uint32_t range = (uint32_t)greatest - (uint32_t)least, width = range ? 32 - (uint32_t)__builtin_clz(range) : 0;
        *place++ = (uint8_t)width;
        place = put(place, least - reference);
        reference = least;
        if (width == 0)
            continue;
        uint8_t *end = place + (length * width + 7) / 8;
        uint64_t word = 0;
        for (size_t i = 0, filled = 0; i < length; i++) {
            uint64_t value = (uint32_t)block[i] - (uint32_t)least;
            word |= value << filled;
            filled += width;
            if (filled < 64)
                continue;
            memcpy(place, &word, 8);
            place += 8;
            filled -= 64;
            word = filled ? value >> (width - filled) : 0;
        }
        memcpy(place, &word, 8);
        place = end;
    }
    return place;
}

static size_t encode(const struct report *reports, size_t count, uint8_t *place)
{
    static int32_t times[CHUNK_REPORTS], dx[CHUNK_REPORTS], dy[CHUNK_REPORTS];
    uint8_t *start = place;
    for (size_t i = 1; i < count; i++)
        times[i - 1] = (int32_t)(reports[i].time_us - reports[i - 1].time_us);
    for (size_t i = 0; i < count; i++) {
        dx[i] = reports[i].dx;
        dy[i] = reports[i].dy;
    }
    place = pack(place, times, count - 1);
    place = pack(place, dx, count);
    place = pack(place, dy, count);
    return (size_t)(place - start);
}

int main(int arguments, char **argument)
{
    static uint8_t payload[CHUNK_REPORTS * 30], stored[sizeof payload * 2];
    size_t length;
    if (arguments != 2)
        return 64;
    const struct report *reports = file_bytes(argument[1], &length);
    size_t count = length / sizeof *reports;
    LZ4F_cctx *context;
    LZ4F_createCompressionContext(&context, LZ4F_VERSION);
    LZ4F_preferences_t preferences = {
        .frameInfo = {.blockSizeID = LZ4F_max256KB, .blockMode = LZ4F_blockIndependent,
                      .contentChecksumFlag = LZ4F_contentChecksumEnabled,
                      .blockChecksumFlag = LZ4F_blockChecksumEnabled},
        .compressionLevel = 1,
        .autoFlush = 1,
    };
    uint64_t best_encode = UINT64_MAX, best_compress = UINT64_MAX;
    size_t bytes = 0;
    for (int round = 0; round < 4; round++) {
        uint64_t encoding = 0, compressing = 0;
        bytes = 0;
        for (size_t first = 0, end; first < count; first = end) {
            for (end = first + 1; end < count && end - first < CHUNK_REPORTS
                 && reports[end].time_us < reports[first].time_us + CHUNK_US; end++)
                continue;
            uint64_t start = cpu_ns();
            size_t encoded = encode(reports + first, end - first, payload), written;
            uint64_t middle = cpu_ns();
            written = LZ4F_compressBegin(context, stored, sizeof stored, &preferences);
            written += LZ4F_compressUpdate(context, stored + written, sizeof stored - written, payload, encoded, NULL);
            written += LZ4F_compressEnd(context, stored + written, sizeof stored - written, NULL);
            compressing += cpu_ns() - middle;
            encoding += middle - start;
            bytes += written;
        }
        if (encoding < best_encode)
            best_encode = encoding;
        if (compressing < best_compress)
            best_compress = compressing;
    }
    printf("{\"reports\":%zu,\"encode_ns\":%.3f,\"compress_ns\":%.3f,\"bytes\":%.3f}\n", count,
           (double)best_encode / (double)count, (double)best_compress / (double)count, (double)bytes / (double)count);
    return 0;
}
