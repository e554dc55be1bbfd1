/* Records what a program does to the files below a directory, in the order in which it is done.
 *
 * Loaded by LD_PRELOAD. EDGE_POWER_CUT_DIRECTORY is the directory, EDGE_POWER_CUT_JOURNAL the file of records, outside of
 * it. A record is a head (struct head, little endian), the path, the data. The path is absolute.
 * Kinds: C file created, W written, T truncated to `at`, S synced, R renamed (data: the new path), U unlinked, M directory
 * created. An operation is done first and recorded then, both under one lock: what is killed in between was never confirmed
 * to the program. Memory maps are not recorded: SQLite maps the -shm file only, which does not survive a power cut.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define DESCRIPTORS 65536

struct __attribute__((packed)) head {
    uint8_t kind;
    uint16_t path_bytes;
    uint64_t at;
    uint32_t data_bytes;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *paths[DESCRIPTORS];
static const char *directory;
static int journal = -1;

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("EDGE_POWER_CUT_JOURNAL");
    directory = getenv("EDGE_POWER_CUT_DIRECTORY");
    if (name && directory)
        journal = syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int inside(const char *path) {
    size_t n = directory ? strlen(directory) : 0;
    return journal >= 0 && n && !strncmp(path, directory, n) && (path[n] == '/' || !path[n]);
}

static void put(char kind, const char *path, uint64_t at, const void *data, uint32_t data_bytes) {
    struct head head = {(uint8_t)kind, (uint16_t)strlen(path), at, data_bytes};
    struct iovec parts[3] = {{&head, sizeof head}, {(void *)path, head.path_bytes}, {(void *)data, data_bytes}};
    if (syscall(SYS_writev, journal, parts, 3) != (long)(sizeof head + head.path_bytes + data_bytes))
        abort();
}

static const char *path_of(int fd) { return fd >= 0 && fd < DESCRIPTORS ? paths[fd] : NULL; }

static int opened(int fd, const char *path, int flags, int existed, int64_t size) {
    if (fd < 0 || fd >= DESCRIPTORS || !inside(path))
        return fd;
    free(paths[fd]);
    paths[fd] = strdup(path);
    if (!existed)
        put('C', path, 0, NULL, 0);
    else if ((flags & O_TRUNC) && size > 0)
        put('T', path, 0, NULL, 0);
    return fd;
}

static int open_at(int at, const char *path, int flags, mode_t mode) {
    if (!inside(path))
        return syscall(SYS_openat, at, path, flags, mode);
    struct stat found;
    pthread_mutex_lock(&lock);
    int existed = stat(path, &found) == 0;
    int fd = opened(syscall(SYS_openat, at, path, flags, mode), path, flags, existed, existed ? found.st_size : 0);
    pthread_mutex_unlock(&lock);
    return fd;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }

int open(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags) return open_at(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags) return open_at(at, path, flags, mode); }

int close(int fd) {
    if (!path_of(fd))
        return syscall(SYS_close, fd);
    pthread_mutex_lock(&lock);
    free(paths[fd]);
    paths[fd] = NULL;
    int done = syscall(SYS_close, fd);
    pthread_mutex_unlock(&lock);
    return done;
}

static ssize_t written(int fd, const void *data, size_t bytes, off_t at) {
    pthread_mutex_lock(&lock);
    ssize_t done = at < 0 ? syscall(SYS_write, fd, data, bytes) : syscall(SYS_pwrite64, fd, data, bytes, at);
    if (done > 0)
        put('W', paths[fd], at < 0 ? (uint64_t)(lseek(fd, 0, SEEK_CUR) - done) : (uint64_t)at, data, (uint32_t)done);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t write(int fd, const void *data, size_t bytes) {
    return path_of(fd) ? written(fd, data, bytes, -1) : syscall(SYS_write, fd, data, bytes);
}
ssize_t pwrite(int fd, const void *data, size_t bytes, off_t at) {
    return path_of(fd) ? written(fd, data, bytes, at) : syscall(SYS_pwrite64, fd, data, bytes, at);
}
ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t at) { return pwrite(fd, data, bytes, at); }

/* The programs do not write their data in other ways; should one begin to, it must not go unnoticed. */
ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (path_of(fd))
        abort();
    return syscall(SYS_writev, fd, parts, count);
}

int ftruncate(int fd, off_t size) {
    if (!path_of(fd))
        return syscall(SYS_ftruncate, fd, size);
    pthread_mutex_lock(&lock);
    int done = syscall(SYS_ftruncate, fd, size);
    if (!done)
        put('T', paths[fd], size, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

static int synced(int fd, long call) {
    if (!path_of(fd))
        return syscall(call, fd);
    pthread_mutex_lock(&lock);
    int done = syscall(call, fd);
    if (!done)
        put('S', paths[fd], 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

int rename(const char *from, const char *to) {
    if (!inside(from))
        return syscall(SYS_rename, from, to);
    pthread_mutex_lock(&lock);
    int done = syscall(SYS_rename, from, to);
    if (!done)
        put('R', from, 0, to, strlen(to));
    pthread_mutex_unlock(&lock);
    return done;
}

int unlink(const char *path) {
    if (!inside(path))
        return syscall(SYS_unlink, path);
    pthread_mutex_lock(&lock);
    int done = syscall(SYS_unlink, path);
    if (!done)
        put('U', path, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}

int mkdir(const char *path, mode_t mode) {
    if (!inside(path))
        return syscall(SYS_mkdir, path, mode);
    pthread_mutex_lock(&lock);
    int done = syscall(SYS_mkdir, path, mode);
    if (!done)
        put('M', path, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
