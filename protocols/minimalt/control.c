/* control.c - the calls of the control connection, in the paper's order. */
#include "protocols/minimalt/minimalt.h"

bool mt_control_say(struct minimalt *mt, struct mt_tunnel *t, enum mt_call call,
                    const void *arguments, size_t len)
{
    return mt_calls_put(&t->control, mt->env, 0, call, arguments, len);
}

bool mt_control_say_of(struct minimalt *mt, struct mt_tunnel *t, enum mt_call call,
                       uint32_t connection)
{
    uint8_t arguments[4];
    struct sd_writer w = sd_writer_of(arguments, sizeof arguments);
    sd_put32(&w, connection);
    return mt_control_say(mt, t, call, arguments, sizeof arguments);
}

/* -- what is said of a connection -- */

static int on_refuse(struct minimalt *mt, struct mt_tunnel *t, struct sd_reader *arguments)
{
    uint32_t id = sd_get32(arguments);
    struct mt_connection *c = mt_connection_by_id(t, id);
    if (id == 0 && t->purpose == MT_FOR_LOOKUPS) {
        mt_lookup_refused(mt, t);
        return SD_OK;
    }
    if (!c || !c->initiator)
        return SD_DROP_UNKNOWN;
    mt_connection_end(mt, c, SD_EV_ERROR, MT_CALL_REFUSE, "the server refused the connection");
    return SD_OK;
}

static int on_close(struct minimalt *mt, struct mt_tunnel *t, struct sd_reader *arguments)
{
    struct mt_connection *c = mt_connection_by_id(t, sd_get32(arguments));
    if (!c)
        return SD_OK; /* both closed it */
    if (c->held) {
        c->held->closed = true;
        return SD_OK;
    }
    mt_connection_end(mt, c, SD_EV_CLOSED, 0, "by the other side");
    return SD_OK;
}

static int on_window_size(struct mt_tunnel *t, struct sd_reader *arguments)
{
    struct mt_connection *c = mt_connection_by_id(t, sd_get32(arguments));
    uint64_t welcome = sd_get64(arguments);
    if (c && welcome > c->welcome)
        c->welcome = welcome;
    return SD_OK;
}

int mt_control_handle(struct minimalt *mt, struct mt_tunnel *t, struct mt_said *said)
{
    switch (said->call) {
    case MT_CALL_NEXT_TID:
        return mt_rekey_announced(mt, t, &said->arguments);
    case MT_CALL_REKEY_NOW:
        if (!t->initiator)
            return SD_DROP_STATE;
        mt_rekey_ask(mt, t);
        return SD_OK;
    case MT_CALL_CREATE:
    case MT_CALL_CREATE_AUTH:
        return mt_create_asked(mt, t, said);
    case MT_CALL_ACK:
        return t->initiator ? SD_OK : SD_DROP_STATE;
    case MT_CALL_REFUSE:
        return on_refuse(mt, t, &said->arguments);
    case MT_CALL_CLOSE:
        return on_close(mt, t, &said->arguments);
    case MT_CALL_REQUEST_CERT:
        return mt_directory_asked(mt, t, &said->arguments);
    case MT_CALL_GIVE_CERT:
        return mt_directory_given(mt, t, &said->arguments);
    case MT_CALL_OK:
        return t->purpose == MT_FOR_PUBLISHING ? SD_OK : SD_DROP_STATE;
    case MT_CALL_PUZZLE:
        return mt_puzzle_asked(mt, t, &said->arguments);
    case MT_CALL_PUZZLE_SOLUTION:
        return mt_puzzle_answered(mt, t, &said->arguments);
    case MT_CALL_BESIDE:
        return mt_create_beside_asked(mt, t, &said->arguments);
    case MT_CALL_WINDOW_SIZE:
        return on_window_size(t, &said->arguments);
    default:
        return SD_DROP_UNKNOWN;
    }
}
