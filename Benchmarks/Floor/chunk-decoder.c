// Reads and verifies segments as docs/FORMAT.md says, as plainly and quickly as C can: header checksums, the hash chain,
// LZ4 with its checksums, and every column of motion decoded into integers. Other kinds are passed over.
//
//   chunk-decoder SEGMENT…
#include <lz4frame.h>
#include <openssl/sha.h>
#include <string.h>

#include "reports.h"

enum { PREFIX = 8, CHUNK = 100, SEAL = 0x184D2A52, CHUNK_HEADER = 0x184D2A51, RECORDS = 8192, MOTION = 3, BLOCK = 32 };

static uint32_t crc_table[256];
static int64_t columns[3][RECORDS];
static uint64_t records;
static uint64_t sum;

static void fail(const char *what)
{
    fprintf(stderr, "chunk-decoder: %s\n", what);
    exit(1);
}

static uint32_t u32(const uint8_t *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, 4);
    return value;
}

static void make_crc_table(void)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; bit++)
            value = value & 1 ? value >> 1 ^ 0x82F63B78 : value >> 1;
        crc_table[byte] = value;
    }
}

static uint32_t crc(const uint8_t *bytes, size_t length)
{
    uint32_t value = ~0u;
    for (size_t i = 0; i < length; i++)
        value = crc_table[(uint8_t)value ^ bytes[i]] ^ value >> 8;
    return ~value;
}

struct cursor {
    const uint8_t *at, *end;
};

static inline uint64_t varint(struct cursor *cursor)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && cursor->at < cursor->end; shift += 7) {
        uint8_t byte = *cursor->at++;
        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return value;
    }
    fail("a varint that does not end");
    return 0;
}

static inline int64_t zigzag(struct cursor *cursor)
{
    uint64_t value = varint(cursor);
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

static void packed(struct cursor *cursor, int64_t *values, size_t count)
{
    int64_t reference = 0;
    for (size_t first = 0; first < count; first += BLOCK) {
        size_t length = count - first < BLOCK ? count - first : BLOCK;
        if (cursor->at == cursor->end || *cursor->at > 64)
            fail("a block's width");
        unsigned width = *cursor->at++;
        reference += zigzag(cursor);
        size_t bytes = (length * width + 7) / 8;
        if (bytes > (size_t)(cursor->end - cursor->at))
            fail("a block's bits");
        uint8_t copy[BLOCK * 8 + 9];
        const uint8_t *bits = cursor->at;
        if ((size_t)(cursor->end - cursor->at) < bytes + 9)
            bits = memcpy(copy, bits, bytes);
        uint64_t mask = width == 64 ? ~0ull : (1ull << width) - 1;
        for (size_t i = 0; i < length; i++) {
            size_t bit = i * width;
            uint64_t word;
            memcpy(&word, bits + bit / 8, 8);
            word >>= bit % 8;
            if (width > 57 && bit % 8)
                word |= (uint64_t)bits[bit / 8 + 8] << (64 - bit % 8);
            values[first + i] = (int64_t)((uint64_t)reference + (word & mask));
        }
        cursor->at += bytes;
    }
}

static void column(struct cursor *cursor, int64_t *values, size_t count)
{
    if (cursor->at == cursor->end)
        fail("no column");
    uint8_t head = *cursor->at++;
    int shift = head >> 2;
    int64_t last;
    if (head & 128 || (head & 3) == 3)
        fail("a column's head");
    if ((head & 3) == 1) {
        packed(cursor, values, count);
        for (size_t i = 0; i < count; i++)
            values[i] <<= shift;
        return;
    }
    last = zigzag(cursor);
    if ((head & 3) == 0) {
        for (size_t i = 0; i < count; i++)
            values[i] = last << shift;
        return;
    }
    packed(cursor, values + 1, count - 1);
    values[0] = last << shift;
    for (size_t i = 1; i < count; i++)
        values[i] = (last += values[i]) << shift;
}

static void payload(const uint8_t *bytes, size_t length, uint32_t count)
{
    struct cursor cursor = {bytes + 16, bytes + length};
    size_t of_kind[256] = {0}, total = 0;
    if (length < 16 || varint(&cursor) != count)
        fail("count");
    for (uint64_t runs = varint(&cursor); runs > 0; runs--) {
        if (cursor.end - cursor.at < 2)
            fail("a run");
        uint8_t kind = *cursor.at++;
        cursor.at++;
        varint(&cursor);
        zigzag(&cursor);
        uint64_t run = varint(&cursor);
        if (run == 0 || run > count - total)
            fail("a run's length");
        of_kind[kind] += run;
        total += run;
    }
    if (total != count)
        fail("runs");
    column(&cursor, columns[0], count);
    while (cursor.at < cursor.end) {
        if (cursor.end - cursor.at < 5)
            fail("a block");
        uint8_t kind = *cursor.at;
        uint32_t block = u32(cursor.at + 1);
        cursor.at += 5;
        if (block > (size_t)(cursor.end - cursor.at))
            fail("a block's length");
        struct cursor inner = {cursor.at, cursor.at + block};
        cursor.at += block;
        if (kind != MOTION)
            continue;
        for (int field = 1; field <= 2; field++) {
            column(&inner, columns[field], of_kind[kind]);
            for (size_t i = 0; i < of_kind[kind]; i++)
                if (columns[field][i] != (int32_t)columns[field][i])
                    fail("motion");
        }
        if (inner.at != inner.end)
            fail("a block's end");
    }
    records += count;
    sum += (uint64_t)columns[0][count - 1];
}

static void hash_chunk(uint8_t chain[32], const uint8_t *content, const uint8_t *frame, size_t stored)
{
    uint8_t link[32 + 16 + 8 + 4 + 32];
    SHA256_CTX context;
    SHA256_Init(&context);
    SHA256_Update(&context, content + 26, 38);
    SHA256_Update(&context, frame, stored);
    SHA256_Final(link + 60, &context);
    memcpy(link, chain, 32);
    memcpy(link + 32, content, 26);
    memset(link + 58, 0, 2);
    SHA256(link, sizeof link, chain);
    if (memcmp(chain, content + 64, 32) != 0)
        fail("the hash chain");
}

static void segment(const uint8_t *bytes, size_t length, LZ4F_dctx *context)
{
    static uint8_t decoded[4 << 20];
    uint8_t chain[32];
    if (length < 23)
        fail("too short");
    size_t place = 15 + PREFIX + u32(bytes + 19);
    SHA256(bytes, place, chain);
    while (place + PREFIX <= length && u32(bytes + place) == CHUNK_HEADER) {
        const uint8_t *content = bytes + place + PREFIX, *frame = content + CHUNK;
        uint32_t stored = u32(content + 32);
        size_t read = stored, written = u32(content + 28);
        if (length - place < PREFIX + CHUNK + (size_t)stored || written > sizeof decoded)
            fail("a chunk's length");
        if (crc(content, CHUNK - 4) != u32(content + CHUNK - 4))
            fail("a header's checksum");
        hash_chunk(chain, content, frame, stored);
        size_t wanted = written;
        if (LZ4F_decompress(context, decoded, &written, frame, &read, NULL) != 0 || written != wanted || read != stored)
            fail("a frame");
        payload(decoded, written, u32(content + 24) & 0xFFFF);
        place += PREFIX + CHUNK + stored;
    }
    if (place < length && u32(bytes + place) == SEAL) {
        uint8_t link[32 + 16 + 8 + 4], final[32];
        const uint8_t *content = bytes + place + PREFIX;
        memcpy(link, chain, 32);
        memcpy(link + 32, content, 28);
        SHA256(link, sizeof link, final);
        if (memcmp(final, content + 28, 32) != 0)
            fail("the final hash");
    }
}

int main(int count, char **arguments)
{
    LZ4F_dctx *context;
    uint64_t bytes = 0;
    make_crc_table();
    LZ4F_createDecompressionContext(&context, LZ4F_VERSION);
    uint64_t start = cpu_ns();
    for (int i = 1; i < count; i++) {
        size_t length;
        const uint8_t *file = file_bytes(arguments[i], &length);
        segment(file, length, context);
        munmap((void *)file, length);
        bytes += length;
    }
    double seconds = (double)(cpu_ns() - start) / 1e9;
    printf("{\"bytes\":%lu,\"records\":%lu,\"seconds\":%.4f,\"sum\":%lu}\n", bytes, records, seconds, sum);
    return 0;
}
