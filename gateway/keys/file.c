#include "gateway/keys/file.h"

#include <errno.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/pem.h>

bool fail_file(struct failure *why, const char *path, const char *text)
{
    fail(why, REASON_INTERNAL, NULL, "%s", text);
    return fail_detail(why, "%s", path);
}

bool file_read(const char *path, size_t most, struct arena *arena, struct bytes *octets,
               struct failure *why)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_file(why, path, "the file cannot be read");
        return fail_detail(why, "%s", strerror(errno));
    }
    setvbuf(file, NULL, _IONBF, 0); /* no copy of a key stays in stdio's buffer */
    struct bytes read = BYTES_EMPTY;
    bool good = fseek(file, 0, SEEK_END) == 0;
    const long size = ftell(file);
    good = good && size >= 0 && (size_t)size <= most && fseek(file, 0, SEEK_SET) == 0;
    if (good) {
        uint8_t *memory = arena_alloc(arena, (size_t)size + 1);
        read = bytes_of(memory, fread(memory, 1, (size_t)size, file));
        good = read.size == (size_t)size;
    }
    fclose(file);
    if (!good)
        return fail_file(why, path,
                         size > 0 && (size_t)size > most ? "the file is too large"
                                                         : "the file cannot be read");
    *octets = read;
    return true;
}

static bool is_pem(struct bytes octets)
{
    return octets.size > 0 && memmem(octets.data, octets.size, "-----BEGIN ", 11) != NULL;
}

/* The next block of any label; false at the end, and with *broken if that came too early. */
static bool next_block(BIO *bio, char **label, uint8_t **data, long *size, bool *broken)
{
    char *header = NULL;
    if (PEM_read_bio(bio, label, &header, data, size) == 1) {
        OPENSSL_free(header);
        return true;
    }
    *broken = ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
    ERR_clear_error();
    return false;
}

bool file_blocks(struct bytes octets, const char *path, const char *label,
                 bool (*visit)(void *context, struct bytes der, struct failure *why), void *context,
                 struct failure *why)
{
    if (!is_pem(octets))
        return visit(context, octets, why) || fail_detail(why, "%s", path);
    BIO *bio = BIO_new_mem_buf(octets.data, (int)octets.size);
    char *found = NULL;
    uint8_t *data = NULL;
    long size = 0;
    bool broken = bio == NULL, good = true;
    while (good && !broken && next_block(bio, &found, &data, &size, &broken)) {
        if (strcmp(found, label) == 0)
            good =
                visit(context, bytes_of(data, (size_t)size), why) || fail_detail(why, "%s", path);
        OPENSSL_free(found);
        OPENSSL_clear_free(data, (size_t)size);
    }
    BIO_free(bio);
    return good && (!broken || fail_file(why, path, "the file holds broken PEM"));
}
