/* dragoman inspect: any message, request, certificate or CRL as text or JSON. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/inspect.h"
#include "gateway/cli/cli.h"
#include "mapping/model/limits.h"

/* Up to one octet more than inspect takes, so that it is it that says no. */
static bool read_all(FILE *file, struct arena *arena, struct bytes *out)
{
    size_t room = LIMIT_CRL_OCTETS + 1;
    uint8_t *octets = malloc(room);
    if (octets == NULL)
        return false;
    size_t size = fread(octets, 1, room, file);
    *out = arena_copy(arena, bytes_of(octets, size));
    free(octets);
    return ferror(file) == 0;
}

static bool read_file(const char *path, struct arena *arena, struct bytes *out)
{
    if (strcmp(path, "-") == 0)
        return read_all(stdin, arena, out);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return false;
    bool good = read_all(file, arena, out);
    fclose(file);
    return good;
}

static json_t *json_of(const struct node *node);

/* Of several children with one name an array is made. */
static void set_child(json_t *object, const struct node *child)
{
    json_t *before = json_object_get(object, child->name), *value = json_of(child);
    if (before == NULL) {
        json_object_set_new(object, child->name, value);
        return;
    }
    if (!json_is_array(before)) {
        json_t *array = json_array();
        json_array_append(array, before);
        json_object_set_new(object, child->name, array);
        before = array;
    }
    json_array_append_new(before, value);
}

static json_t *json_of(const struct node *node)
{
    if (node->first_child == NULL && node->value != NULL)
        return json_string(node->value);
    json_t *object = json_object();
    if (node->value != NULL)
        json_object_set_new(object, "value", json_string(node->value));
    for (const struct node *child = node->first_child; child != NULL; child = child->next)
        set_child(object, child);
    return object;
}

static void print_json(const struct node *root, const char *path)
{
    json_t *object = json_object();
    json_object_set_new(object, "file", json_string(path));
    json_object_set_new(object, root->name, json_of(root));
    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(object);
}

static bool inspect_file(const char *path, bool as_json, bool with_name)
{
    struct arena *arena = arena_new();
    struct bytes octets;
    struct node *root;
    struct failure why = {0};
    bool good = false;
    if (!read_file(path, arena, &octets))
        fprintf(stderr, "dragoman inspect: %s: %s\n", path, strerror(errno));
    else if (!inspect(octets, arena, &root, &why))
        fprintf(stderr, "dragoman inspect: %s: %s (%s)%s%s\n", path, why.text, why.clause,
                why.detail[0] == '\0' ? "" : "; ", why.detail);
    else
        good = true;
    if (good && as_json)
        print_json(root, path);
    else if (good) {
        struct bytes lines = node_lines(root, arena);
        if (with_name)
            printf("%s:\n", path);
        fwrite(lines.data, 1, lines.size, stdout);
    }
    arena_free(arena);
    return good;
}

int cmd_inspect(int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {0}};
    bool as_json = false, good = true;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option != 'j')
            return cli_usage("inspect");
        as_json = true;
    }
    if (optind == argc)
        return cli_usage("inspect");
    for (int i = optind; i < argc; i++)
        good = inspect_file(argv[i], as_json, argc - optind > 1) && good;
    return good ? CLI_OK : CLI_FAILED;
}
