/* Shared secrets by reference: an open-addressed table, since a fleet may have a million. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "adapters/pkix/credentials.h"

enum { FIRST_ROOM = 16 };

/* Reference and secret are one block, the reference first. */
struct entry {
    uint8_t *octets; /* NULL: free */
    size_t reference_size;
    size_t secret_size;
};

struct secrets {
    atomic_size_t references;
    struct entry *entries;
    size_t room; /* a power of two, more than half of it free */
    size_t count;
};

static void *take_memory(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) {
        fputs("dragoman: out of memory\n", stderr);
        abort();
    }
    return memory;
}

struct secrets *secrets_new(void)
{
    struct secrets *secrets = take_memory(1, sizeof(*secrets));
    atomic_init(&secrets->references, 1);
    secrets->room = FIRST_ROOM;
    secrets->entries = take_memory(secrets->room, sizeof(struct entry));
    return secrets;
}

/* FNV-1a. The operator chose the references, so nobody can make them collide. */
static uint64_t hash(struct bytes b)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < b.size; i++)
        h = (h ^ b.data[i]) * 0x100000001b3u;
    return h;
}

/* The entry of that reference, or the free one where it belongs. */
static struct entry *find(const struct secrets *secrets, struct bytes reference)
{
    size_t mask = secrets->room - 1;
    for (size_t i = hash(reference) & mask;; i = (i + 1) & mask) {
        struct entry *entry = &secrets->entries[i];
        if (entry->octets == NULL ||
            bytes_equal(bytes_of(entry->octets, entry->reference_size), reference))
            return entry;
    }
}

static void clear_entry(struct entry *entry)
{
    if (entry->octets == NULL)
        return;
    OPENSSL_cleanse(entry->octets, entry->reference_size + entry->secret_size);
    free(entry->octets);
    entry->octets = NULL;
}

static void grow(struct secrets *secrets)
{
    struct entry *old = secrets->entries;
    size_t old_room = secrets->room;
    secrets->room *= 2;
    secrets->entries = take_memory(secrets->room, sizeof(struct entry));
    for (size_t i = 0; i < old_room; i++) {
        if (old[i].octets != NULL)
            *find(secrets, bytes_of(old[i].octets, old[i].reference_size)) = old[i];
    }
    free(old);
}

void secrets_add(struct secrets *secrets, struct bytes reference, struct bytes secret)
{
    if (secrets->count * 2 >= secrets->room)
        grow(secrets);
    struct entry *entry = find(secrets, reference);
    if (entry->octets == NULL)
        secrets->count++;
    clear_entry(entry);
    entry->octets = take_memory(1, reference.size + secret.size + 1);
    entry->reference_size = reference.size;
    entry->secret_size = secret.size;
    if (reference.size > 0)
        memcpy(entry->octets, reference.data, reference.size);
    if (secret.size > 0)
        memcpy(entry->octets + reference.size, secret.data, secret.size);
}

bool secrets_find(const struct secrets *secrets, struct bytes reference, struct bytes *secret)
{
    const struct entry *entry = find(secrets, reference);
    if (entry->octets == NULL)
        return false;
    *secret = bytes_of(entry->octets + entry->reference_size, entry->secret_size);
    return true;
}

size_t secrets_count(const struct secrets *secrets)
{
    return secrets->count;
}

void secrets_each(const struct secrets *secrets,
                  void (*visit)(void *context, struct bytes reference, struct bytes secret),
                  void *context)
{
    for (size_t i = 0; i < secrets->room; i++) {
        const struct entry *entry = &secrets->entries[i];
        if (entry->octets != NULL)
            visit(context, bytes_of(entry->octets, entry->reference_size),
                  bytes_of(entry->octets + entry->reference_size, entry->secret_size));
    }
}

struct secrets *secrets_ref(struct secrets *secrets)
{
    if (secrets != NULL)
        atomic_fetch_add_explicit(&secrets->references, 1, memory_order_relaxed);
    return secrets;
}

void secrets_unref(struct secrets *secrets)
{
    if (secrets == NULL || atomic_fetch_sub(&secrets->references, 1) != 1)
        return;
    for (size_t i = 0; i < secrets->room; i++)
        clear_entry(&secrets->entries[i]);
    free(secrets->entries);
    free(secrets);
}
