// Preloaded into a program under test: counts allocations, apart for each thread's kind of caller.
//
// KYMO_ALLOCATIONS names a file that is mapped and shared, so that a test reads the counters while the program runs:
// two 64-bit numbers, allocations asked for by libinput and what it stands on (libevdev, libudev, libmtdev), and all
// others. Whoever called malloc() is what counts: the return address says.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct counters {
    _Atomic uint64_t libinput, others;
};

struct range {
    uintptr_t start, end;
};

static struct counters fallback, *counters = &fallback;
static struct range libinput[8];
static int range_count;

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

static int note_library(struct dl_phdr_info *info, size_t size, void *context)
{
    static const char *const names[] = {"/libinput.so", "/libevdev.so", "/libudev.so", "/libmtdev.so"};
    (void)size, (void)context;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (!strstr(info->dlpi_name, names[i]) || range_count == 8)
            continue;
        struct range *range = &libinput[range_count++];
        range->start = info->dlpi_addr;
        for (int j = 0; j < info->dlpi_phnum; j++)
            if (info->dlpi_phdr[j].p_type == PT_LOAD)
                range->end = info->dlpi_addr + info->dlpi_phdr[j].p_vaddr + info->dlpi_phdr[j].p_memsz;
    }
    return 0;
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("KYMO_ALLOCATIONS");
    dl_iterate_phdr(note_library, NULL);
    int file = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644) : -1;
    if (file < 0 || ftruncate(file, sizeof *counters) < 0)
        return;
    void *shared = mmap(NULL, sizeof *counters, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (shared != MAP_FAILED)
        counters = shared;
}

static void count(void *caller)
{
    uintptr_t address = (uintptr_t)caller;
    for (int i = 0; i < range_count; i++)
        if (address >= libinput[i].start && address < libinput[i].end) {
            counters->libinput++;
            return;
        }
    counters->others++;
}

void *malloc(size_t size)
{
    count(__builtin_return_address(0));
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
    count(__builtin_return_address(0));
    return __libc_calloc(number, size);
}

void *realloc(void *block, size_t size)
{
    count(__builtin_return_address(0));
    return __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size)
{
    count(__builtin_return_address(0));
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    count(__builtin_return_address(0));
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    count(__builtin_return_address(0));
    *block = __libc_memalign(alignment, size);
    return *block ? 0 : 12;  // ENOMEM
}
