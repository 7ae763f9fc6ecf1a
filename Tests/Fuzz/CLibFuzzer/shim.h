// libFuzzer's interface (compiler-rt, lib/fuzzer), of which Swift's toolchain ships the library but no header.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef int (*kymo_fuzz_target)(const uint8_t *_Nullable bytes, size_t count);

int LLVMFuzzerRunDriver(int *_Nonnull argc, char *_Nonnull *_Nonnull *_Nonnull argv, kymo_fuzz_target _Nonnull target);

// Changes the bytes in place, to at most `maximum` of them; the new count.
size_t LLVMFuzzerMutate(uint8_t *_Nonnull bytes, size_t count, size_t maximum);
