#include "protocols/minimalt/calls.h"

/* How long arguments are, and where the call belongs. */
static const struct {
    uint16_t least, most;
    bool control;
} forms[MT_CALLS] = {
    [MT_CALL_NEXT_TID] = {8 + MT_KEY_LEN, 8 + MT_KEY_LEN, true},
    [MT_CALL_REKEY_NOW] = {0, 0, true},
    [MT_CALL_CREATE] = {4, 4 + MT_SERVICE_MAX, true},
    [MT_CALL_CREATE_AUTH] = {4 + MT_KEY_LEN + MT_AUTHENTICATOR,
                             4 + MT_KEY_LEN + MT_AUTHENTICATOR + MT_SERVICE_MAX, true},
    [MT_CALL_ACK] = {4, 4, true},
    [MT_CALL_REFUSE] = {4, 4, true},
    [MT_CALL_CLOSE] = {4, 4, true},
    [MT_CALL_REQUEST_CERT] = {MT_KEY_LEN, MT_KEY_LEN, true},
    [MT_CALL_GIVE_CERT] = {MT_CERTIFICATE(0) + MT_EPHEMERAL, MT_RECORD_MAX, true},
    [MT_CALL_OK] = {0, 0, true},
    [MT_CALL_PUZZLE] = {MT_PUZZLE_LEN + 8, MT_PUZZLE_LEN + 8, true},
    [MT_CALL_PUZZLE_SOLUTION] = {MT_PUZZLE_R + 8, MT_PUZZLE_R + 8, true},
    [MT_CALL_WINDOW_SIZE] = {12, 12, true},
    [MT_CALL_BESIDE] = {16, 16, true},
    [MT_CALL_DATA] = {0, UINT16_MAX, false},
};

static bool only_zeros(struct sd_reader *r)
{
    bool zeros = true;
    while (sd_left(r) > 0)
        zeros &= sd_get8(r) == 0;
    return zeros;
}

bool mt_calls_next(struct sd_reader *r, struct mt_said *said)
{
    if (sd_left(r) < MT_CALL_HEADER) {
        r->bad |= !only_zeros(r);
        return false;
    }
    said->connection = sd_get32(r);
    uint8_t call = sd_get8(r);
    size_t len = sd_get16(r);
    said->call = call < MT_CALLS ? (enum mt_call)call : MT_CALLS;
    if (call == MT_CALL_NONE) {
        r->bad |= said->connection != 0 || len != 0 || !only_zeros(r);
        return false;
    }
    said->arguments = sd_get_sub(r, len);
    r->bad |= call >= MT_CALLS || len < forms[call].least || len > forms[call].most ||
              forms[call].control != (said->connection == 0);
    return !r->bad;
}

bool mt_calls_valid(struct sd_reader r)
{
    struct mt_said said;
    while (mt_calls_next(&r, &said))
        ;
    return !r.bad;
}

bool mt_calls_put(struct mt_queue *q, struct sd_env *env, uint32_t connection, enum mt_call call,
                  const void *arguments, size_t len)
{
    uint8_t bytes[MT_CALL_HEADER + MT_RECORD_MAX];
    struct sd_writer w = sd_writer_of(bytes, sizeof bytes);
    sd_put32(&w, connection);
    sd_put8(&w, (uint8_t)call);
    sd_put16(&w, (uint16_t)len);
    sd_put(&w, arguments, len);
    return !w.bad && mt_queue_put(q, env, bytes, sd_written(&w));
}

size_t mt_calls_first(const struct mt_queue *q, enum mt_call *call)
{
    struct sd_reader r = sd_reader_of(mt_queue_first(q), q->len);
    sd_get32(&r);
    *call = (enum mt_call)sd_get8(&r);
    return MT_CALL_HEADER + (size_t)sd_get16(&r);
}
