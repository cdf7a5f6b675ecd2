/* SQLite's file layer with a switch: the next writes or syncs fail or wait, and syncs are counted.
 *
 * Becomes the default of the process; the switch may be turned from any thread. */
#ifndef DRAGOMAN_TESTS_SUPPORT_FAULTY_VFS_H
#define DRAGOMAN_TESTS_SUPPORT_FAULTY_VFS_H

void faulty_vfs_install(void);
/* SQLITE_FULL, SQLITE_IOERR_WRITE, ...; 0: writes work. */
void faulty_vfs_writes(int code);
/* SQLITE_IOERR_FSYNC; 0: syncs work. */
void faulty_vfs_syncs(int code);
/* Syncs wait from now on, until the release; await_held returns when one does. */
void faulty_vfs_hold(void);
void faulty_vfs_await_held(void);
void faulty_vfs_release(void);
/* Since the last call. */
unsigned faulty_vfs_sync_count(void);

#endif
