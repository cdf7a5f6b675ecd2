#include <stdlib.h>

#include <openssl/pem.h>

#include "gateway/keys/file.h"
#include "gateway/keys/keys.h"
#include "mapping/model/limits.h"

bool keys_load_octets(const char *path, struct arena *arena, struct bytes *octets,
                      struct failure *why)
{
    return file_read(path, LIMIT_CONFIG_OCTETS, arena, octets, why);
}

void certificate_list_clear(struct certificate_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        certificate_unref(list->items[i]);
    free(list->items);
    *list = (struct certificate_list){0};
}

static bool add(void *context, struct bytes der, struct failure *why)
{
    struct certificate_list *list = context;
    struct certificate *certificate;
    if (!certificate_parse(der, &certificate, why))
        return false;
    struct certificate **items =
        realloc(list->items, (list->count + 1) * sizeof(struct certificate *));
    if (items == NULL)
        abort();
    list->items = items;
    list->items[list->count++] = certificate;
    return true;
}

bool keys_load_certificates(const char *path, struct certificate_list *list, struct failure *why)
{
    struct arena *arena = arena_new();
    const size_t before = list->count;
    struct bytes octets;
    bool good = file_read(path, LIMIT_CONFIG_OCTETS, arena, &octets, why) &&
                file_blocks(octets, path, PEM_STRING_X509, add, list, why);
    if (good && list->count == before)
        good = fail_file(why, path, "the file holds no certificate");
    arena_free(arena);
    return good;
}

/* ---- trust ---------------------------------------------------------------------------------- */

struct crl_list {
    struct arena *arena;
    struct bytes *items;
    size_t count, room;
};

static bool add_crl(void *context, struct bytes der, struct failure *why)
{
    struct crl_list *list = context;
    (void)why;
    if (list->count == list->room) {
        list->room = list->room == 0 ? 8 : list->room * 2;
        struct bytes *items = arena_array(list->arena, list->room, sizeof(*items));
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof(*items));
        list->items = items;
    }
    list->items[list->count++] = arena_copy(list->arena, der);
    return true;
}

static bool load_crls(const struct trust_files *files, struct crl_list *list, struct failure *why)
{
    for (size_t i = 0; i < files->crl_count; i++) {
        const char *path = files->crls[i];
        const size_t before = list->count;
        struct bytes octets;
        if (!file_read(path, LIMIT_CRL_OCTETS, list->arena, &octets, why) ||
            !file_blocks(octets, path, PEM_STRING_X509_CRL, add_crl, list, why))
            return false;
        if (list->count == before)
            return fail_file(why, path, "the file holds no revocation list");
    }
    return true;
}

bool keys_load_trust(const struct trust_files *files, struct trust **out, struct failure *why)
{
    struct crl_list crls = {.arena = arena_new()};
    struct certificate_list anchors = {0};
    bool good = load_crls(files, &crls, why);
    for (size_t i = 0; good && i < files->anchor_count; i++)
        good = keys_load_certificates(files->anchors[i], &anchors, why);
    if (good) {
        *out = trust_new(anchors.items, anchors.count, crls.items, crls.count, files->flags, why);
        good = *out != NULL;
    }
    certificate_list_clear(&anchors);
    arena_free(crls.arena);
    return good;
}
