/* Codes as words, and words that stay with a result where the code cannot. */
#include "mapping/codes.h"
#include "mapping/model/limits.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

const char *cmp_fail_info_name(int bit)
{
    enum reason reason = reason_from_cmp_bit(bit);
    return reason == REASON_VENDOR ? NULL : reason_row(reason)->word;
}

const char *cmc_fail_info_name(long value)
{
    /* RFC 10002 6.1.4; not the words of the reasons, which are CMP's where CMP has one. */
    static const char *const names[] = {
        "badAlg",         "badMessageCheck", "badRequest",  "badTime",      "badCertId",
        "unsupportedExt", "mustArchiveKeys", "badIdentity", "popRequired",  "popFailed",
        "noKeyReuse",     "internalCAError", "tryLater",    "authDataFail",
    };
    return value >= 0 && value < (long)COUNT(names) ? names[value] : NULL;
}

static const char *code_name(struct source_code source)
{
    if (source.protocol == PROTOCOL_CMP)
        return source.value > 31 ? NULL : cmp_fail_info_name((int)source.value);
    if (source.protocol == PROTOCOL_CMC)
        return cmc_fail_info_name(source.value);
    return NULL;
}

/* "[cmp:badCertTemplate]", "[cmc:1001]", "[http:409]". */
static struct bytes code_tag(struct source_code source, struct arena *arena)
{
    const char *language =
        source.protocol == PROTOCOL_EST ? "http" : protocol_word(source.protocol);
    const char *name = code_name(source);
    return bytes_of_text(name != NULL ? arena_printf(arena, "[%s:%s]", language, name)
                                      : arena_printf(arena, "[%s:%ld]", language, source.value));
}

/* At most `size` octets of UTF-8, cut between two code points. */
static struct bytes cut(struct bytes text, size_t size)
{
    if (text.size <= size)
        return text;
    while (size > 0 && (text.data[size] & 0xc0) == 0x80)
        size--;
    return bytes_slice(text, 0, size);
}

static bool ends_with(struct bytes text, struct bytes end)
{
    return text.size >= end.size &&
           bytes_equal(bytes_slice(text, text.size - end.size, end.size), end);
}

void result_keep_code(struct result *result, struct arena *arena)
{
    if (!result->has_source)
        return;
    struct bytes tag = code_tag(result->source, arena);
    if (ends_with(result->text, tag))
        return;
    struct bytes text = cut(result->text, LIMIT_PEER_TEXT_OCTETS - tag.size - 1);
    result->text = bytes_of_text(arena_printf(
        arena, "%.*s%s%.*s", (int)text.size, text.size > 0 ? (const char *)text.data : "",
        text.size > 0 ? " " : "", (int)tag.size, (const char *)tag.data));
}

void result_blame_gateway(struct result *result, struct arena *arena)
{
    struct result blamed = *result;
    blamed.reason_count = 0;
    for (size_t i = 0; i < result->reason_count; i++) {
        bool hop = reason_row(result->reasons[i])->scope == REASON_SCOPE_HOP;
        result_add_reason(&blamed, hop ? REASON_GATEWAY_FAULT : result->reasons[i]);
    }
    bool found = false;
    for (size_t i = 0; i < blamed.reason_count; i++)
        found = found || blamed.reasons[i] == REASON_GATEWAY_FAULT;
    if (!found)
        return;
    const char *ours = reason_row(REASON_GATEWAY_FAULT)->text;
    struct bytes theirs = result->text;
    blamed.text =
        bytes_of_text(theirs.size == 0 ? ours
                                       : arena_printf(arena, "%s: %.*s", ours, (int)theirs.size,
                                                      (const char *)theirs.data));
    blamed.text = cut(blamed.text, LIMIT_PEER_TEXT_OCTETS);
    *result = blamed;
    result_keep_code(result, arena);
}
