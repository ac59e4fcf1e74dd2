/* directory.c - the directory service: ephemeral keys of this server and what it publishes, and
 * the records of others, kept by a client as its cache and by a directory to answer from.
 *
 * Every server is a directory, at least for itself. */
#include "protocols/crypto/dh.h"
#include "protocols/minimalt/minimalt.h"
#include <string.h>

/* -- records -- */

static struct mt_record **place_of(struct minimalt *mt, const uint8_t server_long[MT_KEY_LEN])
{
    for (uint32_t i = 0; i < mt->records; i++)
        if (memcmp(mt->record[i]->server_long, server_long, MT_KEY_LEN) == 0)
            return &mt->record[i];
    return NULL;
}

const struct mt_record *mt_directory_find(const struct minimalt *mt,
                                          const uint8_t server_long[MT_KEY_LEN])
{
    if (mt->own && memcmp(mt->own->server_long, server_long, MT_KEY_LEN) == 0)
        return mt->own;
    for (uint32_t i = 0; i < mt->records; i++)
        if (memcmp(mt->record[i]->server_long, server_long, MT_KEY_LEN) == 0)
            return mt_record_is_valid(mt, mt->record[i]) ? mt->record[i] : NULL;
    return NULL;
}

/* The one that is over first makes room. */
static struct mt_record **make_room(struct minimalt *mt)
{
    if (mt->records < MT_RECORDS)
        return &mt->record[mt->records++];
    struct mt_record **first = &mt->record[0];
    for (uint32_t i = 1; i < mt->records; i++)
        if (mt->record[i]->not_after < (*first)->not_after)
            first = &mt->record[i];
    return first;
}

static void keep(struct minimalt *mt, struct mt_record *record)
{
    struct mt_record **at = place_of(mt, record->server_long);
    if (!at)
        at = make_room(mt);
    sd_free(*at);
    *at = record;
}

/* -- requestCert and giveCert -- */

int mt_directory_asked(struct minimalt *mt, struct mt_tunnel *t, struct sd_reader *arguments)
{
    if (t->initiator || !(mt->role & SD_ROLE_SERVER))
        return SD_DROP_STATE;
    const struct mt_record *record = mt_directory_find(mt, sd_get(arguments, MT_KEY_LEN));
    t->serves_lookups = true;
    if (record)
        mt_control_say(mt, t, MT_CALL_GIVE_CERT, record->bytes, record->len);
    else
        mt_control_say_of(mt, t, MT_CALL_REFUSE, 0);
    return SD_OK;
}

int mt_directory_given(struct minimalt *mt, struct mt_tunnel *t, struct sd_reader *arguments)
{
    size_t len = sd_left(arguments);
    if (t->initiator && t->purpose != MT_FOR_LOOKUPS)
        return SD_DROP_STATE;
    struct mt_record *record = mt_record_read(mt, sd_get(arguments, len), len);
    if (!record)
        return SD_DROP_AUTH;
    if (t->initiator) {
        mt_lookup_answered(mt, record);
    } else {
        t->serves_lookups = true;
        mt_control_say(mt, t, MT_CALL_OK, NULL, 0);
    }
    if (t->initiator && mt->forget_records)
        sd_free(record);
    else
        keep(mt, record);
    return SD_OK;
}

/* -- a server's own record -- */

static void make_ephemeral(struct minimalt *mt)
{
    sd_wipe(&mt->ephemeral[1], sizeof mt->ephemeral[1]);
    mt->ephemeral[1] = mt->ephemeral[0];
    mt->ephemeral[0].live = true;
    mt->ephemeral[0].born = mt->now;
    sd_x25519_keygen(mt->env, mt->ephemeral[0].private_key, mt->ephemeral[0].public_key);
    mt->ephemeral_at = mt->now + MT_EPHEMERAL_EVERY;
}

static void publish(struct minimalt *mt)
{
    const struct sd_peer *to = mt->directory;
    if (!to || !mt->own || memcmp(to->public_key, mt->long_public, MT_KEY_LEN) == 0)
        return;
    struct mt_tunnel *t = mt_tunnel_to(mt, MT_FOR_PUBLISHING, to->public_key);
    const struct sd_path path = {.local = mt->address, .remote = to->endpoint};
    if (!t)
        t = mt_tunnel_open(mt, MT_FOR_PUBLISHING, &path, to->public_key, to->public_key);
    if (!t)
        return;
    mt_control_say(mt, t, MT_CALL_GIVE_CERT, mt->own->bytes, mt->own->len);
    mt_tunnel_pump(mt, t);
}

static void renew(struct minimalt *mt)
{
    make_ephemeral(mt);
    sd_free(mt->own);
    mt->own = mt_record_sign(mt);
    publish(mt);
}

void mt_directory_init(struct minimalt *mt)
{
    mt->ephemeral_at = SD_NEVER;
    if (mt->role & SD_ROLE_SERVER)
        renew(mt);
}

void mt_directory_expire(struct minimalt *mt)
{
    if (mt->ephemeral_at <= mt->now)
        renew(mt);
}

void mt_directory_fini(struct minimalt *mt)
{
    while (mt->records > 0)
        sd_free(mt->record[--mt->records]);
    sd_free(mt->own);
}
