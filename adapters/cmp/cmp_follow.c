/* certConf, pkiconf, pollReq and error: messages that belong to an open exchange
 * (RFC 9810 5.3.17, 5.3.18, 5.3.21, 5.3.22). */
#include "adapters/cmp/cmp_body.h"
#include "mapping/model/limits.h"

enum { STATUS_ACCEPTED = 0, STATUS_REJECTION = 2, POLL_ALL = -1, P10CR_ID = -1 };

/* Devices write the certReqId of a p10cr as -1 or 0 (RFC 9483 4.1.4, and its erratum). */
static int64_t our_id(const struct cmp_decoding *decoding, int64_t id)
{
    return decoding->leg.opening == CMP_P10CR && id == 0 ? P10CR_ID : id;
}

/* RFC 9483 4.1.1: accepted or rejection and nothing else; failInfo only beside a rejection. */
static bool read_verdict(struct bytes status_info, struct arena *arena,
                         struct confirmation *confirmation, struct failure *why)
{
    struct cmp_status_info info;
    int64_t status;
    confirmation->accepted = true;
    if (bytes_is_empty(status_info))
        return true;
    if (!cmp_read(&cmp_status_info_shape, status_info, &info, why))
        return false;
    if (!cmp_integer(info.status, &status) ||
        (status != STATUS_ACCEPTED && status != STATUS_REJECTION))
        return fail(why, REASON_BAD_REQUEST, "RFC 9483 4.1.1",
                    "status of a certConf must be accepted or rejection");
    confirmation->accepted = status == STATUS_ACCEPTED;
    confirmation->text = cmp_free_text_read(info.status_string, arena);
    confirmation->cmp_bits = cmp_fail_info_read(info.fail_info);
    if (confirmation->accepted && confirmation->cmp_bits != 0)
        return fail(why, REASON_BAD_REQUEST, "RFC 9483 4.1.1",
                    "certConf accepts a certificate and gives failInfo");
    return true;
}

static bool read_cert_status(const struct cmp_decoding *decoding, struct bytes tlv,
                             struct confirmation *confirmation, struct failure *why)
{
    struct cmp_cert_status status;
    int64_t id;
    if (!cmp_read(&cmp_cert_status_shape, tlv, &status, why))
        return false;
    if (!cmp_integer(status.cert_req_id, &id) ||
        !cmp_leg_was_granted(&decoding->leg, our_id(decoding, id)))
        return fail(why, REASON_BAD_REQUEST, "RFC 9483 5.1.2",
                    "certReqId of the certConf names no certificate of this transaction");
    if (status.hash_alg.size > 0 && decoding->pvno < 3)
        return fail(why, REASON_BAD_REQUEST, "RFC 9810 7", "hashAlg in a certConf needs pvno 3");
    confirmation->inbound_id = our_id(decoding, id);
    confirmation->hash = status.cert_hash;
    confirmation->hash_algorithm = status.hash_alg;
    return read_verdict(status.status_info, decoding->arena, confirmation, why);
}

/* A verdict on every certificate that was delivered, from a list that speaks of some. */
static void add_unnamed(const struct cmp_decoding *decoding, bool accepted, struct request *request)
{
    const size_t named = request->confirmation_count;
    for (size_t g = 0; g < decoding->leg.granted_count; g++) {
        size_t i = 0;
        while (i < named && request->confirmations[i].inbound_id != decoding->leg.granted[g])
            i++;
        if (i == named)
            request->confirmations[request->confirmation_count++] = (struct confirmation){
                .inbound_id = decoding->leg.granted[g], .accepted = accepted, .unhashed = true};
    }
}

/* CertConfirmContent ::= SEQUENCE OF CertStatus. A certificate that it leaves out is rejected
 * (RFC 9810 5.3.18). */
bool cmp_read_cert_conf(struct cmp_decoding *decoding, struct request *request, struct failure *why)
{
    struct der list, element;
    if (!der_only(decoding->content, DER_SEQUENCE, &list) || cmp_count(list.content) > LIMIT_ITEMS)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 9810 5.3.18",
                    "certConf is malformed or too long");
    request->confirmations =
        arena_array(decoding->arena, 2 * LIMIT_ITEMS, sizeof(*request->confirmations));
    while (der_next(&list.content, &element)) {
        struct confirmation *confirmation = &request->confirmations[request->confirmation_count];
        if (!read_cert_status(decoding, element.whole, confirmation, why))
            return false;
        for (size_t i = 0; i < request->confirmation_count; i++) {
            if (request->confirmations[i].inbound_id == confirmation->inbound_id)
                return fail(why, REASON_BAD_REQUEST, "RFC 9810 5.3.18",
                            "certConf names one certReqId twice");
        }
        request->confirmation_count++;
    }
    add_unnamed(decoding, false, request);
    return true;
}

/* PKIConfirmContent ::= NULL. From a device: all is accepted (RFC 9810 5.3.17). */
bool cmp_read_pki_conf(struct cmp_decoding *decoding, struct request *request, struct failure *why)
{
    struct der null;
    if (!der_only(decoding->content, DER_NULL, &null))
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 9810 5.3.17", "pkiconf is not NULL");
    request->confirmations =
        arena_array(decoding->arena, LIMIT_ITEMS, sizeof(*request->confirmations));
    add_unnamed(decoding, true, request);
    return true;
}

/* -1 asks for all that waits (RFC 9483 4.4), but is also what a p10cr is called. */
static bool read_poll_id(const struct cmp_decoding *decoding, struct bytes tlv, int64_t *sent,
                         struct failure *why)
{
    struct cmp_poll poll;
    if (!cmp_read(&cmp_poll_req_shape, tlv, &poll, why))
        return false;
    if (!cmp_integer(poll.cert_req_id, sent) ||
        (*sent != POLL_ALL && !cmp_leg_has_id(&decoding->leg, our_id(decoding, *sent))))
        return fail(why, REASON_BAD_REQUEST, "RFC 9810 5.3.22",
                    "certReqId of the pollReq names no request of this transaction");
    return true;
}

bool cmp_read_poll(struct cmp_decoding *decoding, struct request *request, struct failure *why)
{
    struct cmp_leg *leg = &decoding->leg;
    struct der list, element;
    if (!der_only(decoding->content, DER_SEQUENCE, &list) || bytes_is_empty(list.content) ||
        cmp_count(list.content) > LIMIT_ITEMS)
        return fail(why, REASON_BAD_DATA_FORMAT, "RFC 9810 5.3.22",
                    "pollReq is empty, malformed or too long");
    request->poll_ids = arena_array(decoding->arena, LIMIT_ITEMS, sizeof(*request->poll_ids));
    leg->polled = arena_array(decoding->arena, LIMIT_ITEMS, sizeof(*leg->polled));
    leg->polled_count = 0;
    while (der_next(&list.content, &element)) {
        int64_t sent;
        if (!read_poll_id(decoding, element.whole, &sent, why))
            return false;
        leg->polled[leg->polled_count++] = sent;
        request->poll_ids[request->poll_count++] = our_id(decoding, sent);
    }
    return true;
}

bool cmp_read_error(struct cmp_decoding *decoding, struct request *request, struct failure *why)
{
    struct cmp_error error;
    struct cmp_status_info info;
    if (!cmp_read(&cmp_error_shape, decoding->content, &error, why) ||
        !cmp_read(&cmp_status_info_shape, error.status_info, &info, why))
        return false;
    request->text = cmp_free_text_read(bytes_is_empty(info.status_string) ? error.error_details
                                                                          : info.status_string,
                                       decoding->arena);
    return true;
}
