#include "tests/support/cmocka_all.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "gateway/http/addresses.h"

static struct address read_from(int family, const char *host, uint16_t port,
                                char text[ADDRESS_TEXT])
{
    struct sockaddr_storage from = {.ss_family = (sa_family_t)family};
    struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct address address;
    if (family == AF_INET) {
        assert_int_equal(inet_pton(AF_INET, host, &ipv4.sin_addr), 1);
        memcpy(&from, &ipv4, sizeof(ipv4));
    } else {
        assert_int_equal(inet_pton(AF_INET6, host, &ipv6.sin6_addr), 1);
        memcpy(&from, &ipv6, sizeof(ipv6));
    }
    address_read(&from, &address, text);
    return address;
}

static void addresses_have_their_usual_text(void **state)
{
    static const struct {
        int family;
        const char *host;
        const char *text;
    } cases[] = {
        {AF_INET, "192.0.2.1", "192.0.2.1:4711"},
        {AF_INET6, "2001:db8::1", "[2001:db8::1]:4711"},
        {AF_INET6, "::1", "[::1]:4711"},
        {AF_INET6, "::ffff:192.0.2.1", "192.0.2.1:4711"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[ADDRESS_TEXT];
        read_from(cases[i].family, cases[i].host, 4711, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void check_same(int family, const char *a, int other_family, const char *b, bool same)
{
    char text[ADDRESS_TEXT];
    struct address first = read_from(family, a, 1, text);
    struct address second = read_from(other_family, b, 2, text);
    assert_true((memcmp(&first, &second, sizeof(first)) == 0) == same);
}

static void a_host_is_one_whatever_it_calls_itself(void **state)
{
    (void)state;
    check_same(AF_INET, "192.0.2.1", AF_INET, "192.0.2.1", true);
    check_same(AF_INET, "192.0.2.1", AF_INET, "192.0.2.2", false);
    check_same(AF_INET, "192.0.2.1", AF_INET6, "::ffff:192.0.2.1", true);
    check_same(AF_INET6, "2001:db8:1:2::1", AF_INET6, "2001:db8:1:2:ffff::9", true);
    check_same(AF_INET6, "2001:db8:1:2::1", AF_INET6, "2001:db8:1:3::1", false);
}

static void each_address_has_its_own_count(void **state)
{
    static struct addresses addresses;
    char text[ADDRESS_TEXT];
    (void)state;
    struct address a = read_from(AF_INET, "192.0.2.1", 1, text);
    struct address b = read_from(AF_INET, "192.0.2.2", 1, text);
    assert_false(addresses_enter(&addresses, &a, 0));
    assert_true(addresses_enter(&addresses, &a, 2));
    assert_true(addresses_enter(&addresses, &a, 2));
    assert_false(addresses_enter(&addresses, &a, 2));
    assert_true(addresses_enter(&addresses, &b, 2));
    addresses_leave(&addresses, &a);
    assert_true(addresses_enter(&addresses, &a, 2));
    addresses_leave(&addresses, &a);
    addresses_leave(&addresses, &a);
    addresses_leave(&addresses, &b);
}

/* More addresses than buckets, so that some share one. */
static void many_addresses_come_and_go(void **state)
{
    enum { MANY = 3 * ADDRESS_BUCKETS };
    static struct addresses addresses;
    static struct address all[MANY];
    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        memcpy(all[i].octets, &i, sizeof(i));
        assert_true(addresses_enter(&addresses, &all[i], 1));
    }
    for (size_t i = 0; i < MANY; i++)
        assert_false(addresses_enter(&addresses, &all[i], 1));
    for (size_t i = 0; i < MANY; i++)
        addresses_leave(&addresses, &all[i * 7 % MANY]);
    for (size_t i = 0; i < ADDRESS_BUCKETS; i++)
        assert_null(addresses.buckets[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_have_their_usual_text),
        cmocka_unit_test(a_host_is_one_whatever_it_calls_itself),
        cmocka_unit_test(each_address_has_its_own_count),
        cmocka_unit_test(many_addresses_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
