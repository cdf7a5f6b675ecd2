/* CMP (RFC 9810, RFC 9811, RFC 9483; tolerant of RFC 4210): the adapter's tables.
 *
 * A message travels like this:
 *
 *   cmp_asn1     octets <-> the RFC's structures, as slices
 *   cmp_path     which paths and media types are ours
 *   cmp_protect  who protected a message, and protection of our own
 *   cmp_leg      what is remembered between a device's messages
 *   cmp_body     the table of body types: who reads each, who answers it
 *   cmp_decode   the checks of one message, in order; bodies in cmp_enrol and cmp_follow
 *   cmp_encode   answers, cmp_refuse errors, both sealed by cmp_seal
 *   cmp_inbound  the table that the engine sees
 *
 * and towards an authority:
 *
 *   cmp_session   what is remembered between two steps
 *   cmp_request   the messages that we send
 *   cmp_response  whether an answer can be believed; cmp_verdict, what it means
 *   cmp_outbound  the machine that the engine drives
 */
#ifndef DRAGOMAN_ADAPTERS_CMP_CMP_H
#define DRAGOMAN_ADAPTERS_CMP_CMP_H

#include "adapters/adapter.h"

extern const struct inbound_adapter cmp_inbound;
extern const struct outbound_adapter cmp_outbound;

#endif
