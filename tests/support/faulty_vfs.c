#include "tests/support/faulty_vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int write_code, sync_code;
    bool hold, held;
    unsigned syncs;
    struct {
        const sqlite3_io_methods *real;
        sqlite3_io_methods ours;
    } methods[4]; /* the database's, and those of files without locks */
    sqlite3_vfs *real_vfs;
    sqlite3_vfs vfs;
} faulty = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static const sqlite3_io_methods *real_methods(const sqlite3_file *file)
{
    size_t i = 0;
    while (file->pMethods != &faulty.methods[i].ours)
        i++;
    return faulty.methods[i].real;
}

static int faulty_write(sqlite3_file *file, const void *octets, int size, sqlite3_int64 at)
{
    pthread_mutex_lock(&faulty.lock);
    int code = faulty.write_code;
    pthread_mutex_unlock(&faulty.lock);
    return code != SQLITE_OK ? code : real_methods(file)->xWrite(file, octets, size, at);
}

static int faulty_sync(sqlite3_file *file, int flags)
{
    pthread_mutex_lock(&faulty.lock);
    faulty.syncs++;
    while (faulty.hold) {
        faulty.held = true;
        pthread_cond_broadcast(&faulty.changed);
        pthread_cond_wait(&faulty.changed, &faulty.lock);
    }
    int code = faulty.sync_code;
    pthread_mutex_unlock(&faulty.lock);
    return code != SQLITE_OK ? code : real_methods(file)->xSync(file, flags);
}

/* The real file with our methods in front: the file's own memory stays as it is. */
static int faulty_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags,
                       int *out_flags)
{
    (void)vfs;
    int code = faulty.real_vfs->xOpen(faulty.real_vfs, name, file, flags, out_flags);
    if (code != SQLITE_OK || file->pMethods == NULL)
        return code;
    pthread_mutex_lock(&faulty.lock);
    size_t i = 0;
    while (faulty.methods[i].real != NULL && faulty.methods[i].real != file->pMethods)
        i++;
    if (faulty.methods[i].real == NULL) {
        faulty.methods[i].real = file->pMethods;
        faulty.methods[i].ours = *file->pMethods;
        faulty.methods[i].ours.xWrite = faulty_write;
        faulty.methods[i].ours.xSync = faulty_sync;
    }
    file->pMethods = &faulty.methods[i].ours;
    pthread_mutex_unlock(&faulty.lock);
    return SQLITE_OK;
}

void faulty_vfs_install(void)
{
    faulty.real_vfs = sqlite3_vfs_find(NULL);
    faulty.vfs = *faulty.real_vfs;
    faulty.vfs.zName = "faulty";
    faulty.vfs.pNext = NULL;
    faulty.vfs.xOpen = faulty_open;
    if (sqlite3_vfs_register(&faulty.vfs, 1) != SQLITE_OK)
        abort();
}

static void set(int *where, int value)
{
    pthread_mutex_lock(&faulty.lock);
    *where = value;
    pthread_mutex_unlock(&faulty.lock);
}

void faulty_vfs_writes(int code)
{
    set(&faulty.write_code, code);
}

void faulty_vfs_syncs(int code)
{
    set(&faulty.sync_code, code);
}

void faulty_vfs_hold(void)
{
    pthread_mutex_lock(&faulty.lock);
    faulty.hold = true;
    faulty.held = false;
    pthread_mutex_unlock(&faulty.lock);
}

void faulty_vfs_await_held(void)
{
    pthread_mutex_lock(&faulty.lock);
    while (!faulty.held)
        pthread_cond_wait(&faulty.changed, &faulty.lock);
    pthread_mutex_unlock(&faulty.lock);
}

void faulty_vfs_release(void)
{
    pthread_mutex_lock(&faulty.lock);
    faulty.hold = false;
    pthread_cond_broadcast(&faulty.changed);
    pthread_mutex_unlock(&faulty.lock);
}

unsigned faulty_vfs_sync_count(void)
{
    pthread_mutex_lock(&faulty.lock);
    unsigned count = faulty.syncs;
    faulty.syncs = 0;
    pthread_mutex_unlock(&faulty.lock);
    return count;
}
