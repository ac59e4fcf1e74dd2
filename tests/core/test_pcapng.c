/* test_pcapng.c - captures: the blocks by hand, and as tshark reads them where it is installed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/core/pcapng.h"
#include "sim/core/reader.h"
#include "tests/core/unit.h"

static char directory[] = "pcapng-test-XXXXXX";
static char capture[64], keys[64];

/* An IPv4 UDP packet of 29 bytes: "x" from 10.0.0.1:4433 to 10.0.0.2:5000. */
static const uint8_t packet[29] = {0x45, 0,    0,    29,   0, 0, 0,  0, 64, 17,
                                   0x66, 0xce, 10,   0,    0, 1, 10, 0, 0,  2,
                                   0x11, 0x51, 0x13, 0x88, 0, 9, 0,  0, 'x'};

static size_t slurp(const char *path, uint8_t *to, size_t cap)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t len = fread(to, 1, cap, f);
    fclose(f);
    return len;
}

static void write_capture(void)
{
    struct sd_pcapng *p = sd_pcapng_new("Shakedown");
    assert_non_null(p);
    assert_int_equal(sd_pcapng_interface(p, "client.0"), 0);
    assert_int_equal(
        sd_pcapng_packet(p, 0, UINT64_C(1535760000123456789), packet, sizeof packet, "the first"),
        SD_OK);
    assert_int_equal(sd_pcapng_interface(p, "server.0"), 1);
    assert_int_equal(
        sd_pcapng_packet(p, 1, UINT64_C(1535760001000000001), packet, sizeof packet, NULL), SD_OK);
    assert_int_equal(sd_pcapng_packet(p, 2, 0, packet, sizeof packet, NULL), SD_E_ARG);
    assert_int_equal(sd_pcapng_key(p, SD_KEYS_WIREGUARD, "LOCAL_STATIC_PRIVATE_KEY = AAAA"), SD_OK);
    assert_int_equal(sd_pcapng_key(p, SD_KEYS_TLS, "CLIENT_RANDOM 00 11"), SD_OK);
    assert_int_equal(sd_pcapng_key(p, SD_KEYS_IKE, "only,for,the,key,file"), SD_OK);
    struct sd_error e;
    assert_int_equal(sd_pcapng_close(p, capture, keys, &e), SD_OK);
}

static void blocks_are_in_order(void **state)
{
    (void)state;
    static const struct {
        uint32_t type, secret;
    } expected[] = {
        {0x0a0d0d0a, 0}, {1, 0}, {1, 0}, {10, 0x544c534b}, {10, 0x57474b4c}, {6, 0}, {6, 0},
    };
    uint8_t file[4096];
    write_capture();
    struct sd_reader r = sd_reader_of(file, slurp(capture, file, sizeof file));
    for (size_t i = 0; i < SD_ROWS(expected); i++) {
        assert_int_equal(sd_get32le(&r), expected[i].type);
        uint32_t len = sd_get32le(&r);
        assert_int_equal(len % 4, 0);
        struct sd_reader body = sd_get_sub(&r, len - 12);
        assert_int_equal(sd_get32le(&r), len);
        if (expected[i].secret != 0)
            assert_int_equal(sd_get32le(&body), expected[i].secret);
        if (expected[i].type == 6 && i == 5) {
            assert_int_equal(sd_get32le(&body), 0);
            uint64_t t = (uint64_t)sd_get32le(&body) << 32;
            t |= sd_get32le(&body);
            assert_true(t == UINT64_C(1535760000123456789));
            assert_int_equal(sd_get32le(&body), sizeof packet);
            assert_int_equal(sd_get32le(&body), sizeof packet);
            assert_memory_equal(sd_get(&body, sizeof packet), packet, sizeof packet);
        }
    }
    assert_false(r.bad);
    assert_int_equal(sd_left(&r), 0);
    char text[256];
    text[slurp(keys, (uint8_t *)text, sizeof text - 1)] = '\0';
    assert_string_equal(text, "LOCAL_STATIC_PRIVATE_KEY = AAAA\nCLIENT_RANDOM 00 11\n"
                              "only,for,the,key,file\n");
}

static void captures_repeat(void **state)
{
    (void)state;
    uint8_t first[4096], second[4096];
    write_capture();
    size_t len = slurp(capture, first, sizeof first);
    write_capture();
    assert_int_equal(slurp(capture, second, sizeof second), len);
    assert_memory_equal(first, second, len);
}

static void failures_leave_nothing(void **state)
{
    (void)state;
    struct sd_error e;
    struct sd_pcapng *p = sd_pcapng_new("Shakedown");
    assert_int_equal(sd_pcapng_close(p, "no-such-directory/x.pcapng", NULL, &e), SD_E_IO);
    assert_non_null(strstr(e.text, "no-such-directory/x.pcapng"));
    assert_non_null(strstr(e.text, "No such file"));
    p = sd_pcapng_new("Shakedown");
    assert_int_equal(sd_pcapng_close(p, NULL, NULL, &e), SD_OK);

    /* A full disk: the old file stays, no temporary one is left. */
    char part[80];
    write_capture();
    struct stat before, after;
    assert_int_equal(stat(capture, &before), 0);
    snprintf(part, sizeof part, "%s.part", capture);
    if (symlink("/dev/full", part) == 0) {
        p = sd_pcapng_new("Shakedown");
        sd_pcapng_interface(p, "x");
        assert_int_equal(sd_pcapng_close(p, capture, keys, &e), SD_E_IO);
        assert_non_null(strstr(e.text, "No space left"));
        assert_int_equal(stat(capture, &after), 0);
        assert_int_equal(before.st_size, after.st_size);
        assert_int_not_equal(access(part, F_OK), 0);
    }
}

static void tshark_reads_them(void **state)
{
    (void)state;
    if (system("command -v tshark >/dev/null 2>&1") != 0) {
        print_message("tshark is not installed: not judged by it\n");
        skip();
    }
    write_capture();
    char command[512], line[256];
    snprintf(command, sizeof command,
             "tshark -r %s -T fields -e frame.time_epoch -e frame.interface_name -e ip.src "
             "-e udp.dstport -e frame.comment -e udp.payload 2>/dev/null",
             capture);
    static const char *const expected[] = {
        "1535760000.123456789\tclient.0\t10.0.0.1\t5000\tthe first\t78\n",
        "1535760001.000000001\tserver.0\t10.0.0.1\t5000\t\t78\n",
    };
    FILE *f = popen(command, "r");
    assert_non_null(f);
    for (size_t i = 0; i < SD_ROWS(expected); i++) {
        assert_non_null(fgets(line, sizeof line, f));
        assert_string_equal(line, expected[i]);
    }
    assert_null(fgets(line, sizeof line, f));
    assert_int_equal(pclose(f), 0);
}

static int make_directory(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    snprintf(capture, sizeof capture, "%s/c.pcapng", directory);
    snprintf(keys, sizeof keys, "%s/c.keys", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    remove(capture);
    remove(keys);
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_in_order),
        cmocka_unit_test(captures_repeat),
        cmocka_unit_test(failures_leave_nothing),
        cmocka_unit_test(tshark_reads_them),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
