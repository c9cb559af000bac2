/* Counts what a process writes to files and forces to disk. Loaded before the C library
 * (LD_PRELOAD); counters lie in a shared file named by KOUAN_COUNTERS, six 64-bit numbers in the
 * machine's order: forced writes and bytes of files beneath KOUAN_COUNTED, the same of files there
 * with "standin" in their names, and the same of all other files. Sockets and pipes do not count. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FDS = 65536, OWN = 1, STANDIN = 2, OTHER = 3, NO_FILE = 4 };
enum { SYNCS = 0, BYTES = 1 };

static _Atomic unsigned char kinds[FDS];
static _Atomic uint64_t *counters;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("KOUAN_COUNTERS");
    int fd = path ? open(path, O_RDWR) : -1;
    if (fd < 0)
        return;
    void *shared = mmap(NULL, 6 * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared != MAP_FAILED)
        counters = shared;
    close(fd);
}

static unsigned char kind_of(int fd) {
    if (fd < 0 || fd >= FDS)
        return NO_FILE;
    unsigned char kind = atomic_load_explicit(&kinds[fd], memory_order_relaxed);
    if (kind != 0)
        return kind;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    const char *counted = getenv("KOUAN_COUNTED");
    kind = NO_FILE;
    if (length > 0 && path[0] == '/' && strncmp(path, "/dev/", 5) != 0) {
        path[length] = 0;
        const char *name = strrchr(path, '/');
        int beneath = counted && strncmp(path, counted, strlen(counted)) == 0;
        kind = !beneath ? OTHER : strstr(name, "standin") ? STANDIN : OWN;
    }
    atomic_store_explicit(&kinds[fd], kind, memory_order_relaxed);
    return kind;
}

static void count(int fd, int what, uint64_t much) {
    unsigned char kind = counters ? kind_of(fd) : NO_FILE;
    if (kind != NO_FILE)
        atomic_fetch_add_explicit(&counters[2 * (kind - OWN) + what], much, memory_order_relaxed);
}

#define NEXT(name) \
    static __typeof__(name) *next; \
    if (!next) \
        next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define WROTE(fd, result) \
    do { \
        ssize_t wrote = (result); \
        if (wrote > 0) \
            count(fd, BYTES, (uint64_t)wrote); \
        return wrote; \
    } while (0)

ssize_t write(int fd, const void *from, size_t size) {
    NEXT(write);
    WROTE(fd, next(fd, from, size));
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at) {
    NEXT(pwrite);
    WROTE(fd, next(fd, from, size, at));
}

ssize_t pwrite64(int fd, const void *from, size_t size, off64_t at) {
    NEXT(pwrite64);
    WROTE(fd, next(fd, from, size, at));
}

ssize_t writev(int fd, const struct iovec *from, int parts) {
    NEXT(writev);
    WROTE(fd, next(fd, from, parts));
}

int fsync(int fd) {
    NEXT(fsync);
    count(fd, SYNCS, 1);
    return next(fd);
}

int fdatasync(int fd) {
    NEXT(fdatasync);
    count(fd, SYNCS, 1);
    return next(fd);
}

int close(int fd) {
    NEXT(close);
    if (fd >= 0 && fd < FDS)
        atomic_store_explicit(&kinds[fd], 0, memory_order_relaxed);
    return next(fd);
}
